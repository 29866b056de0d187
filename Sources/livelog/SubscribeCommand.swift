import ArgumentParser
import Glibc
import LivelogClient

/// `livelog subscribe`: prints changes as they happen, and those that happened before.
struct SubscribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subscribe",
        abstract: "Print the changes of a model, one JSON object a line.",
        discussion: """
            A lost connection is made again for as long as it takes, and continues where it stopped: \
            no change is lost or printed twice.

            Where all --where hold: P=V, P!=V, P<V, P<=V, P>V, P>=V, P^=V for a prefix, "P in [V,W]". A \
            value is JSON (42, true, null, "42") or plain text.

            With --from snapshot there is a line for each instance that is in the set now, and then one \
            for each change. Standard error says when all lines up to now are printed.

            With --token-file the place is kept from run to run, and --from is only for the first one. It \
            is stored after the lines before it were written, so a run that was killed in between prints \
            these lines again. A file belongs to one model and its conditions.

            Exit code 0: stopped by --count, --until-live, a signal or a closed pipe. 1: the server \
            refused the subscription, or cannot continue it from its token.
            """)

    @OptionGroup var options: ServerOptions

    @Option(help: "The model's label, for instance todolist.Task.")
    var model: String

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Only instances for which this holds, and every other --where.", valueName: "condition")
    )
    var conditions: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where to begin: with the next change, the log's first, the instances as they are now, after a "
                + "token, at an offset or at a time (2026-11-23T10:00:00Z). (default: now; a token in "
                + "--token-file goes before)",
            valueName: "now|start|snapshot|token|offset|time"))
    var from: String?

    @Option(help: "What to print of the past: all changes, or the latest of each instance.")
    var catchUp = CatchUpOption.all

    @Option(
        help: ArgumentHelp(
            "The most changes to be sent again; with more of them comes a snapshot instead.",
            valueName: "n"))
    var budget: Int?

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
        _ = try self.options.makeClient()
        if let count, count < 1 { throw ValidationError("--count is at least 1.") }
        if let budget, budget < 1 { throw ValidationError("--budget is at least 1.") }
        if self.model.isEmpty { throw ValidationError("--model is empty.") }
        let start = try self.from.map(Subscription.Start.init(typed:)) ?? .now
        do {
            try self.subscription(from: start).validate()
        } catch let error as ClientError {
            throw ValidationError(error.message)
        }
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let client = try self.options.makeClient()
        var subscription = try self.subscription(
            from: try self.from.map(Subscription.Start.init(typed:)) ?? .now)
        let file = self.tokenFile.map { TokenFile(path: $0, filter: subscription.filter) }
        do {
            if let token = try file?.read() { subscription.from = .token(token) }
        } catch {
            Diagnostics.say("\(error)")
            throw ExitCode.failure
        }
        let report = ConnectionReport()
        let printer = ChangePrinter(
            format: self.format, tokenFile: file, limit: self.count, stopsWhenLive: self.untilLive,
            report: report)
        let deliveries = client.subscribe(to: subscription) { report.show($0) }
        let ending = try await untilSignal {
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
            if let error = error as? ClientError, error.code == .reset {
                Diagnostics.say(self.advice(afterReset: error.problem?.code))
            }
            throw ExitCode.failure
        }
    }

    /// What to do about a reset, in terms of the command's options.
    private func advice(afterReset reason: String?) -> String {
        switch reason {
        case "snapshot-too-large":
            return "to get a smaller set, add a --where"
        case "offset-ahead":
            return "to begin, use another --from"
        default:
            guard let tokenFile else { return "to begin anew, use --from snapshot, start or now" }
            return "to begin anew, remove \(tokenFile), and use --from snapshot, start or now"
        }
    }

    private func subscription(from start: Subscription.Start) throws -> Subscription {
        Subscription(
            model: self.model,
            where: try self.conditions.map(Subscription.Condition.init(expression:)), from: start,
            catchUp: self.catchUp.catchUp, budget: self.budget)
    }
}
