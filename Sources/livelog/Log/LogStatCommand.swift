import ArgumentParser
import LogModel
import LogStorage
import WireProtocol

/// `livelog log stat`: what is in a log.
struct LogStatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat",
        abstract: "Say what is in a log: records, bytes, segments, models, groups.",
        discussion: """
            All records are read to count actions; --quick leaves that out and reads the indexes \
            only. Exit code 1: the log is damaged or cannot be read.
            """)

    /// How many segments are listed if not all are wanted.
    private static let segmentsShown = 20

    @OptionGroup var log: LogDirectoryArgument

    @Flag(help: "List all segments.")
    var segments = false

    @Flag(help: "Do not read the records: no counts by action.")
    var quick = false

    @Option(help: ArgumentHelp("How many of the largest groups are named.", valueName: "n"))
    var top = 10

    @Option(help: "How to print: text, or json, one object.")
    var format = OutputFormat.text

    func validate() throws {
        guard 0...10_000 ~= self.top else {
            throw ValidationError("--top is a number from 0 to 10000.")
        }
    }

    func run() throws {
        var progress = ProgressLine()
        let report = try self.orFail { () throws(StorageError) in
            try LogReport(self.log.directory, top: self.top, countsActions: !self.quick) { done in
                progress.show { "\(done) records" }
            }
        }
        progress.clear()
        let shown = self.segments ? Int.max : Self.segmentsShown
        var output = ResultOutput()
        do {
            switch self.format {
            case .text: for line in report.lines(segments: shown) { try output.write(line: line) }
            case .json: try output.write(report.json(segments: shown).line)
            }
            try output.flush()
        } catch is ResultOutput.Closed {
            return
        } catch {
            Diagnostics.say("\(error)")
            throw ExitCode.failure
        }
    }
}
