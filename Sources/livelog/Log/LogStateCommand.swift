import ArgumentParser
import Debugging
import LogFormat
import LogModel
import LogStorage
import WireProtocol

/// `livelog log state`: what an instance, or a group of them, was at some moment.
struct LogStateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract:
            "Say what an instance was at some moment, or all instances of a model or a group.",
        discussion: """
            Without a key all instances of the model are printed for which every --where holds, in the \
            order of their last records.

            Exit code 0: all was printed, or nobody reads any more. 1: the instance did not exist, \
            too much was removed from the log to know, or it is damaged.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Argument(help: "The model's label, for instance todolist.Task.")
    var model: String

    @Argument(help: "The instance's key; without it, all of them.")
    var key: String?

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Only instances for which this holds, and every other --where.", valueName: "condition")
    )
    var conditions: [String] = []

    @Option(
        help: ArgumentHelp(
            "Before this offset or time (2026-11-23T10:00:00Z); now by default.",
            valueName: "place"))
    var at: LogPlace?

    @Option(help: "How to print: text, or json, one object an instance.")
    var format = OutputFormat.text

    func validate() throws {
        if self.key != nil, !self.conditions.isEmpty {
            throw ValidationError("an instance is named by its key, and --where is for many.")
        }
        _ = try FilterArguments.filter(self.model, self.conditions)
    }

    func run() throws {
        let filter = try FilterArguments.filter(self.model, self.conditions)
        try self.withLog(self.log) { access, output in
            let end = try self.at?.offset(in: access.log) ?? access.log.watermarks.visible
            if let key {
                try self.printInstance(key, access, end, &output)
            } else {
                try self.printSet(of: filter, access, end, &output)
            }
        }
    }

    private func printInstance(
        _ key: String, _ access: LogAccess, _ end: Offset, _ output: inout ResultOutput
    ) throws {
        let log = access.log
        guard
            let offset = try log.latestRecord(model: Text(self.model), key: Text(key), before: end)
        else {
            Diagnostics.say("the log has no record of \(self.model) \(key) before offset \(end)")
            throw ExitCode.failure
        }
        guard let record = try RecordFacts(at: offset, in: log) else {
            Diagnostics.say("the record at offset \(offset), which would say it, is not kept")
            throw ExitCode.failure
        }
        guard record.action != .deleted else {
            Diagnostics.say(
                "\(self.model) \(key) was deleted at offset \(offset), "
                    + RFC3339.text(ofRecord: record.time))
            throw ExitCode.failure
        }
        guard self.format == .text else { return try output.write(Self.json(record).line) }
        try output.write(line: RecordText().heading(record))
        let properties = record.properties
        for name in properties.names {
            try output.write(line: "    \(name): \(RecordText.short(properties[name] ?? []))")
        }
    }

    private func printSet(
        of filter: Filter, _ access: LogAccess, _ end: Offset, _ output: inout ResultOutput
    ) throws {
        var progress = ProgressLine()
        var state = SetState(of: filter, in: access.log, before: end)
        if state.isPartial {
            Diagnostics.say(
                "the log begins at offset \(access.log.first): instances without a later record are missing"
            )
        }
        var lines: [UInt8] = []
        var failure: (any Error)?
        let format = self.format
        try state.forEachInstance(progress: { count in progress.show { "\(count) instances" } }) {
            record throws(StorageError) in
            guard failure == nil else { return }
            let facts = RecordFacts(record)
            switch format {
            case .json: lines += Self.json(facts).line
            case .text:
                lines += RecordText().heading(facts).utf8
                lines += "  \(RecordText.short(facts.instance))\n".utf8
            }
            do {
                if lines.count > 1 << 16 {
                    progress.clear()
                    try output.write(lines)
                    lines = []
                }
            } catch {
                failure = error
            }
        }
        progress.clear()
        if let failure { throw failure }
        try output.write(lines)
    }

    private static func json(_ record: RecordFacts) -> JSONLine {
        var json = JSONLine()
        json.add("key", record.key)
        json.add("offset", record.offset)
        json.add("time", RFC3339.text(ofRecord: record.time))
        json.add("instance", json: record.instance)
        return json
    }
}
