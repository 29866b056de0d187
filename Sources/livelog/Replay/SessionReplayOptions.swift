import ArgumentParser
import Debugging
import FoundationEssentials
import LogModel
import LogStorage
import Replication
import WireProtocol

/// How `livelog replay --sessions` runs recorded sessions.
struct SessionReplayOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "With --sessions: the journal, a file or a directory with its files. (default: the log's "
                + "directory)", valueName: "path"))
    var journal: String?

    @Option(
        help: ArgumentHelp(
            "With --sessions: write digests of all frames to this file, for --compare.",
            valueName: "file"))
    var framesOut: String?

    @Option(
        help: ArgumentHelp(
            "With --sessions: compare with the digests that an earlier run wrote to this file.",
            valueName: "file"))
    var compare: String?

    @Option(
        help: ArgumentHelp(
            "With --sessions: let this configuration's rules say what the matcher's side sees.",
            valueName: "file"))
    var config: String?

    /// Whether one of these was given.
    var isGiven: Bool {
        self.journal != nil || self.framesOut != nil || self.compare != nil || self.config != nil
    }

    /// Runs the sessions against the log in `directory`, from one place to another, and prints what comes of it.
    func run(
        _ directory: LogDirectory, from: LogPlace?, until: LogPlace?, as format: OutputFormat
    ) throws {
        let earlier = try self.earlier()
        let policy = try self.config.map { try ReaderOptions.policy($0) }
        let log = try self.orFail { () throws(StorageError) in
            try LogInspector(directory).openLog()
        }
        var findings: [JournalFinding] = []
        let recorded = try self.recorded(directory, of: log, &findings)
        if let earlier, earlier.log != log.identity.text {
            throw Self.failure(
                "\(self.compare ?? "") is of log \(earlier.log), and this is another one")
        }
        let range = try self.orFail { () throws(StorageError) in
            try Self.range(from, until, in: log, earlier: earlier)
        }
        let replay = recorded.replay(in: log, policy: policy, range: range)
        var progress = ProgressLine()
        let start = ContinuousClock.now
        let report = try self.orFail { () throws(StorageError) in
            try replay.run { offset in progress.show { "offset \(offset)" } }
        }
        progress.clear()
        let frames = FrameFile(log: log.identity.text, range: range, digests: report.digests)
        if let framesOut { try Self.write(frames.bytes, to: framesOut) }
        let result = SessionReplayResult(
            recorded: recorded, findings: findings, report: report,
            changed: earlier.map { frames.differences(from: $0) },
            seconds: (ContinuousClock.now - start) / .seconds(1))
        try Self.print(result, as: format)
        if result.isDifferent || !findings.isEmpty { throw ExitCode.failure }
    }

    private static func print(
        _ result: SessionReplayResult, as format: OutputFormat
    ) throws {
        var output = ResultOutput()
        do {
            switch format {
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
        let path = self.journal ?? directory.path
        let files = RecordedSessions.files(at: path)
        guard !files.isEmpty else {
            throw Self.failure(
                "\(path) has no journal of sessions: livelog serve --record-sessions writes one")
        }
        var recorded = RecordedSessions()
        for file in files {
            try self.orFail { () throws(StorageError) in
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

    private static func range(
        _ start: LogPlace?, _ end: LogPlace?, in log: ChangeLog, earlier: FrameFile?
    ) throws(StorageError) -> Range<Offset> {
        let visible = log.watermarks.visible
        var from = log.first
        if let place = start {
            from = max(from, try place.offset(in: log))
        } else if let earlier {
            from = max(from, earlier.range.lowerBound)
        }
        var until = visible
        if let place = end {
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
}
