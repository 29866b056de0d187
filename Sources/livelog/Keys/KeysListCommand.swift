import Access
import ArgumentParser
import Identity
import LogModel
import WireProtocol

/// `livelog keys list`: shows what is known of the API keys of a file.
struct KeysListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the API keys of a file: what they are for, no secrets."
    )

    @OptionGroup var keys: KeyFileOption

    @Option(help: "How to print the keys: text or json, one object a line.")
    var format = OutputFormat.text

    func run() throws {
        let keys = try self.orFailOnKeys { () throws(IdentityOptionsError) in
            try self.keys.file.keys()
        }
        for key in keys {
            switch self.format {
            case .text: print(self.text(of: key))
            case .json: print(self.json(of: key).text)
            }
        }
    }

    private func text(of key: APIKey) -> String {
        let models = key.grant.models.map { $0.map(\.string).sorted().joined(separator: ",") }
        let revoked = key.revoked.map { ", revoked \(self.time($0))" } ?? ""
        // A label could hold anything that a terminal obeys.
        let label = String(key.label.unicodeScalars.map { $0.value < 32 ? " " : Character($0) })
        return "\(key.id)  \(self.actions(of: key).joined(separator: ","))  "
            + "\(models ?? "all models")  made \(self.time(key.created))\(revoked)  \(label)"
    }

    private func json(of key: APIKey) -> JSONLine {
        var json = JSONLine()
        json.add("id", key.id)
        json.add("label", key.label)
        json.add("actions", json: self.list(self.actions(of: key)))
        if let models = key.grant.models {
            json.add("models", json: self.list(models.map(\.string).sorted()))
        }
        json.add("created", self.time(key.created))
        json.add("revoked", key.revoked.map(self.time))
        return json
    }

    private func actions(of key: APIKey) -> [String] { key.grant.actions.map(\.rawValue).sorted() }

    private func time(_ seconds: Int64) -> String {
        let (microseconds, isTooFar) = seconds.multipliedReportingOverflow(by: 1_000_000)
        return isTooFar ? "\(seconds)" : "\(timeText(microseconds).prefix(19))Z"
    }

    private func list(_ texts: [String]) -> [UInt8] {
        var json = [UInt8(ascii: "[")]
        for (index, text) in texts.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.append(string: text, to: &json)
        }
        json.append(UInt8(ascii: "]"))
        return json
    }
}
