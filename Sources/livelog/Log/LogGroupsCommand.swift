import ArgumentParser
import Debugging
import LogModel
import LogStorage
import Synchronization
import WireProtocol

/// `livelog log groups`: which groups there are, and which are hot.
struct LogGroupsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups",
        abstract: "Say which groups a log, or a part of it, is about, and how much.",
        discussion: """
            All records of the part are read. Exit code 1: the log is damaged or cannot be read.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Option(help: "Only groups of the model with this label.")
    var model: String?

    @Option(help: "Only groups of this property.")
    var property: String?

    @OptionGroup var range: RangeArguments

    @Option(help: "What comes first: records, bytes, or name for their alphabet.")
    var by = GroupActivity.Order.records

    @Option(help: ArgumentHelp("How many are printed.", valueName: "n"))
    var top = 20

    @Flag(help: "Print all of them.")
    var all = false

    @Option(help: "How to print: text, or json, one object a group.")
    var format = OutputFormat.text

    func validate() throws {
        guard self.top >= 0 else { throw ValidationError("--top is not negative.") }
    }

    func run() throws {
        try self.withLog(self.log) { access, output in
            let range = try access.range(from: self.range.from, until: self.range.until)
            let activity = self.activity(access, range)
            if !activity.isComplete {
                Diagnostics.say(
                    "there are more groups than are counted at once: those with few records are missing, "
                        + "and others may have some more; ask for one --model and --property")
            }
            let entries = activity.entries(
                by: self.by, limit: self.all ? .max : self.top, in: access.log)
            switch self.format {
            case .text: for line in Self.lines(entries) { try output.write(line: line) }
            case .json: for entry in entries { try output.write(Self.json(entry).line) }
            }
            if self.format == .text, entries.count < activity.count {
                try output.write(line: "and \(activity.count - entries.count) more: --all")
            }
        }
    }

    /// Each processor counts a stretch of its own.
    private func activity(_ access: LogAccess, _ range: Range<Offset>) -> GroupActivity {
        let none = GroupActivity(
            model: self.model.map { Text($0) }, property: self.property.map { Text($0) })
        let extents = access.log.extents.filter {
            $0.end > range.lowerBound && $0.segment.base < range.upperBound
        }
        let progress = Mutex(ProgressLine())
        let recordCount = Atomic(0)
        let parts = Processors.map(Processors.count) { part in
            var activity = none
            let (first, end) = (
                extents.count * part / Processors.count,
                extents.count * (part + 1) / Processors.count
            )
            for extent in extents[first..<end] {
                let before = activity.recordCount
                activity.add(
                    extent.prefix(upTo: range.upperBound), from: range.lowerBound,
                    damage: access.damage)
                let done = recordCount.add(activity.recordCount - before, ordering: .relaxed)
                progress.withLock { $0.show { "\(done.newValue) records" } }
            }
            return activity
        }
        progress.withLock { $0.clear() }
        return parts.reduce(into: none) { $0.append($1) }
    }

    private static func lines(_ entries: [GroupActivity.Entry]) -> [String] {
        var table = TextTable()
        table.add(["records", "bytes", "members", "last", "group"])
        for entry in entries {
            table.add([
                "\(entry.count.recordCount)", byteText(entry.count.byteCount),
                entry.count.memberBalance < 0
                    ? "\(entry.count.memberBalance)" : "+\(entry.count.memberBalance)",
                RFC3339.text(ofRecord: entry.count.lastTime),
                "\(entry.group.model) \(RecordText.groups([entry.group]))",
            ])
        }
        return table.lines()
    }

    private static func json(_ entry: GroupActivity.Entry) -> JSONLine {
        var json = JSONLine()
        json.add("model", entry.group.model.string)
        json.add("property", entry.group.property.string)
        json.add("value", entry.group.value)
        json.add("records", entry.count.recordCount)
        json.add("bytes", entry.count.byteCount)
        json.add("members", entry.count.memberBalance)
        json.add("last", entry.count.last)
        json.add("lastTime", RFC3339.text(ofRecord: entry.count.lastTime))
        return json
    }
}

/// What comes first.
extension GroupActivity.Order: ExpressibleByArgument {}
