import Access
import ArgumentParser
import Debugging
import FoundationEssentials
import LogModel
import LogStorage
import Replication
import Settings
import WireProtocol

/// `livelog replay-sessions`: runs recorded sessions against a log.
struct ReplaySessionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay-sessions",
        abstract: "Run recorded sessions against a log, and compare what they are sent.",
        discussion: """
            Each subscription of a journal (livelog serve --record-sessions) is run again by the matcher \
            and the renderer of this program, and by a brute-force matcher that shares nothing with them; \
            --compare compares the frames with those of an earlier run besides. With --config the rules of \
            that file say what is seen by the first of the two, and those of the journal by the second.

            Exit code 0: no difference. 1: there is one, or the log or the journal cannot be read.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @OptionGroup var sessions: SessionReplayOptions

    func run() throws { try self.sessions.run(self.log.directory) }
}

/// How recorded sessions are run, as options.
struct SessionReplayOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The journal: a file, or a directory with its files. Default: the log's directory.",
            valueName: "path"))
    var sessions: String?

    @Option(help: "Begin with the batch at this offset or RFC 3339 time. Default: with the first.")
    var from: LogPlace?

    @Option(
        help: """
            End before the batch at this offset or RFC 3339 time. Default: where the run to compare with \
            ended, or with the log.
            """)
    var until: LogPlace?

    @Option(
        help: ArgumentHelp(
            "Write digests of all frames to this file, for --compare.", valueName: "file"))
    var framesOut: String?

    @Option(
        help: ArgumentHelp(
            "Compare with the digests that an earlier run wrote to this file.", valueName: "file"))
    var compare: String?

    @Option(
        help: ArgumentHelp(
            "Let this configuration's rules say what the matcher's side sees.", valueName: "file"))
    var config: String?

    @Option(help: "How to print: text, or json, one object a line.")
    var format = OutputFormat.text

    /// Runs the sessions against the log in `directory`, and prints what comes of it.
    func run(_ directory: LogDirectory) throws {
        let earlier = try self.earlier()
        let policy = try self.config.map { try Self.policy($0) }
        let log = try Self.orFail { () throws(StorageError) in
            try LogInspector(directory).openLog()
        }
        var findings: [JournalFinding] = []
        let recorded = try self.recorded(directory, of: log, &findings)
        if let earlier, earlier.log != log.identity.text {
            throw Self.failure(
                "\(self.compare ?? "") is of log \(earlier.log), and this is another one")
        }
        let range = try Self.orFail { () throws(StorageError) in
            try self.range(in: log, earlier: earlier)
        }
        let replay = recorded.replay(in: log, policy: policy, range: range)
        var progress = ProgressLine()
        let start = ContinuousClock.now
        let report = try Self.orFail { () throws(StorageError) in
            try replay.run { offset in progress.show { "offset \(offset)" } }
        }
        progress.clear()
        let frames = FrameFile(log: log.identity.text, range: range, digests: report.digests)
        if let framesOut { try Self.write(frames.bytes, to: framesOut) }
        let result = SessionReplayResult(
            recorded: recorded, findings: findings, report: report,
            changed: earlier.map { frames.differences(from: $0) },
            seconds: (ContinuousClock.now - start) / .seconds(1))
        try self.print(result)
        if result.isDifferent || !findings.isEmpty { throw ExitCode.failure }
    }

    private func print(_ result: SessionReplayResult) throws {
        var output = ResultOutput()
        do {
            switch self.format {
            case .text: for line in result.lines { try output.write(line: line) }
            case .json: for object in result.objects { try output.write(object.line) }
            }
            try output.flush()
        } catch is ResultOutput.Closed {
        } catch {
            throw Self.failure("\(error)")
        }
    }

    // MARK: - What is run

    private func recorded(
        _ directory: LogDirectory, of log: ChangeLog, _ findings: inout [JournalFinding]
    ) throws -> RecordedSessions {
        let path = self.sessions ?? directory.path
        let files = RecordedSessions.files(at: path)
        guard !files.isEmpty else {
            throw Self.failure(
                "\(path) has no journal of sessions: livelog serve --record-sessions writes one")
        }
        var recorded = RecordedSessions()
        for file in files {
            try Self.orFail { () throws(StorageError) in
                try recorded.add(file: file) { findings.append($0) }
            }
        }
        recorded.finish()
        if let other = recorded.log, other != log.identity.text {
            throw Self.failure(
                "the journal is of log \(other), and this is log \(log.identity.text)")
        }
        return recorded
    }

    private func range(
        in log: ChangeLog, earlier: FrameFile?
    ) throws(StorageError) -> Range<Offset> {
        let visible = log.watermarks.visible
        var from = log.first
        if let place = self.from {
            from = max(from, try place.offset(in: log))
        } else if let earlier {
            from = max(from, earlier.range.lowerBound)
        }
        var until = visible
        if let place = self.until {
            until = try place.offset(in: log)
        } else if let earlier {
            until = min(visible, earlier.range.upperBound)
        }
        from = try Self.batchStart(at: from, in: log)
        until = try Self.batchStart(at: until, in: log)
        return from..<max(from, until)
    }

    /// The start of the batch that `offset` is in.
    private static func batchStart(
        at offset: Offset, in log: ChangeLog
    ) throws(StorageError) -> Offset {
        guard let extent = try log.extent(at: offset) else { return offset }
        return try extent.batch(of: offset).lowerBound
    }

    // MARK: - Files

    private func earlier() throws -> FrameFile? {
        guard let compare else { return nil }
        guard let data = FileManager.default.contents(atPath: compare) else {
            throw Self.failure("\(compare) cannot be read")
        }
        do throws(JournalError) {
            return try FrameFile(reading: Array(data))
        } catch {
            throw Self.failure("\(compare): \(error.message)")
        }
    }

    private static func policy(_ path: String) throws -> AccessPolicy {
        do {
            return try SettingsFile(path: path).load().settings.policy
        } catch {
            throw Self.failure(error.text(file: path))
        }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw Self.failure("\(path) cannot be written: \(error)")
        }
    }

    private static func failure(_ text: String) -> ExitCode {
        Diagnostics.say(text)
        return ExitCode.failure
    }

    private static func orFail<Result>(_ body: () throws(StorageError) -> Result) throws -> Result {
        do throws(StorageError) {
            return try body()
        } catch {
            throw Self.failure("\(error)")
        }
    }
}
