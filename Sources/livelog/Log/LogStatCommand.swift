import ArgumentParser
import LogModel
import LogStorage
import Synchronization
import WireProtocol

/// `livelog log stat`: what is in a log.
struct LogStatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat",
        abstract: "Say what is in a log: records, bytes, models, hours, groups, segments.",
        discussion: """
            All records are read, to count actions, hours and bytes; --quick leaves that out and reads \
            the indexes only. Exit code 1: the log is damaged or cannot be read.
            """)

    /// How many segments are listed if not all are wanted.
    private static let segmentsShown = 20

    @OptionGroup var log: LogDirectoryArgument

    @Flag(help: "List all segments.")
    var segments = false

    @Flag(help: "Do not read the records: no counts by action and hour.")
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
        let shown = self.segments ? Int.max : Self.segmentsShown
        try self.withLog(self.log) { access, output in
            let progress = Mutex(ProgressLine())
            let report = try LogReport(
                self.log.directory, access, top: self.top, readsRecords: !self.quick
            ) { done in
                progress.withLock { $0.show { "\(done) records" } }
            }
            progress.withLock { $0.clear() }
            switch self.format {
            case .text: for line in report.lines(segments: shown) { try output.write(line: line) }
            case .json: try output.write(report.json(segments: shown).line)
            }
        }
    }
}
