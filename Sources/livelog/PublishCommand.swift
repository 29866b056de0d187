import ArgumentParser
import LivelogClient
import Synchronization

/// `livelog publish`: appends the changes of a file or pipe.
struct PublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Publish changes, one JSON object a line.",
        discussion: """
            The input is cut into batches, which are published in order; each is in the log whole or \
            not at all. A run that was interrupted can be repeated with the same input and the same \
            batch options: batches that are in the log already are recognised and not appended \
            again. They are recognised by a digest of the input from its beginning, so other input \
            is never taken for it; --again publishes the same input once more on purpose.

            If lines were added to an input after it was published, only full batches are recognised: \
            the last one, if it was not full, is cut anew and published again together with what was \
            added. Publish added lines as an input of their own.

            With --producer a batch is recognised by that name and the number of its last change in \
            the input. One name belongs to one input, which may only grow, and as said above.

            Exit code 0: everything is in the log. 1: it is not; standard error says how far it got.
            """)

    @OptionGroup var options: ServerOptions

    @Argument(help: "The file of changes; - is standard input.")
    var file = "-"

    @Option(help: ArgumentHelp("The most changes in a batch.", valueName: "n"))
    var batchCount = 2000

    @Option(help: ArgumentHelp("The most bytes in a batch.", valueName: "n"))
    var batchBytes = 1 << 20

    @Option(help: ArgumentHelp("Number the batches under this name.", valueName: "name"))
    var producer: String?

    @Flag(help: "Publish the input even if it was published before.")
    var again = false

    @Option(
        help: ArgumentHelp(
            "How long to try again when the server cannot be reached or is busy. The last attempt may take 10 s "
                + "longer.",
            valueName: "seconds"))
    var retryFor = 60

    @Option(help: "How to print the result: text or json.")
    var format = OutputFormat.text

    func validate() throws {
        _ = try self.options.makeClient()
        do {
            _ = try BatchBuilder.Limits(changes: self.batchCount, bytes: self.batchBytes)
            if let producer { try BatchIdentity.producer(producer, sequence: 1).validate() }
        } catch {
            throw ValidationError(error.message)
        }
        guard 0...31_536_000 ~= self.retryFor else {
            throw ValidationError("--retry-for is a number of seconds from 0 to a year.")
        }
        if self.again && self.producer != nil {
            throw ValidationError("--again and --producer exclude each other.")
        }
    }

    func run() async throws {
        let client = try self.options.makeClient()
        let start = ContinuousClock.now
        var summary = PublishSummary()
        do {
            try await self.publish(with: client, into: &summary)
        } catch {
            Diagnostics.say("\(error)")
            let text = summary.count == 0 ? "nothing was published" : "before that, \(summary.text)"
            Diagnostics.say(text)
            throw ExitCode.failure
        }
        switch self.format {
        case .text: print(summary.text)
        case .json: print(summary.json(took: start.duration(to: .now)))
        }
    }

    private func publish(
        with client: LivelogClient, into summary: inout PublishSummary
    ) async throws {
        let limits = try BatchBuilder.Limits(changes: self.batchCount, bytes: self.batchBytes)
        let source = try BatchSource(
            path: self.file,
            builder: BatchBuilder(limits: limits, salt: self.again ? .random() : []))
        var progress = PublishProgress(size: source.size)
        defer { progress.clear() }
        var upcoming = try await source.next()
        while let batch = upcoming {
            async let following = source.next()
            let receipt = try await self.publish(batch, with: client)
            summary.add(batch, receipt)
            progress.show(summary)
            upcoming = try await following
        }
    }

    private func publish(
        _ batch: Batch, with client: LivelogClient
    ) async throws(PublishFailure) -> Receipt {
        let identity =
            self.producer.map { BatchIdentity.producer($0, sequence: batch.lastChange) }
            ?? .key(batch.key)
        let limit = self.retryFor
        let wasSaid = Atomic(false)
        do {
            return try await client.publish(
                batch.body, identity: identity, retryingFor: .seconds(limit)
            ) { error, _ in
                if !wasSaid.exchange(true, ordering: .relaxed) {
                    Diagnostics.say("\(error); trying again for up to \(limit) s")
                }
            }
        } catch {
            throw PublishFailure(error: error, batch: batch)
        }
    }
}

/// Why a batch could not be published, in terms of the input.
struct PublishFailure: Error, CustomStringConvertible {
    /// What the client says.
    let error: ClientError
    /// The batch.
    let batch: Batch

    var description: String {
        let problem = self.error.problem
        guard let problem, let line = problem.line.flatMap(self.batch.inputLine(ofBodyLine:)) else {
            let lines = self.batch.lineNumbers
            let first = lines.first ?? 0
            let range =
                lines.count < 2 ? "line \(first)" : "lines \(first) to \(lines.last ?? first)"
            return "\(range): \(self.error)"
        }
        return "line \(line): the server refused it: \(problem.reason)"
    }
}

extension [UInt8] {
    /// 16 random bytes.
    fileprivate static func random() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
