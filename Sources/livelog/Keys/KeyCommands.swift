import Access
import ArgumentParser
import Glibc
import Identity
import LogModel

/// `livelog keys make`.
struct MakeKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make",
        abstract: "Make an API key, print it once, and keep its digest.")

    @OptionGroup var file: KeyFileOption

    @Option(help: "What it is for, for people.")
    var label: String

    @Option(
        name: .customLong("action"),
        help: "What it may do: read, publish or operate. Repeat for several.")
    var actions: [KeyGrant.Action]

    @Option(
        name: .customLong("model"),
        help: "A model that it is for. Repeat for several. Default: all.")
    var models: [String] = []

    func validate() throws {
        guard !self.actions.isEmpty else {
            throw ValidationError("say what it may do: --action publish, for instance.")
        }
    }

    func run() async throws {
        let grant = KeyGrant(
            actions: Set(self.actions),
            models: self.models.isEmpty ? nil : Set(self.models.map { Text($0) }))
        let (key, text) = APIKey.make(label: self.label, grant: grant, at: Int64(time(nil)))
        try KeyFile(path: self.file.file).change { $0.add(key) }
        StandardStream.error.write(
            "key \(key.id) is in \(self.file.file); here it is, this once, for Authorization: Bearer KEY\n"
        )
        StandardStream.output.write(text + "\n")
    }
}

extension KeyGrant.Action: ExpressibleByArgument {}

/// `livelog keys list`.
struct ListKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the API keys of a file.")

    @OptionGroup var file: KeyFileOption

    @Option(help: "How to print: text, or a JSON object a line.")
    var format = OutputFormat.text

    func run() async throws {
        for key in try KeyFile(path: self.file.file).load().keys {
            switch self.format {
            case .text: StandardStream.output.write(Self.text(key) + "\n")
            case .json:
                var json = JSONLine()
                json.add("id", key.id)
                json.add("label", key.label)
                json.add(
                    "actions", key.grant.actions.map(\.rawValue).sorted().joined(separator: " "))
                json.add("models", key.grant.models.map { Self.names($0) })
                json.add("created", key.created)
                json.add("revoked", key.revoked)
                StandardStream.output.write(json.text + "\n")
            }
        }
    }

    private static func text(_ key: APIKey) -> String {
        let actions = key.grant.actions.map(\.rawValue).sorted().joined(separator: ", ")
        let models = key.grant.models.map { self.names($0) } ?? "all models"
        return
            "\(key.id)  \(key.revoked == nil ? "good   " : "revoked")  \(actions): \(models)  \(key.label)"
    }

    private static func names(_ models: Set<Text>) -> String {
        models.map(\.string).sorted().joined(separator: " ")
    }
}

/// `livelog keys revoke`.
struct RevokeKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke an API key: servers that know the file refuse it within seconds.")

    @OptionGroup var file: KeyFileOption

    @Argument(help: "The key's id, which `livelog keys list` shows.")
    var id: String

    func run() async throws {
        let isRevoked = try KeyFile(path: self.file.file).change {
            $0.revoke(self.id, at: Int64(time(nil)))
        }
        guard isRevoked else {
            StandardStream.error.write(
                "there is no key \(self.id) in \(self.file.file) that is good\n")
            throw ExitCode(1)
        }
        StandardStream.error.write("key \(self.id) is revoked\n")
    }
}

/// `livelog keys token`.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make a token (JWT, HS256) for development, as an application would.")

    @Option(help: "The file with the secret, as in the configuration.")
    var secretFile: String

    @Option(help: "The iss of the configuration.")
    var issuer: String

    @Option(help: "The aud of the configuration.")
    var audience: String

    @Option(help: "Who it is for.")
    var subject: String

    @Option(
        name: .customLong("claim"), help: "NAME=JSON, for instance lists=[1,2]. Repeat for several."
    )
    var claims: [String] = []

    @Option(name: .customLong("scope"), help: "A scope. Repeat for several.")
    var scopes: [String] = []

    @Flag(help: "For somebody of the staff.")
    var staff = false

    @Option(help: "Seconds that it is good for.")
    var seconds: Int64 = 3600

    @Option(help: "The id of the key in the configuration, if it has one.")
    var keyId: String?

    func run() async throws {
        let secret: String
        switch SettingsFile.read(self.secretFile) {
        case .success(let text): secret = text.hasSuffix("\n") ? String(text.dropLast()) : text
        case .failure(let error): throw ValidationError("\(error).")
        }
        var token = DevelopmentToken(
            issuer: self.issuer, audience: self.audience, subject: self.subject,
            issued: Int64(time(nil)), seconds: self.seconds)
        token.isStaff = self.staff
        token.scopes = self.scopes
        token.keyID = self.keyId
        for claim in self.claims {
            guard let equals = claim.firstIndex(of: "="),
                token.add(
                    String(claim[..<equals]), json: String(claim[claim.index(after: equals)...]))
            else {
                throw ValidationError("--claim is NAME=JSON, for instance team=3 or 'name=\"a\"'.")
            }
        }
        StandardStream.output.write(token.signed(with: secret) + "\n")
    }
}
