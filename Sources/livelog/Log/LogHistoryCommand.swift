import ArgumentParser
import Debugging
import LogModel
import LogStorage
import WireProtocol

/// `livelog log history`: what happened to one instance.
struct LogHistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Say what happened to an instance: each record by what it changed.",
        discussion: """
            Exit code 0: all was printed, or nobody reads any more. 1: the log has no record of it \
            there, or is damaged.
            """)

    @OptionGroup var log: LogDirectoryArgument
    @OptionGroup var instance: InstanceArguments
    @OptionGroup var range: RangeArguments

    @Option(help: "How to print: text, or json, one object a record.")
    var format = OutputFormat.text

    func run() throws {
        try self.withLog(self.log) { access, output in
            let range = try access.range(from: self.range.from, until: self.range.until)
            var history = try InstanceHistory(
                of: Text(self.instance.key), in: Text(self.instance.model), access.log,
                from: range.lowerBound, to: range.upperBound)
            guard history.count > 0 else { try self.instance.failUnknown(in: range) }
            while let step = try access.reading({ () throws(StorageError) in try history.next() }) {
                switch self.format {
                case .text: for line in Self.lines(step) { try output.write(line: line) }
                case .json: try output.write(Self.json(step).line)
                }
            }
        }
    }

    private static func lines(_ step: InstanceHistory.Step) -> [String] {
        let text = RecordText()
        var lines = [text.heading(step.record)]
        if !step.isExact {
            lines.append("    (records before this one are not kept: some of this may be older)")
        }
        lines += step.changes.map { "    " + text.line($0) }
        if step.changes.isEmpty, step.record.action != .deleted { lines.append("    no change") }
        // What follows from the properties is not said again.
        let changed = Set(step.changes.map(\.property))
        func say(_ what: String, _ groups: [GroupKey]) {
            let others = groups.filter { !changed.contains($0.property) }
            if !others.isEmpty { lines.append("    \(what) \(RecordText.groups(others))") }
        }
        say("into", step.record.entered)
        if step.record.action != .deleted { say("out of", step.record.left) }
        return lines
    }

    private static func json(_ step: InstanceHistory.Step) -> JSONLine {
        var json = JSONLine()
        json.add(step.record)
        if let producer = step.record.producer {
            json.add("producer", producer.id.low.hexadecimal + producer.id.high.hexadecimal)
            json.add("sequence", producer.sequence)
        }
        json.add("changes", step.changes)
        json.add("entered", step.record.entered)
        json.add("left", step.record.left)
        json.add("exact", step.isExact)
        json.add("instance", json: step.record.instance)
        return json
    }
}

/// The instance that a command is about.
struct InstanceArguments: ParsableArguments {
    @Argument(help: "The model's label, for instance todolist.Task.")
    var model: String

    @Argument(help: "The instance's key.")
    var key: String

    /// Says that the log has no record of it in `range`, and ends the command with exit code 1.
    func failUnknown(in range: Range<Offset>) throws -> Never {
        Diagnostics.say(
            "the log has no record of \(self.model) \(self.key) in its offsets \(range.lowerBound) to "
                + "\(range.upperBound)")
        throw ExitCode.failure
    }
}
