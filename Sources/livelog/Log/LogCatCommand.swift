import ArgumentParser
import Debugging
import LogFormat
import LogModel
import LogStorage
import WireProtocol

/// `livelog log cat`: prints records as changes that can be published again.
struct LogCatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print the changes of a log, one a line.",
        discussion: """
            In json, which is the default, the lines are what livelog publish takes, so that a part of \
            a log can become another log; with --metadata they also say offset, time and more, and are \
            for reading only. In text they are for people: offset, time, action, instance.

            Records that retention or compaction removed are not printed, and neither are damaged ones: \
            these are named on standard error, and what follows them is printed.

            Exit code 0: all was printed, or nobody reads any more. 1: the log is damaged or cannot be \
            read.
            """)

    @OptionGroup var log: LogDirectoryArgument
    @OptionGroup var filter: FilterArguments

    @Option(help: ArgumentHelp("Only changes of the instance with this key; needs --model."))
    var key: String?

    @Option(help: "Only changes that did this: created, updated or deleted.")
    var action: [ActionArgument] = []

    @OptionGroup var range: RangeArguments

    @Option(
        help: ArgumentHelp(
            "Only what is around this offset or time, as far as --context goes.",
            valueName: "place"))
    var around: LogPlace?

    @Option(help: ArgumentHelp("Changes to each side of --around.", valueName: "n"))
    var context = 10

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Stop after this many changes.", valueName: "n"))
    var count: Int?

    @Flag(name: .shortAndLong, help: "Go on with what is appended, until interrupted.")
    var follow = false

    @Flag(help: "Say offset, time, batch, producer and memberships as well (json).")
    var metadata = false

    @Option(help: "How to print: json, one object a line, or text.")
    var format = OutputFormat.json

    func validate() throws {
        if self.filter.model == nil, self.key != nil {
            throw ValidationError("--key needs --model.")
        }
        if self.around != nil, self.range.from != nil || self.range.until != nil || self.follow {
            throw ValidationError(
                "--around is a range of its own: without --from, --until, --follow.")
        }
        if self.follow, self.range.until != nil {
            throw ValidationError("--follow has no end, and --until is one.")
        }
        guard self.context >= 0 else { throw ValidationError("--context is not negative.") }
        guard self.count ?? 1 > 0 else { throw ValidationError("--count is at least 1.") }
    }

    func run() throws {
        let filter = try self.filter.filter()
        var left = self.count ?? .max
        try self.withLog(self.log, isPaged: !self.follow) { access, output in
            var access = access
            var range = try self.offsets(access, filter)
            while true {
                try self.print(access, filter, range, &left, &output)
                guard self.follow, left > 0 else { return }
                try output.flush()
                (access, range) = try self.wait(access, after: range.upperBound)
            }
        }
    }

    private func selection(_ access: LogAccess, _ filter: Filter?) -> RecordSelection {
        RecordSelection(
            filter, key: self.key.map { Text($0) }, actions: Set(self.action.map(\.action)),
            in: access.log)
    }

    private func print(
        _ access: LogAccess, _ filter: Filter?, _ range: Range<Offset>, _ left: inout Int,
        _ output: inout ResultOutput
    ) throws {
        let renderer = ChangeRenderer(hasMetadata: self.metadata)
        let text = RecordText()
        try self.selection(access, filter).forEachRecord(
            of: access.log, in: range, damage: access.damage
        ) { record in
            switch self.format {
            case .json:
                var line: [UInt8] = []
                renderer.append(record, to: &line)
                try output.write(line)
            case .text:
                let facts = RecordFacts(record)
                try output.write(
                    line: text.heading(facts) + "  " + RecordText.short(facts.instance))
            }
            left -= 1
            return left > 0
        }
    }

    /// What is to be printed of the log as it is now.
    private func offsets(_ access: LogAccess, _ filter: Filter?) throws -> Range<Offset> {
        guard let around else {
            return try access.range(from: self.range.from, until: self.range.until)
        }
        let log = access.log
        let place = try around.offset(in: log)
        // As many of the wanted ones to each side: those before are looked for in stretches that grow.
        var start = place
        var stretch = max(self.context, 1)
        while start > log.first, self.context > 0 {
            start = Offset(
                max(log.first.rawValue, place.rawValue - min(place.rawValue, UInt64(stretch))))
            var found: [Offset] = []
            try self.selection(access, filter).forEachRecord(
                of: log, in: start..<place, damage: access.damage
            ) { record in
                found.append(record.offset)
                return true
            }
            if found.count >= self.context {
                start = found[found.count - self.context]
                break
            }
            stretch *= 4
        }
        var end = place
        var behind = 0
        try self.selection(access, filter).forEachRecord(
            of: log, in: place..<log.watermarks.visible, damage: access.damage
        ) { record in
            behind += 1
            end = record.offset.next
            // The one at the place itself is in the middle.
            return behind <= self.context
        }
        return start..<max(end, start)
    }

    /// The log again when there is more in it than before `end`.
    private func wait(_ access: LogAccess, after end: Offset) throws -> (LogAccess, Range<Offset>) {
        let watch = DirectoryWatch(self.log.directory.path)
        while true {
            let next = try LogAccess.open(self.log.directory)
            if next.log.watermarks.visible > end {
                return (next, max(end, next.log.first)..<next.log.watermarks.visible)
            }
            watch.wait()
        }
    }
}

/// What a change did, as it is typed.
enum ActionArgument: String, ExpressibleByArgument, CaseIterable {
    case created, updated, deleted

    /// What it means.
    var action: Action {
        switch self {
        case .created: .created
        case .updated: .updated
        case .deleted: .deleted
        }
    }

    init?(argument: String) {
        self.init(rawValue: argument.lowercased())
    }
}
