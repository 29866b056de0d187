import ArgumentParser
import Debugging
import LogModel
import LogStorage
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
            var activity = GroupActivity(
                model: self.model.map { Text($0) }, property: self.property.map { Text($0) })
            var progress = ProgressLine()
            for extent in access.log.extents
            where extent.end > range.lowerBound && extent.segment.base < range.upperBound {
                activity.add(
                    extent.prefix(upTo: range.upperBound), from: range.lowerBound,
                    damage: access.damage)
                progress.show { "\(activity.recordCount) records, \(activity.count) groups" }
            }
            progress.clear()
            if !activity.isComplete {
                Diagnostics.say(
                    "there are more groups than are counted at once: those with few records are missing, "
                        + "and others may have some more; ask for one --model and --property")
            }
            let entries = activity.entries(by: self.by, limit: self.all ? .max : self.top)
            switch self.format {
            case .text: for line in Self.lines(entries) { try output.write(line: line) }
            case .json: for entry in entries { try output.write(Self.json(entry).line) }
            }
            if self.format == .text, entries.count < activity.count {
                try output.write(line: "and \(activity.count - entries.count) more: --all")
            }
        }
    }

    private static func lines(_ entries: [GroupActivity.Entry]) -> [String] {
        var table = TextTable()
        table.add(["records", "bytes", "members", "last", "group"])
        for entry in entries {
            table.add([
                "\(entry.recordCount)", byteText(entry.byteCount),
                entry.memberBalance < 0 ? "\(entry.memberBalance)" : "+\(entry.memberBalance)",
                RFC3339.text(ofRecord: entry.lastTime),
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
        json.add("records", entry.recordCount)
        json.add("bytes", entry.byteCount)
        json.add("members", entry.memberBalance)
        json.add("last", entry.last)
        json.add("lastTime", RFC3339.text(ofRecord: entry.lastTime))
        return json
    }
}

/// What comes first.
extension GroupActivity.Order: ExpressibleByArgument {}
