import ArgumentParser
import Debugging
import LogModel
import LogStorage
import WireProtocol

/// `livelog log blame`: which record set each property of an instance.
struct LogBlameCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blame",
        abstract: "Say which record set each property of an instance to its value.",
        discussion: """
            Of an instance that was deleted it is said for the instance as it was before. Exit code 1: \
            the log has no record of it there, or is damaged.
            """)

    @OptionGroup var log: LogDirectoryArgument
    @OptionGroup var instance: InstanceArguments

    @Option(
        help: ArgumentHelp(
            "As it was before this offset or time (2026-11-23T10:00:00Z).", valueName: "place"))
    var at: LogPlace?

    @Option(help: "How to print: text, or json, one object.")
    var format = OutputFormat.text

    func run() throws {
        try self.withLog(self.log) { access, output in
            let end = try self.at?.offset(in: access.log)
            let found = try Blame(
                Text(self.instance.key), of: Text(self.instance.model), in: access.log, before: end)
            guard let blame = found else {
                try self.instance.failUnknown(
                    in: access.log.first..<(end ?? access.log.watermarks.visible))
            }
            switch self.format {
            case .text: for line in Self.lines(blame) { try output.write(line: line) }
            case .json: try output.write(Self.json(blame).line)
            }
        }
    }

    private static func lines(_ blame: Blame) -> [String] {
        let style = Style.output
        var lines: [String] = []
        if blame.last.action == .deleted { lines.append(RecordText().heading(blame.last)) }
        var table = TextTable()
        for line in blame.lines {
            let was = line.before.map { "was \(RecordText.short($0))" } ?? ""
            table.add([
                "\(line.property)", RecordText.short(line.value), "\(line.record.offset)",
                RFC3339.text(ofRecord: line.record.time), "\(line.record.action.name)",
                line.isExact ? was : "or earlier",
            ])
        }
        return lines + table.lines(styles: [style.strong, { $0 }, style.strong, style.faint])
    }

    private static func json(_ blame: Blame) -> JSONLine {
        var json = JSONLine()
        json.add("model", blame.last.model.string)
        json.add("key", blame.last.key)
        json.add("offset", blame.last.offset)
        json.add("deleted", blame.last.action == .deleted)
        json.add(
            "properties",
            blame.lines.map { line in
                var json = JSONLine()
                json.add("property", line.property.string)
                json.add("value", json: line.value)
                if let before = line.before { json.add("before", json: before) }
                json.add(line.record)
                json.add("exact", line.isExact)
                return json
            })
        return json
    }
}
