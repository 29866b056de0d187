import ArgumentParser
import Debugging
import LogModel
import LogStorage
import WireProtocol

/// `livelog log extract`: a smaller or scrubbed log, to be given to somebody.
struct LogExtractCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract",
        abstract: "Make a new log of a part of this one, with chosen fields hidden.",
        discussion: """
            The changes keep their times and batches; offsets begin at 0, and who published them is left \
            out. With --mask todolist.Task.text the property text of the model todolist.Task is hidden: \
            strings and numbers become others that say nothing, the same for the same value, so that \
            groups stay groups; lists and objects become null. Further views of such a model are left \
            out.

            Exit code 1: something is damaged, or could not be written.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Argument(help: "The new log's directory: empty, or not there.")
    var target: String

    @OptionGroup var filter: FilterArguments
    @OptionGroup var range: RangeArguments

    @Option(help: ArgumentHelp("Hide this property of this model.", valueName: "model.property"))
    var mask: [String] = []

    @Option(help: "How to print what was made: text, or json, one object.")
    var format = OutputFormat.text

    private func fields() throws -> [Mask.Field] {
        try self.mask.map { text in
            guard let field = Mask.Field(text) else {
                throw ValidationError("--mask wants MODEL.PROPERTY, not \"\(text)\".")
            }
            return field
        }
    }

    func validate() throws {
        _ = try self.fields()
    }

    func run() throws {
        let mask = Mask(
            try self.fields(),
            secret: (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)))
        let filter = try self.filter.filter()
        try self.withLog(self.log) { access, output in
            let range = try access.range(from: self.range.from, until: self.range.until)
            let target = LogDirectory(self.target)
            try target.requireEmpty()
            let writer = try Recovery.open(
                target, options: LogOptions(upkeep: Upkeep(coldAge: nil))
            ).writer
            let extraction = Extraction(
                RecordSelection(filter, in: access.log), mask, to: writer)
            var progress = ProgressLine()
            defer { progress.clear() }
            try extraction.run(access.log, range, damage: access.damage) { count in
                progress.show { "\(count) records" }
            }
            progress.clear()
            try writer.close()
            switch self.format {
            case .text:
                try output.write(
                    line: "\(extraction.recordCount) records in \(extraction.batchCount) batches")
            case .json:
                var json = JSONLine()
                json.add("records", extraction.recordCount)
                json.add("batches", extraction.batchCount)
                try output.write(json.line)
            }
        }
    }
}
