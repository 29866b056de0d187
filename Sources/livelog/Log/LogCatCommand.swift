import ArgumentParser
import LogFormat
import LogModel
import LogStorage
import WireProtocol

/// `livelog log cat`: prints records as changes that can be published again.
struct LogCatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print the changes of a log, one JSON object a line.",
        discussion: """
            The lines are what livelog publish takes, so that a part of a log can become another \
            log; with --metadata they also say offset, time and more, and are for reading only.

            Records that retention or compaction removed are not printed. Exit code 0: all was \
            printed, or nobody reads any more. 1: the log is damaged or cannot be read.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Option(help: ArgumentHelp("Begin with this offset.", valueName: "offset"))
    var from: UInt64?

    @Option(help: ArgumentHelp("End before this offset.", valueName: "offset"))
    var until: UInt64?

    @Option(help: "Only changes of the model with this label.")
    var model: String?

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Only changes of instances whose property P is V, or just was; needs --model.",
            valueName: "P=V"))
    var conditions: [String] = []

    @Option(help: ArgumentHelp("Only changes of the instance with this key; needs --model."))
    var key: String?

    @Flag(help: "Say offset, time, batch, producer and memberships as well.")
    var metadata = false

    func validate() throws {
        if self.model == nil, self.key != nil || !self.conditions.isEmpty {
            throw ValidationError("--where and --key need --model.")
        }
        for condition in self.conditions { _ = try Self.condition(condition) }
        if let model, model.isEmpty { throw ValidationError("--model is empty.") }
    }

    func run() throws {
        let directory = self.log.directory
        let log = try self.orFail { () throws(StorageError) in
            try LogInspector(directory).openLog()
        }
        var output = ResultOutput()
        do {
            let start = max(Offset(self.from ?? 0), log.first)
            let end = min(self.until.map { Offset($0) } ?? Offset(.max), log.watermarks.visible)
            if let model {
                try self.printSelected(Text(model), log, start, end, &output)
            } else {
                try self.printAll(log, start, end, &output)
            }
            try output.flush()
        } catch is ResultOutput.Closed {
            return
        } catch {
            // What was found before the damage is still wanted.
            try? output.flush()
            Diagnostics.say("\(error)")
            throw ExitCode.failure
        }
    }

    private func printAll(
        _ log: ChangeLog, _ start: Offset, _ end: Offset, _ output: inout ResultOutput
    ) throws {
        let renderer = ChangeRenderer(hasMetadata: self.metadata)
        var at = start
        while at < end, let extent = try log.extent(at: at) {
            // In pieces, so that a closed pipe ends the work and not only the output.
            let stop = min(extent.end, end, at.advanced(by: Self.pieceCount))
            let piece = extent.prefix(upTo: stop)
            var lines: [UInt8] = []
            try piece.forEachRecord(from: at) { record throws(StorageError) in
                renderer.append(record, to: &lines)
            }
            try output.write(lines)
            at = stop
        }
    }

    private static let pieceCount = 256

    /// Prints what the index finds: the model's records, the groups' or the instance's.
    private func printSelected(
        _ model: Text, _ log: ChangeLog, _ start: Offset, _ end: Offset,
        _ output: inout ResultOutput
    ) throws {
        let renderer = ChangeRenderer(hasMetadata: self.metadata)
        let groups = try self.conditions.map { text in
            let (property, value) = try Self.condition(text)
            return GroupKey(model: model, property: property, value: value)
        }
        let wanted = groups.isEmpty ? [GroupKey(model: model)] : groups
        let key = self.key.map { Text($0) }
        var reader: GroupReader
        if let key {
            let hash = log.hasher.keyHash(
                model: model.bytes.span.bytes, key: key.bytes.span.bytes)
            reader = GroupReader(log, .any([hash]), of: .key, from: start, to: end)
        } else {
            reader = GroupReader(
                log, .all(wanted.map { log.hasher.groupHash($0) }), from: start, to: end)
        }
        while let offset = try reader.next() {
            var lines: [UInt8] = []
            _ = try log.withRecord(at: offset) { record throws(StorageError) in
                // A hash only stands for what it is of.
                guard Self.isIn(record, wanted), key.map({ Self.hasKey(record, $0) }) ?? true
                else { return }
                renderer.append(record, to: &lines)
            }
            try output.write(lines)
        }
    }

    private static func isIn(_ record: borrowing RecordView, _ groups: [GroupKey]) -> Bool {
        for group in groups {
            var isIn = false
            for index in 0..<record.groupCount where !isIn {
                isIn = record.isGroup(record.group(index), group)
            }
            if !isIn { return false }
        }
        return true
    }

    private static func hasKey(_ record: borrowing RecordView, _ key: Text) -> Bool {
        record.key.isEqual(to: key.bytes.span.bytes)
    }

    /// Reads `P=V`: V is a JSON scalar, or else a string as it stands.
    private static func condition(_ text: String) throws -> (property: Text, value: Scalar) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
            throw ValidationError("--where wants PROPERTY=VALUE, not \"\(text)\".")
        }
        let typed = String(text[equals...].dropFirst())
        let document = try? JSONDocument(parsing: Array(typed.utf8))
        let value = document.flatMap { $0.scalar($0.root) } ?? .string(typed)
        return (Text(String(text[..<equals])), value)
    }
}
