import ArgumentParser
import Debugging
import LogModel
import LogStorage
import WireProtocol

/// `livelog log bisect`: when something became true.
struct LogBisectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bisect",
        abstract: "Say when something first became true of an instance, or of a group as a whole.",
        discussion: """
            The question is a condition: "total < 0" or state=sent of an instance (--key), and of all \
            instances of a model or a group (--where) one of count, sum(P), min(P), max(P), avg(P): \
            "count > 100", "sum(total) < 0".

            Every record that matters is read, so that it is the first time also if it was true and \
            false again and again. What it was in the middle of a batch does not count, because no \
            reader saw it.

            Exit code 0: it became true, or was at the beginning. 1: it never was, or the log is \
            damaged.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Argument(help: "What is asked, a condition.")
    var question: String

    @OptionGroup var filter: FilterArguments

    @Option(help: "The key of the instance that is asked about.")
    var key: String?

    @OptionGroup var range: RangeArguments

    @Option(help: "How to print: text, or json, one object.")
    var format = OutputFormat.text

    private func parsedQuestion() throws -> BisectQuestion {
        do {
            return try BisectQuestion(self.question)
        } catch {
            throw ValidationError(error.message)
        }
    }

    func validate() throws {
        guard self.filter.model != nil else { throw ValidationError("--model is missing.") }
        let question = try self.parsedQuestion()
        if self.key != nil {
            guard self.filter.conditions.isEmpty else {
                throw ValidationError("an instance is named by --key, and --where is for many.")
            }
        } else if question.aggregate == nil {
            throw ValidationError(
                "\"\(self.question)\" is about one instance: name it with --key. Of many it can be asked "
                    + "about count, sum(P), min(P), max(P) and avg(P).")
        }
    }

    func run() throws {
        let question = try self.parsedQuestion()
        guard let filter = try self.filter.filter() else { return }
        try self.withLog(self.log) { access, output in
            let range = try access.range(from: self.range.from, until: self.range.until)
            let turns: Turns
            if let key {
                let found = try question.turns(
                    of: Text(key), in: filter.model, access.log, from: range.lowerBound,
                    to: range.upperBound)
                guard let found else {
                    Diagnostics.say(
                        "the log has no record of \(filter.model) \(key) in its offsets "
                            + "\(range.lowerBound) to \(range.upperBound)")
                    throw ExitCode.failure
                }
                turns = found
            } else {
                if access.log.first > .zero {
                    Diagnostics.say(
                        "the log begins at offset \(access.log.first): instances without a later "
                            + "record are not counted")
                }
                var progress = ProgressLine()
                turns = try question.turns(
                    ofAll: filter, in: access.log, from: range.lowerBound, to: range.upperBound
                ) { offset in progress.show { "offset \(offset)" } }
                progress.clear()
            }
            switch self.format {
            case .text: for line in Self.lines(turns) { try output.write(line: line) }
            case .json: try output.write(Self.json(turns).line)
            }
            if turns.first == nil, !turns.heldAtStart { throw ExitCode.failure }
        }
    }

    private static func lines(_ turns: Turns) -> [String] {
        var lines: [String] = []
        if turns.heldAtStart { lines.append("true at the beginning already") }
        if let first = turns.first {
            let (before, after) = (
                first.before.map(RecordText.short), first.after.map(RecordText.short)
            )
            lines.append("became true with " + RecordText().heading(first.record))
            lines.append("    \(before ?? "nothing") -> \(after ?? "nothing")")
        }
        if turns.count == 0, !turns.heldAtStart { lines.append("never true") }
        if turns.count > 1 || turns.heldAtStart && turns.count > 0 {
            lines.append(
                "it turned \(turns.count) times, and at the end is \(turns.holdsAtEnd ? "true" : "false")"
            )
        }
        return lines
    }

    private static func json(_ turns: Turns) -> JSONLine {
        var json = JSONLine()
        json.add("heldAtStart", turns.heldAtStart)
        json.add("holdsAtEnd", turns.holdsAtEnd)
        json.add("turns", turns.count)
        if let first = turns.first {
            var object = JSONLine()
            object.add(first.record)
            object.add("model", first.record.model.string)
            object.add("key", first.record.key)
            if let before = first.before { object.add("before", json: before) }
            if let after = first.after { object.add("after", json: after) }
            json.add("first", json: object.text.utf8)
        }
        return json
    }
}
