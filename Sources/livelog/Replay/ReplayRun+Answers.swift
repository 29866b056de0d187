import Debugging
import LivelogClient
import LogModel
import LogStorage

/// What the target says, and what else happens.
extension ReplayRun {
    /// Takes answers; returns when one was a refusal that ends the replay, and nothing is on its way any more.
    func receive(from socket: ProducerSocket) async throws {
        var answers = socket.answers()
        repeat {
            try self.take(try await answers.next(isolation: self))
            self.answered?.yield()
            try self.writeStateNowAndThen()
            self.showProgress()
        } while !(self.ledger.isStopped && self.ledger.window.isEmpty)
    }

    private func take(_ answer: ProducerAnswer) throws(ClientError) {
        switch answer {
        case .error(let problem):
            throw ClientError(.refused, "the server refused: \(problem.detail)", problem: problem)
        case .receipt(let number, let receipt):
            let place = ReplayTally.Stretch(
                epoch: receipt.epoch, first: receipt.first, last: receipt.last)
            self.ledger.acknowledge(
                try self.batch(number), at: place, isRepeated: receipt.isRepeated,
                now: self.elapsed)
            if let last = self.ledger.lostUpTo {
                throw ClientError(
                    .reset,
                    "the target has lost what it had acknowledged: it was at offset \(last), and goes on "
                        + "at offset \(receipt.first); to send everything again, use another --run, and "
                        + "another --state-file")
            }
        case .refused(let number, let problem, let change):
            switch problem.code {
            case "sequence-too-old":
                // A batch is only ever appended after those before it.
                self.ledger.acknowledge(
                    try self.batch(number), at: nil, isRepeated: true, now: self.elapsed)
            case "disk-full", "log-failed", "io-error", "log-corrupt", "stopping":
                throw ClientError(
                    .unavailable, "the server cannot take it now: \(problem.detail)",
                    problem: problem)
            case "expired-credentials", "revoked-credentials":
                throw ClientError(
                    .refused, "the server refused it: \(problem.detail)", problem: problem)
            default:
                let batch = try self.batch(number).batch
                let offset = change.flatMap {
                    batch.offsets.indices.contains($0) ? batch.offsets[$0] : nil
                }
                self.ledger.refuse(
                    batch, offset: offset, code: problem.code ?? "", reason: problem.detail)
            }
        }
    }

    /// The batch that an answer is to.
    private func batch(_ number: UInt64) throws(ClientError) -> ReplayWindow.Sent {
        guard let sent = self.ledger.take(number) else {
            throw ClientError(
                .protocolViolation, "the server answered to batch \(number), which is not the next")
        }
        self.noteSuccess()
        return sent
    }

    // MARK: What else happens

    /// Waits for the next attempt; or says how it ended.
    func recover(from error: any Error) async -> Ending? {
        if Task.isCancelled || error is CancellationError { return .interrupted }
        guard let error = error as? ClientError, error.isTemporary else {
            return .failed(self.explained(error))
        }
        let now = self.elapsed
        if self.failingSince == nil {
            self.failingSince = now
            let limit = Int(self.options.retryLimit / .seconds(1))
            self.say("\(error); trying again for up to \(limit) s")
        }
        var generator = SystemRandomNumberGenerator()
        let delay = self.schedule.delay(
            failingFor: now - (self.failingSince ?? now), retryAfter: nil, using: &generator)
        guard let delay else { return .failed(error) }
        do {
            try await ContinuousClock().sleep(for: delay)
            return nil
        } catch {
            return .interrupted
        }
    }

    func noteSuccess() {
        guard self.failingSince != nil else { return }
        self.failingSince = nil
        self.schedule = RetrySchedule(limit: self.options.retryLimit)
        self.say("connected again")
    }

    /// A connection that is refused because of a batch does not say which.
    private func explained(_ error: any Error) -> any Error {
        guard let error = error as? ClientError, error.code == .refused else { return error }
        let sent = self.ledger.window.unanswered.map(\.batch)
        guard let largest = sent.max(by: { $0.message.count < $1.message.count }) else {
            return error
        }
        return ClientError(
            .refused,
            "\(error.message); batches without answer: \(sent.count), of which the largest begins at "
                + "offset \(largest.first) and is a message of \(largest.message.count) bytes",
            problem: error.problem)
    }

    private func say(_ text: String) {
        self.progress.clear()
        Diagnostics.say(text)
    }

    private func writeStateNowAndThen() throws {
        if let stateWritten, self.elapsed - stateWritten < Self.stateInterval { return }
        try self.writeState()
    }

    func writeState() throws {
        self.stateWritten = self.elapsed
        guard let file = self.options.file else { return }
        let token = try self.log.token(at: self.ledger.next)
        try file.write(
            ReplayState(
                token: token, target: self.ledger.target, refused: self.ledger.refused,
                hasLoss: self.ledger.lostUpTo != nil))
    }

    private func showProgress() {
        self.progress.show {
            let tally = self.ledger.tally
            let seconds = max(self.elapsed / .seconds(1), 0.001)
            let all = max(self.reader.end.distance(from: self.first), 1)
            let done = min(self.ledger.next, self.reader.end).distance(from: self.first)
            let rate = decimal(Double(tally.recordCount) / seconds, digits: 0)
            var line = "\(tally.batchCount) batches, \(tally.recordCount) records, \(rate)/s"
            line += ", \(done * 100 / all) %"
            if let late = tally.sending.quantile(0.99) {
                line += ", 99 % at most \(Diagnostics.seconds(late)) late"
            }
            return line
        }
    }
}
