import ArgumentParser
import Debugging
import LogModel
import LogStorage
import WireProtocol

/// `livelog log fork`: another log that is the same up to some place.
struct LogForkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fork",
        abstract: "Make another log that is the same up to some place, and copy next to nothing.",
        discussion: """
            Segments that are sealed become the same files in both (hard links), so the new directory has \
            to be on the same file system; neither log changes them. The one in which the place lies is \
            copied up to it. A server can go on with the fork, as with a copy, while another one goes \
            on with the log. Resume tokens from before the place are good in both.

            Exit code 1: the log is damaged, or the fork could not be made.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Argument(help: "The new log's directory: empty, or not there.")
    var target: String

    @Option(
        help: ArgumentHelp(
            "Before this offset or time (2026-11-23T10:00:00Z), at the beginning of its batch; at the log's "
                + "end by default.", valueName: "place"))
    var at: LogPlace?

    @Option(help: "How to print what was made: text, or json, one object.")
    var format = OutputFormat.text

    func run() throws {
        let fork = LogFork(of: self.log.directory, into: LogDirectory(self.target))
        let result = try self.orFail { () throws(StorageError) in
            let log = try LogInspector(self.log.directory).openLog()
            return try fork.run(at: try self.at?.offset(in: log) ?? log.watermarks.visible)
        }
        switch self.format {
        case .text:
            print(
                "the same up to offset \(result.end): \(result.linkedCount) segments linked, "
                    + "\(byteText(result.copiedByteCount)) copied")
        case .json:
            var json = JSONLine()
            json.add("end", result.end)
            json.add("linked", result.linkedCount)
            json.add("copiedBytes", result.copiedByteCount)
            print(json.text)
        }
    }
}
