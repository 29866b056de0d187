import ArgumentParser
import Debugging
import LivelogClient
import LogFormat
import LogModel
import LogStorage
import Sessions
import WireProtocol

/// `livelog replay`: sends the changes of a log to a running server, or runs recorded sessions against it.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract:
            "Send the changes of a log again to a running server, or run recorded sessions again.",
        discussion: """
            The log is only read; a server may be working on it. Whole batches are sent as whole \
            batches; with --model and --where what is left of each is one batch. A batch is in the \
            stretch from --from up to --until if its first record is, so that stretches that meet \
            send each batch once.

            Each batch is due as long after the first one as it was appended after it, divided by \
            --speed. The summary says how late batches were sent and acknowledged.

            It is safe to run the same command again: batches that the target has are not appended \
            twice. With --state-file a further run goes on where the last one stopped, however that \
            ended. The same are runs of one log with the same --from, --model, --where and --run.

            With --sessions nothing is sent. Each subscription of the sessions that a server recorded \
            (livelog serve --record-sessions) is run again by the matcher and the renderer of this \
            program, and by a brute-force matcher that shares nothing with them; --compare compares \
            the frames with those of an earlier run besides. With --config the rules of that file say \
            what is seen by the first of the two, and those of the journal by the second.

            Exit code 0: everything is at the target, but for what --skip-refused left out; of sessions, \
            no difference. 1: it is not, or there is one; standard error says why.
            """)

    @Argument(help: ArgumentHelp("The log's directory.", valueName: "dir"))
    var path: String

    @Option(
        help: ArgumentHelp(
            "The target's URL: http://HOST:PORT or https://HOST:PORT.", valueName: "url"))
    var to: String?

    @Flag(help: "Run recorded sessions against the log instead.")
    var sessions = false

    @OptionGroup var sessionOptions: SessionReplayOptions

    private var target: String { self.to ?? "" }

    @OptionGroup var connectionOptions: ConnectionOptions

    @Option(
        help: ArgumentHelp(
            "How fast: 1 as it was appended, 10 ten times as fast, 0.5 half as fast, or max.",
            valueName: "n|max"))
    var speed = ReplaySpeed.times(1)

    @Option(
        help: ArgumentHelp(
            "Begin with the first batch at this offset or time, or after it.",
            valueName: "offset|time"))
    var from: LogPlace?

    @Option(
        help: ArgumentHelp(
            "End before the first batch at this offset or time. (default: the log's end as it is now)",
            valueName: "offset|time"))
    var until: LogPlace?

    @Option(help: "Only changes of the model with this label.")
    var model: String?

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Only changes of instances for which this holds, or just did, and every other --where; "
                + "needs --model.", valueName: "condition"))
    var conditions: [String] = []

    @Option(help: ArgumentHelp("Keep the place in this file, and go on there.", valueName: "file"))
    var stateFile: String?

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp(
            "Send everything again as a replay of this name, even if it is at the target.",
            valueName: "name"))
    var runName: String?

    @Option(
        help: ArgumentHelp(
            "Batches that may be on their way at once, at most \(ProducerLimits().unansweredMax); with 1 "
                + "nothing is sent behind a batch that is refused.", valueName: "n"))
    var window = ProducerLimits().unansweredMax

    @Flag(help: "Leave out batches that the target refuses, and go on.")
    var skipRefused = false

    @Option(
        help: ArgumentHelp(
            "How long to try again when the target cannot be reached or is busy.",
            valueName: "seconds"))
    var retryFor = 60

    @Option(help: "How to print the summary: text, or json, one object.")
    var format = OutputFormat.text

    func validate() throws {
        guard self.sessions != (self.to != nil) else {
            throw ValidationError(
                "Name a server with --to, or run recorded sessions with --sessions; one of the two."
            )
        }
        if self.sessions {
            guard self.model == nil, self.conditions.isEmpty, self.stateFile == nil else {
                throw ValidationError("--model, --where and --state-file are for --to.")
            }
            return
        }
        guard !self.sessionOptions.isGiven else {
            throw ValidationError(
                "--journal, --frames-out, --compare and --config are for --sessions.")
        }
        _ = try self.client()
        _ = try self.filter()
        guard 1...ProducerLimits().unansweredMax ~= self.window else {
            throw ValidationError(
                "--window is a number from 1 to \(ProducerLimits().unansweredMax).")
        }
        guard 0...31_536_000 ~= self.retryFor else {
            throw ValidationError("--retry-for is a number of seconds from 0 to a year.")
        }
    }

    func run() async throws {
        if self.sessions {
            return try self.sessionOptions.run(
                LogDirectory(self.path), from: self.from, until: self.until, as: self.format)
        }
        let run: ReplayRun
        do {
            run = try self.prepare()
        } catch {
            Diagnostics.say("\(error)")
            throw ExitCode.failure
        }
        guard let (ending, summary) = try await untilSignal({ await run.run() }) else {
            throw ExitCode.failure
        }
        var output = ResultOutput()
        do {
            switch self.format {
            case .text: for line in summary.lines { try output.write(line: line) }
            case .json: try output.write(summary.json.line)
            }
            try output.flush()
        } catch is ResultOutput.Closed {
            // Nobody wants to know.
        }
        switch ending {
        case .complete: return
        case .refused:
            Diagnostics.say(
                "stopped because the target refused a batch; --skip-refused leaves such batches out"
            )
        case .interrupted:
            Diagnostics.say("stopped; \(self.advice)")
        case .failed(let error):
            Diagnostics.say("\(error)")
            if (error as? ClientError)?.isTemporary == true { Diagnostics.say(self.advice) }
        }
        throw ExitCode.failure
    }

    private var advice: String {
        self.stateFile == nil
            ? "the same command sends what is missing" : "the same command goes on there"
    }

    private func client() throws -> LivelogClient {
        try self.connectionOptions.makeClient(of: self.target)
    }

    private func filter() throws -> Filter? {
        guard let model else {
            guard self.conditions.isEmpty else { throw ValidationError("--where needs --model.") }
            return nil
        }
        guard !model.isEmpty else { throw ValidationError("--model is empty.") }
        do {
            return Filter(
                model: Text(model),
                conditions: try self.conditions.map { try FilterExpression($0).condition })
        } catch let error as RequestError {
            throw ValidationError("--where: \(error.message)")
        }
    }

    private func prepare() throws -> ReplayRun {
        let client = try self.client()
        let filter = try self.filter()
        let access = try LogAccess.open(LogDirectory(self.path))
        let log = access.log
        let identity = ReplayIdentity(
            log: log.identity, from: self.from, filter: filter, run: self.runName)
        let file = self.stateFile.map {
            ReplayStateFile(path: $0, identity: identity.json(to: self.target))
        }
        let state = try file?.read()
        let start: Offset
        if let state {
            do {
                start = try state.place(in: log)
            } catch let error as ReplayStateError {
                throw ReplayStateFileError(path: self.stateFile ?? "", reason: error)
            }
            Diagnostics.say("going on from offset \(start)")
        } else {
            start = try self.from?.offset(in: log) ?? log.first
        }
        let wanted = state?.token.next ?? start
        if wanted < log.first {
            Diagnostics.say("the log no longer has what is before offset \(log.first)")
        }
        var end = try self.until?.offset(in: log) ?? log.watermarks.visible
        // What is behind damage is not sent: at the target it would look as if nothing were missing.
        let damage = access.damages.filter { $0.offset.map { $0 < end } ?? false }
            .min { $0.offset ?? end < $1.offset ?? end }
        if let place = damage?.offset { end = min(end, place) }
        // A place that was kept does not go back.
        let reader = try ReplayReader(log, from: start, to: max(start, end), filter: filter)
        let ledger = ReplayLedger(
            from: reader.place, target: state?.target, refused: state?.refused ?? [],
            window: self.window, skipsRefused: self.skipRefused)
        let digest = DigestChain.hexadecimal(DigestChain.sha256(Array(identity.json().utf8)))
        var options = ReplayRun.Options(
            speed: self.speed, retryLimit: .seconds(self.retryFor), file: file
        ) { epoch in "livelog-replay:\(epoch):\(digest.prefix(32))" }
        options.damage = damage
        return ReplayRun(reader, of: log, to: client, ledger: ledger, options: options)
    }
}

extension ReplaySpeed: ExpressibleByArgument {
    /// Reads what was typed.
    init?(argument: String) {
        self.init(argument)
    }

    /// As it is typed.
    var defaultValueDescription: String {
        switch self {
        case .times(let factor): decimal(factor, digits: 0)
        case .max: "max"
        }
    }
}
