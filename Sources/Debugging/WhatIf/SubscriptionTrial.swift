package import Access
import LogFormat
package import LogModel
package import LogStorage
import Matching
import Sessions
package import WireProtocol

/// What a subscription would have delivered of a stretch of a log, and what it would have cost.
///
/// It is taken to be live for the whole stretch, with the rights that its client has at the stretch's end. What a change
/// of rights makes of a client's set is not counted.
package struct SubscriptionTrial: Sendable {
    /// The records that were tried.
    package let range: TrialRange
    /// The request as the server reads it; nil if it is refused.
    package private(set) var request: SubscriptionRequest?
    /// What the server answers if it refuses the request; nil if it does not, or says nothing.
    package private(set) var answer: String?
    /// How the filter is answered; nil if the request is refused.
    package private(set) var plan: FilterPlan?
    /// Whether the application decides about what is seen: then all that it could allow is counted.
    package private(set) var isAsked = false

    /// What is delivered.
    package private(set) var delivered = DeliveryCounts()
    /// When it is.
    package private(set) var times = DeliveryTimes()
    /// The offset of the first record that is delivered, and of the last one.
    package private(set) var first: Offset?
    package private(set) var last: Offset?
    /// Messages, one for each batch that something is delivered of, or for each record where the dialect has it so.
    package private(set) var messageCount = 0
    /// Bytes of these messages as WebSocket frames, not compressed.
    package private(set) var messageByteCount = 0

    /// Records that the groups of the subscription lead to: those that are looked at for it.
    package private(set) var lookedAt = 0
    /// What could not be read.
    package private(set) var damage = TrialDamage()

    /// Tries the subscription that `message` asks for.
    ///
    /// - Parameter progress: is told now and then below which offset all is done.
    package init(
        _ message: SubscriptionMessage, by reader: Reader, in log: ChangeLog,
        _ range: TrialRange, progress: (Offset) -> Void = { _ in }
    ) {
        self.range = range
        let asked = AskedSubscription(message, by: reader, in: log, grantedBefore: range.end)
        switch asked.outcome {
        case .refused(let answer): self.answer = answer
        case .made(let made):
            self.request = made.request
            self.plan = made.predicate.plan
            self.isAsked = made.predicate.hasQuestions
            var run = Run(made, message.dialect, log)
            self.read(made.predicate.driver, in: log, &run, progress)
            run.endBatch(&self)
        }
    }

    /// Reads what the groups with these hashes lead to.
    private mutating func read(
        _ hashes: [UInt64], in log: ChangeLog, _ run: inout Run, _ progress: (Offset) -> Void
    ) {
        let held = HeldSegments(log)
        var next = self.range.start
        while next < self.range.end {
            do throws(StorageError) {
                let (offsets, bound) = try held.postings(of: hashes, from: next, limit: 1024)
                for offset in offsets where offset < self.range.end {
                    self.look(at: offset, held, &run)
                }
                next = bound
            } catch {
                // Where the index cannot be read nobody knows what it leads to.
                self.damage.note(error)
                let index = held.index(of: next)
                next = index + 1 < held.count ? held.base(of: index + 1) : self.range.end
            }
            progress(min(next, self.range.end))
        }
    }

    private mutating func look(at offset: Offset, _ held: HeldSegments, _ run: inout Run) {
        self.lookedAt += 1
        do throws(StorageError) {
            if !run.batch.contains(offset) {
                run.endBatch(&self)
                run.batch = try held.batch(of: offset)
            }
            let found = try held.withRecord(at: offset) { record in
                run.add(record).map { (change: $0.change, time: record.time, bytes: $0.bytes) }
            }
            guard let delivery = found ?? nil else { return }
            self.delivered.count(delivery.change)
            self.times.count(delivery.time, bytes: delivery.bytes)
            if self.first == nil { self.first = offset }
            self.last = offset
        } catch {
            self.damage.note(error)
        }
    }

    /// What the messages are made by.
    private struct Run {
        var batch = Offset.zero..<Offset.zero
        private let made: AskedSubscription.Made
        private let epoch: Epoch
        private var composer: FrameComposer
        private var renderer = RecordRenderer()

        init(_ made: AskedSubscription.Made, _ dialect: Dialect, _ log: ChangeLog) {
            self.made = made
            self.epoch = log.epoch
            self.composer = FrameComposer(
                dialect: dialect, joinsBatches: false, limits: SessionLimits())
        }

        /// Adds a record to the messages if it is delivered; says then what it did, and how many bytes it takes there.
        mutating func add(
            _ record: borrowing RecordView
        ) -> (change: SetChange, bytes: Int)? {
            guard let change = self.made.predicate.change(by: record),
                change != .left || !self.made.form.isRestLive1,
                let place = self.place(in: record)
            else { return nil }
            let before = self.composer.byteCount
            self.composer.add(
                record, change, record.group(place), to: self.made.id, as: self.made.form,
                seen: self.made.predicate.view(of: record, change), by: &self.renderer)
            return (change, self.composer.byteCount - before)
        }

        private func place(in record: borrowing RecordView) -> Int? {
            for place in 0..<record.groupCount
            where self.made.predicate.driver.contains(record.groupHash(place)) {
                return place
            }
            return nil
        }

        /// Ends the messages of the batch, which `trial` counts.
        mutating func endBatch(_ trial: inout SubscriptionTrial) {
            guard !self.composer.isEmpty else { return }
            // All tokens have the same length.
            let token = ResumeToken(epoch: self.epoch, next: self.batch.upperBound, checksum: 0)
            self.composer.endBatch(isForced: true) { token.text }
            let taken = self.composer.take()
            trial.messageByteCount += taken.bytes.count
            trial.messageCount += self.made.form == .livelog1 ? 1 : taken.recordCount
        }
    }
}
