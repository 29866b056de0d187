import ArgumentParser
import Debugging
import Glibc
import LogModel
import LogStorage
import WireProtocol

/// `livelog log compact`: compresses a log, and keeps the latest record of each instance.
struct LogCompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Compress old segments, and of each instance keep the latest record only.",
        discussion: """
            What a server does with --compact-after, done now to a log that no server works on. Segments \
            that are not full stay as they are. The files that are replaced stay in the folder aside in \
            the log's directory, to be removed when nobody wants them back; with --discard they go at \
            once.

            Exit code 1: the log is damaged, or a server works on it.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Option(
        help: ArgumentHelp(
            "Only segments whose last record is older than so many seconds.", valueName: "seconds"))
    var olderThan = 0

    @Option(
        help: ArgumentHelp(
            "Keep the last record of a deleted instance for so many seconds, for readers that come back.",
            valueName: "seconds"))
    var tombstones = 86_400

    @Flag(help: "Only say about how many records would go.")
    var dryRun = false

    @Flag(help: "Do not keep the files that are replaced.")
    var discard = false

    @Option(help: "How to print what was done: text, or json, one object a line.")
    var format = OutputFormat.text

    func validate() throws {
        guard 0...1_000_000_000 ~= self.olderThan, 0...1_000_000_000 ~= self.tombstones else {
            throw ValidationError("--older-than and --tombstones are from 0 to 1000000000.")
        }
    }

    func run() throws {
        if self.dryRun { return try self.estimate() }
        let upkeep = Upkeep(
            coldAge: Int64(self.olderThan) * 1_000_000,
            compactAge: Int64(self.olderThan) * 1_000_000,
            tombstoneAge: Int64(self.tombstones) * 1_000_000)
        var compaction = OfflineCompaction(self.log.directory, keepsOriginals: !self.discard)
        try self.orFail { () throws(StorageError) in
            try compaction.run(
                options: LogOptions(upkeep: upkeep), now: Int64(time(nil)) * 1_000_000
            ) { step in
                switch self.format {
                case .text: print("\(step)")
                case .json:
                    var json = JSONLine()
                    json.add("step", "\(step)")
                    print(json.text)
                }
            }
        }
        MendingReport.say(compaction.aside, in: self.log, self.format)
    }

    private func estimate() throws {
        try self.withLog(self.log) { access, output in
            let bound = (Int64(time(nil)) - Int64(self.olderThan)) * 1_000_000
            let estimate = CompactionEstimate(
                of: access.log, olderThan: bound, damage: access.damage)
            switch self.format {
            case .text:
                try output.write(
                    line: "\(estimate.removable) of \(estimate.recordCount) records "
                        + "(\(byteText(estimate.removableByteCount)) before compression) are superseded"
                )
            case .json:
                var json = JSONLine()
                json.add("records", estimate.recordCount)
                json.add("superseded", estimate.removable)
                json.add("supersededBytes", estimate.removableByteCount)
                try output.write(json.line)
            }
        }
    }
}

/// Says where what mending took away is.
enum MendingReport {
    static func say(_ aside: AsideFolder, in log: LogDirectoryArgument, _ format: OutputFormat) {
        guard !aside.names.isEmpty else { return }
        switch format {
        case .text:
            print(
                "\(aside.names.count) files are in \(log.path)/aside; remove them when nobody wants them back"
            )
        case .json:
            for name in aside.names {
                var json = JSONLine()
                json.add("aside", name)
                print(json.text)
            }
        }
    }
}
