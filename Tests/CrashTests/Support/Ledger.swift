import LogModel
import LogStorage
import TestSupport
import Testing

/// What was attempted and what was acknowledged, kept where no fault reaches it; and the checks that a log
/// must pass after each fault.
struct Ledger {
    struct Acknowledgement {
        let placed: TortureContents.Placed
        let token: ResumeToken
    }

    /// What a fault may have taken.
    enum Loss {
        /// Nothing that was acknowledged.
        case nothing
        /// The last acknowledged batches, without a gap: a loss of power when acknowledgement does not wait for
        /// the disk.
        case tail
    }

    let mode: LogOptions.Acknowledgement
    /// The number of the next batch that nobody has attempted.
    private(set) var next: UInt64 = 0
    /// Attempted since the log was checked, and neither refused nor known to be in it.
    private(set) var attempts: [UInt64] = []
    /// Acknowledged since the log was checked.
    private(set) var acknowledgements: [Acknowledgement] = []
    /// Whether the log said that it takes no more, since it was checked.
    private(set) var hasFailed = false
    /// Acknowledged after that, which must never be.
    private(set) var acknowledgedAfterFailure: [UInt64] = []

    /// What was in the log when it was checked, in order.
    private var settled: [TortureContents.Placed] = []
    /// Tokens that must stay good.
    private var tokens: [ResumeToken] = []
    /// Tokens of places that were lost: they must never be taken again.
    private var lostTokens: [ResumeToken] = []

    init(_ mode: LogOptions.Acknowledgement) {
        self.mode = mode
    }

    /// Takes a line of `storage-torture crash`.
    mutating func take(_ line: String) {
        let words = line.split(separator: " ").map { String($0) }
        let number = words.dropFirst().first.flatMap { UInt64($0) }
        switch (words.first, number) {
        case ("try", let number?):
            self.attempts.append(number)
            self.next = number + 1
        case ("refuse", let number?):
            self.attempts.removeAll { $0 == number }
        case ("ack", let number?):
            guard words.count == 5, let first = UInt64(words[2]), let last = UInt64(words[3]),
                let token = ResumeToken(text: words[4])
            else {
                Issue.record("not an acknowledgement: \(line)")
                return
            }
            if self.hasFailed { self.acknowledgedAfterFailure.append(number) }
            self.acknowledgements.append(
                Acknowledgement(
                    placed: .init(number: number, first: Offset(first), last: Offset(last)),
                    token: token))
        case ("failed", _) where words.dropFirst().first == "log-failed": self.hasFailed = true
        default: break
        }
    }

    /// Takes all lines of `child` to its end.
    mutating func follow(_ child: Child) -> [String] {
        let lines = child.lines()
        for line in lines { self.take(line) }
        return lines
    }

    /// Opens the log, expects all that must hold, submits again what was not acknowledged, as a client does,
    /// and leaves it as a stopped or a closed log. Returns what opening reported.
    ///
    /// - Parameter isOtherBoot: whether the log must take it that the machine was started anew.
    @discardableResult
    mutating func check(
        _ directory: String, losing loss: Loss = .nothing, isOtherBoot: Bool = false,
        closing: Bool = false, _ comment: @autoclosure () -> String = ""
    ) throws -> RecoveryReport {
        let text = comment()
        let note: Comment = "\(text)"
        let (writer, report) = try Recovery.open(
            LogDirectory(directory), options: Torture.options(self.mode))
        let found = try TortureContents(of: writer.log)
        #expect(found.end == report.end, note)
        #expect(self.acknowledgedAfterFailure.isEmpty, note)

        // Everything that was known before, then an unbroken piece of what was attempted since.
        let expected = self.settled.map(\.number) + self.attempts
        let numbers = found.batches.map(\.number)
        let isUnbroken = numbers == Array(expected.prefix(numbers.count))
        #expect(isUnbroken, "\(text): \(numbers.suffix(9)) of \(expected.suffix(9))")
        let known = self.settled + self.acknowledgements.map(\.placed)
        let kept = known.filter { $0.last < report.end }
        let isInPlace = Set(kept).isSubset(of: found.batches)
        #expect(isInPlace, "\(text): an acknowledged batch is elsewhere")
        if loss == .nothing {
            #expect(kept.count == known.count, "\(text): \(known.count - kept.count) are lost")
        }
        self.expectEpoch(report, hasLost: kept.count < known.count, isOtherBoot, note)
        self.expectTokens(writer.log, end: report.end, note)
        try self.expectRepeats(writer, of: found.batches, note)
        try self.submitAgain(writer, after: found.batches, note)
        if closing { try writer.close() }
        return report
    }

