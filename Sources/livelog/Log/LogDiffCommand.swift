import ArgumentParser
import Debugging
import LogModel
import LogStorage
import WireProtocol

/// `livelog log diff`: what changed between two moments, or what differs between two logs.
struct LogDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Say what changed between two moments, or what differs between two logs.",
        discussion: """
            With one directory: what --from and --until differ in, instance by instance. An instance \
            that changed and changed back is not listed. With --where it is what became of that \
            set: what entered it, left it or changed in it.

            With two: the first offset at which they do not have the same change, and then each \
            instance that has a record since then and is not the same in both.

            Exit code 0: all was printed; of two logs, they are the same. 1: two logs differ, too much \
            was removed to know, or a log is damaged.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Argument(help: ArgumentHelp("Another log's directory.", valueName: "other"))
    var other: String?

    @OptionGroup var filter: FilterArguments
    @OptionGroup var range: RangeArguments

    @Option(help: "How to print: text, or json, one object an instance.")
    var format = OutputFormat.text

    func validate() throws {
        guard self.other != nil else {
            guard self.range.from != nil else {
                throw ValidationError("--from is missing: what is compared with what was before?")
            }
            return
        }
        guard self.range.from == nil, self.range.until == nil, self.filter.model == nil else {
            throw ValidationError("two logs are compared as a whole.")
        }
    }

    func run() throws {
        try self.withLog(self.log) { access, output in
            if let other {
                try self.compare(access, other, &output)
            } else {
                try self.printChanges(access, &output)
            }
        }
    }

    // MARK: - Two moments

    private func printChanges(_ access: LogAccess, _ output: inout ResultOutput) throws {
        let range = try access.range(from: self.range.from, until: self.range.until)
        var progress = ProgressLine()
        var counts: [SetChange: Int] = [:]
        var unchangedCount = 0
        let filters =
            if let filter = try self.filter.filter() {
                [filter]
            } else {
                try access.log.models(from: range.lowerBound, to: range.upperBound)
                    .map { Filter(model: $0) }
            }
        for filter in filters {
            var difference = NetDifference(
                of: filter, in: access.log, from: range.lowerBound, to: range.upperBound)
            try difference.forEachEntry(
                progress: { count in progress.show { "\(count) instances" } }
            ) { entry in
                progress.clear()
                counts[entry.change, default: 0] += 1
                switch self.format {
                case .text: for line in Self.lines(entry) { try output.write(line: line) }
                case .json: try output.write(Self.json(entry).line)
                }
            }
            unchangedCount += difference.unchangedCount
        }
        progress.clear()
        guard self.format == .text else { return }
        try output.write(
            line: "\(counts[.entered] ?? 0) new, \(counts[.updated] ?? 0) changed, "
                + "\((counts[.left] ?? 0) + (counts[.deleted] ?? 0)) gone; "
                + "\(unchangedCount) with records and without a difference")
    }

    private static func lines(_ entry: NetDifference.Entry) -> [String] {
        let style = Style.output
        let text = RecordText()
        let name = "\(entry.last.model) \(RecordText.json(entry.last.key))"
        let last = style.faint(
            "  last at offset \(entry.last.offset), \(RFC3339.text(ofRecord: entry.last.time))")
        switch entry.change {
        case .entered:
            return [style.added("+ \(name)") + last] + entry.changes.map { "    " + text.line($0) }
        case .updated:
            return [style.changed("~ \(name)") + last]
                + entry.changes.map { "    " + text.line($0) }
        case .left: return [style.removed("- \(name)") + last]
        case .deleted: return [style.removed("- \(name), deleted") + last]
        }
    }

    private static func json(_ entry: NetDifference.Entry) -> JSONLine {
        var json = JSONLine()
        json.add("model", entry.last.model.string)
        json.add("key", entry.last.key)
        json.add("change", "\(entry.change.name)")
        json.add(entry.last)
        if entry.change == .entered || entry.change == .updated {
            json.add("changes", entry.changes)
            json.add("instance", json: entry.last.instance)
        }
        return json
    }

    // MARK: - Two logs

    private func compare(
        _ access: LogAccess, _ path: String, _ output: inout ResultOutput
    ) throws {
        let other = try LogAccess.open(LogDirectory(path))
        var progress = ProgressLine()
        let found = try LogDifference(access.log, other.log) { offset in
            progress.show { "offset \(offset)" }
        }
        guard !found.isNone else {
            progress.clear()
            if self.format == .text {
                try output.write(
                    line: "the same changes, offsets \(access.log.first) to \(found.fork)")
            }
            if other.isDamaged { throw ExitCode.failure }
            return
        }
        if self.format == .text {
            try output.write(
                line: "the same up to offset \(found.fork); they end at \(found.ends.0) and "
                    + "\(found.ends.1)")
        } else {
            var json = JSONLine()
            json.add("fork", found.fork)
            json.add("ends", json: "[\(found.ends.0),\(found.ends.1)]".utf8)
            try output.write(json.line)
        }
        let difference = InstanceDifference(
            access.log, other.log, from: found.fork, damage: access.damage)
        var count = 0
        for place in difference.instances.indices {
            progress.show { "\(place) of \(difference.instances.count) instances" }
            guard let entry = try difference.entry(place) else { continue }
            progress.clear()
            count += 1
            switch self.format {
            case .text: for line in Self.lines(entry) { try output.write(line: line) }
            case .json: try output.write(Self.json(entry).line)
            }
        }
        progress.clear()
        if self.format == .text {
            try output.write(
                line:
                    "\(count) of \(difference.instances.count) instances with later records differ")
        }
        throw ExitCode.failure
    }

    private static func lines(_ entry: InstanceDifference.Entry) -> [String] {
        let style = Style.output
        let text = RecordText()
        let name = "\(entry.model) \(RecordText.json(entry.key))"
        switch (entry.one, entry.other) {
        case (let one?, nil):
            return [
                style.removed("- \(name)")
                    + style.faint("  only in the first, offset \(one.offset)")
            ]
        case (nil, let other?):
            return [
                style.added("+ \(name)")
                    + style.faint("  only in the second, offset \(other.offset)")
            ] + entry.changes.map { "    " + text.line($0) }
        case (let one, let other):
            let offsets = "\(one?.offset.description ?? "") and \(other?.offset.description ?? "")"
            return [style.changed("~ \(name)") + style.faint("  offsets \(offsets)")]
                + entry.changes.map { "    " + text.line($0) }
        }
    }

    private static func json(_ entry: InstanceDifference.Entry) -> JSONLine {
        var json = JSONLine()
        json.add("model", entry.model.string)
        json.add("key", entry.key)
        json.add("offset", entry.one?.offset)
        json.add("otherOffset", entry.other?.offset)
        json.add("changes", entry.changes)
        return json
    }
}
