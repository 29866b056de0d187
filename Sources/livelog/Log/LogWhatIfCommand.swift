import Access
import ArgumentParser
import Debugging
import LogModel
import LogStorage

/// `livelog log what-if`: what a subscription or a configuration would have delivered.
struct LogWhatIfCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "what-if",
        abstract:
            "Say what a subscription or a configuration would have delivered, and at what cost.",
        discussion: """
            With --subscription: what one client would have been sent, live, of the records from \
            --from until --until: records by what they did to its set, messages, bytes, the busiest \
            second, a table by hour, and how many records were looked at for it.

            Without: what each principal would have seen of each model by --config, and the records \
            that differ from what is seen by --present (without it: everything by everybody).

            Subscriptions and principals are written as for livelog log explain. Rights that the log \
            grants count as they are at the range's end; what the application would be asked is \
            taken to be allowed.

            Exit code 0: all was read. 1: some of it could not be read, and is named.
            """)

    @OptionGroup var log: LogDirectoryArgument

    @Option(help: ArgumentHelp("How the client subscribes.", valueName: "json"))
    var subscription: String?

    @Option(
        help: ArgumentHelp(
            "Who looks; several without --subscription. Default: nobody in particular.",
            valueName: "json"))
    var principal: [String] = []

    @Option(help: ArgumentHelp("A file of principals, one a line.", valueName: "file"))
    var principals: String?

    @Option(help: ArgumentHelp("The configuration in question.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The configuration to compare it with.", valueName: "file"))
    var present: String?

    @OptionGroup var range: RangeArguments

    @Option(help: ArgumentHelp("How many records that differ are named.", valueName: "n"))
    var top = 20

    @Option(help: "How to print: text, or json, one object.")
    var format = OutputFormat.text

    /// The most principals: each has to be judged for each record.
    private static let principalsMax = 1000

    func validate() throws {
        guard 0...1_000_000 ~= self.top else {
            throw ValidationError("--top is a number from 0 to 1000000.")
        }
        for principal in self.principal { _ = try ReaderOptions.principal(principal) }
        guard let subscription else {
            guard self.config != nil else {
                throw ValidationError("Name a --subscription, or a --config to look through.")
            }
            return
        }
        _ = try ReaderOptions.subscription(subscription)
        guard self.present == nil, self.principals == nil, self.principal.count < 2 else {
            throw ValidationError(
                "--present, --principals and several --principal are for a --config without --subscription."
            )
        }
    }

    func run() throws {
        let policy = try ReaderOptions.policy(self.config)
        let present = try ReaderOptions.policy(self.present)
        let message = try self.subscription.map { try ReaderOptions.subscription($0) }
        let principals = try self.allPrincipals()
        try self.withLog(self.log) { access, output in
            let range = try TrialRange(
                from: self.range.from, until: self.range.until, in: access.log)
            var progress = ProgressLine()
            func show(_ offset: Offset) {
                progress.show { "\(offset.distance(from: range.start)) of \(range.count) offsets" }
            }
            if let message {
                let reader = Reader(principals.first ?? .anonymous, under: policy)
                let trial = SubscriptionTrial(
                    message, by: reader, in: access.log, range, progress: show)
                progress.clear()
                try self.print(trial.json, trial.lines, &output)
                try self.end(trial.damage, &output)
            } else {
                let trial = RuleTrial(
                    policy, insteadOf: present, for: principals, in: access.log, range,
                    top: self.top, progress: show)
                progress.clear()
                try self.print(trial.json, trial.lines, &output)
                try self.end(trial.damage, &output)
            }
        }
    }

    private func allPrincipals() throws -> [Principal] {
        var principals = try self.principal.map { try ReaderOptions.principal($0) }
        if let file = self.principals {
            let text: String
            switch SettingsFile.read(file) {
            case .success(let read): text = read
            case .failure(let error):
                Diagnostics.say("\(error)")
                throw ExitCode.failure
            }
            for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
                .enumerated() where !line.allSatisfy(\.isWhitespace)
            {
                do throws(DescriptionError) {
                    principals.append(try Principal(described: String(line)))
                } catch {
                    Diagnostics.say("\(file), line \(index + 1): \(error)")
                    throw ExitCode.failure
                }
            }
        }
        guard principals.count <= Self.principalsMax else {
            throw ValidationError("There can be \(Self.principalsMax) principals.")
        }
        return principals.isEmpty ? [.anonymous] : principals
    }

    private func print(
        _ json: @autoclosure () -> [UInt8], _ lines: @autoclosure () -> [String],
        _ output: inout ResultOutput
    ) throws {
        switch self.format {
        case .text: for line in lines() { try output.write(line: line) }
        case .json: try output.write(json())
        }
    }

    private func end(_ damage: TrialDamage, _ output: inout ResultOutput) throws {
        guard damage.count > 0 else { return }
        try output.flush()
        for error in damage.errors { Diagnostics.say("\(error)") }
        if damage.count > damage.errors.count {
            Diagnostics.say("and \(damage.count - damage.errors.count) more that cannot be read")
        }
        throw ExitCode.failure
    }
}