    /// A new epoch begins when readers may have seen what is not there any more, and only then.
    private func expectEpoch(
        _ report: RecoveryReport, hasLost: Bool, _ isOtherBoot: Bool, _ note: Comment
    ) {
        guard !report.isNew else { return }
        switch self.mode {
        case .durable: #expect(!report.hasNewEpoch, note)
        case .written:
            if hasLost || report.cutByteCount > 0 || isOtherBoot {
                #expect(report.hasNewEpoch || report.wasClosedCleanly, note)
            } else if !self.hasFailed {
                #expect(!report.hasNewEpoch, note)
            }
        }
    }

    private mutating func expectTokens(_ log: ChangeLog, end: Offset, _ note: Comment) {
        self.tokens += self.acknowledgements.map(\.token)
        for token in self.tokens {
            #expect(log.refusal(of: token) == (token.next <= end ? nil : .epoch), note)
        }
        self.lostTokens += self.tokens.filter { $0.next > end }
        self.tokens.removeAll { $0.next > end }
        for token in self.lostTokens { #expect(log.refusal(of: token) == .epoch, note) }
    }

    /// The last batch of each producer gets its first receipt, and the one before is too old.
    private func expectRepeats(
        _ writer: LogWriter, of batches: [TortureContents.Placed], _ note: Comment
    ) throws {
        var last: [ProducerIdentity.ID: TortureContents.Placed] = [:]
        var older: [ProducerIdentity.ID: TortureContents.Placed] = [:]
        for placed in batches {
            let producer = TortureBatch(placed.number).producer.id
            older[producer] = last[producer]
            last[producer] = placed
        }
        for placed in last.values {
            let placement = try writer.submit(placed.number)
            #expect(
                placement.isRepeated && placement.first == placed.first
                    && placement.last == placed.last, note)
        }
        for placed in older.values {
            let error = #expect(throws: StorageError.self, note) {
                _ = try writer.submit(placed.number)
            }
            #expect(error?.code == .sequenceTooOld, note)
        }
    }

    /// Submits what was attempted and not acknowledged: what is in the log gets its place, the rest goes in.
    private mutating func submitAgain(
        _ writer: LogWriter, after batches: [TortureContents.Placed], _ note: Comment
    ) throws {
        let acknowledged = Set(self.acknowledgements.map(\.placed.number))
        let present = Set(batches.map(\.number))
        let receipts = Set(batches.suffix(Int(TortureBatch.producerCount)).map(\.number))
        var all = batches
        for number in self.attempts where !acknowledged.contains(number) {
            // A receipt that a later batch of its producer has replaced is not kept.
            if present.contains(number) && !receipts.contains(number) { continue }
            let placement = try writer.submit(number)
            #expect(placement.isRepeated == present.contains(number), note)
            if !placement.isRepeated {
                all.append(
                    .init(number: number, first: placement.first, last: placement.last))
            }
        }
        try writer.write()
        try writer.synchronize()
        writer.publish()
        let contents = try TortureContents(of: writer.log)
        #expect(contents.batches == all, note)
        self.settled = all
        self.tokens.append(try writer.log.token(at: contents.end))
        self.attempts = []
        self.acknowledgements = []
        self.hasFailed = false
    }
}

extension LogWriter {
    /// Appends the batch `number`.
    func submit(_ number: UInt64) throws(StorageError) -> Placement {
        let batch = TortureBatch(number)
        var changes = batch.changes
        return try self.append(
            0..<batch.count, of: &changes, producer: batch.producer, time: Machine.wallClock())
    }
}
