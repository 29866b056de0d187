import ArgumentParser
import Glibc
import LivelogClient
import UnixSignals

/// `livelog subscribe`: prints changes as they happen, and those that happened before.
struct SubscribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subscribe",
        abstract: "Print the changes of a model, one JSON object a line.",
        discussion: """
            A lost connection is made again for as long as it takes, and continues where it stopped: \
            no change is lost or printed twice.

            With --token-file the place is kept from run to run. It is stored after the lines before \
            it were written, so a run that was killed in between prints these lines again.

            Exit code 0: stopped by --count, --until-live, a signal or a closed pipe. 1: the server \
            refused the subscription, or cannot continue it from its token.
            """)

    @OptionGroup var options: ServerOptions

    @Option(help: "The model's label, for instance todolist.Task.")
    var model: String

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Only instances whose property P is V: JSON (42, true, null, \"42\") or plain text.",
            valueName: "P=V"))
    var condition: String?

    @Option(
        help: ArgumentHelp(
            "Where to begin. (default: now, or the token in --token-file)",
            valueName: "now|start|token"))
    var from: String?

    @Option(help: ArgumentHelp("Keep the resume token in this file.", valueName: "file"))
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Stop after this many changes. The token kept is then that of the last message that was "
                + "printed whole.",
            valueName: "n"))
    var count: Int?

    @Flag(help: "Stop when everything up to now has been printed.")
    var untilLive = false

    @Option(help: "How to print a change: json, as the server sent it, or text.")
    var format = OutputFormat.json

    func validate() throws {
        _ = try self.options.client()
        if let condition { _ = try Self.condition(condition) }
        if let count, count < 1 { throw ValidationError("--count is at least 1.") }
        if let from { _ = try Self.start(from) }
        if self.model.isEmpty { throw ValidationError("--model is empty.") }
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let client = try self.options.client()
        let file = self.tokenFile.map(TokenFile.init(path:))
        let start: Subscription.Start
        do {
            start = try self.from.map(Self.start) ?? file?.read().map { .token($0) } ?? .now
        } catch {
            Diagnostics.say("\(error)")
            throw ExitCode.failure
        }
        let subscription = Subscription(
            model: self.model, where: try self.condition.map(Self.condition), from: start)
        let printer = ChangePrinter(
            format: self.format, tokenFile: file, limit: self.count, stopsWhenLive: self.untilLive)
        let report = ConnectionReport()
        let deliveries = client.subscribe(to: subscription) { report.show($0) }
        let ending = await Self.untilSignal {
            await printer.print(deliveries)
        }
        if let ending { try self.finish(ending) }
    }

    private func finish(_ ending: ChangePrinter.Ending) throws {
        switch ending.reason {
        case .complete, .brokenPipe:
            break
        case .interrupted:
            if let token = ending.token {
                Diagnostics.say("stopped; continue with --from \(token)")
            }
        case .failed(let error):
            Diagnostics.say("\(error)")
            if let error = error as? ClientError, error.code == .reset, let tokenFile {
                Diagnostics.say("to begin anew, remove \(tokenFile) or use --from start or now")
            }
            throw ExitCode.failure
        }
    }

    /// Runs `body` and cancels it when the process is asked to stop.
    private static func untilSignal<Result: Sendable>(
        _ body: @escaping @Sendable () async -> Result
    ) async -> Result? {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return await withTaskGroup(of: Result?.self) { group in
            group.addTask { await body() }
            group.addTask {
                for await _ in signals { break }
                return nil
            }
            var result: Result?
            for await outcome in group {
                // Whichever ends first also ends the other.
                group.cancelAll()
                result = outcome ?? result
            }
            return result
        }
    }

    private static func condition(_ text: String) throws -> Subscription.Condition {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
            throw ValidationError("--where wants PROPERTY=VALUE, not \"\(text)\".")
        }
        return Subscription.Condition(
            property: String(text[..<equals]),
            equals: ScalarValue(typed: String(text[equals...].dropFirst())))
    }

    private static func start(_ text: String) throws -> Subscription.Start {
        switch text {
        case "now": return .now
        case "start": return .start
        default:
            guard TokenFile.isToken(text) else {
                throw ValidationError("--from wants now, start or a resume token, not \"\(text)\".")
            }
            return .token(text)
        }
    }
}
