import ArgumentParser
import LogModel
import LogStorage
import WireProtocol

/// `livelog log rebuild-index`: makes index files again.
struct LogRebuildIndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild-index",
        abstract: "Make index files again that are missing or damaged.",
        discussion: """
            A server does that by itself when it needs one. An index that is replaced stays in the folder \
            aside in the log's directory.

            Exit code 1: the log does not open, or a server works on it.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Flag(help: "Only say which would be made.")
    var dryRun = false

    @Flag(help: "Make all of them, also those that are right.")
    var all = false

    @Option(help: "How to print what was done: text, or json, one object an index.")
    var format = OutputFormat.text

    func run() throws {
        var mending = IndexMending(self.log.directory)
        let wanted = try self.orFail { () throws(StorageError) in
            try mending.wanted(all: self.all)
        }
        if wanted.isEmpty, self.format == .text { print("all indexes are right") }
        if self.dryRun {
            for base in wanted { self.say(base) }
            return
        }
        guard !wanted.isEmpty else { return }
        try self.orFail { () throws(StorageError) in
            try mending.rebuild(wanted, options: LogOptions(upkeep: Upkeep(coldAge: nil))) {
                self.say($0)
            }
        }
        MendingReport.say(mending.aside, in: self.log, self.format)
    }

    private func say(_ base: Offset) {
        switch self.format {
        case .text:
            print(
                "\(self.dryRun ? "would make" : "making") the index of the segment at offset \(base)"
            )
        case .json:
            var json = JSONLine()
            json.add("segment", base)
            print(json.text)
        }
    }
}
