package import LogModel

/// What became of a replay's batches.
package struct ReplayTally: Sendable {
    /// A batch that is not at the target, and why.
    package struct Refusal: Hashable, Sendable {
        /// The batch's first record, in the log that is sent.
        package let first: Offset
        /// The batch's last record.
        package let last: Offset
        /// The record that is to blame, where that is known.
        package let offset: Offset?
        /// The reason for programs.
        package let code: String
        /// The reason for people.
        package let reason: String

        /// Creates a refusal.
        package init(first: Offset, last: Offset, offset: Offset?, code: String, reason: String) {
            self.first = first
            self.last = last
            self.offset = offset
            self.code = code
            self.reason = reason
        }
    }

    /// Where a stretch of batches is at the target.
    package struct Stretch: Hashable, Sendable {
        /// The target's epoch.
        package let epoch: String
        /// The first one's first offset.
        package let first: UInt64
        /// The last one's last offset.
        package internal(set) var last: UInt64

        /// Creates a stretch.
        package init(epoch: String, first: UInt64, last: UInt64) {
            self.epoch = epoch
            self.first = first
            self.last = last
        }
    }

    /// The most refusals that are kept with their reasons; the others are only counted.
    package static let refusalsMax = 1000

    /// Batches that are at the target, whether this run brought them there or an earlier one.
    package private(set) var batchCount = 0
    /// Their records.
    package private(set) var recordCount = 0
    /// Batches among them that were there already.
    package private(set) var repeatedBatchCount = 0
    /// Their records.
    package private(set) var repeatedRecordCount = 0
    /// Bytes of messages that were sent, again or not.
    package private(set) var byteCount = 0
    /// The first batches that were refused.
    package private(set) var refusals: [Refusal] = []
    /// How many batches were refused.
    package private(set) var refusedBatchCount = 0
    /// Batches that were on their way behind the first one that was refused, and are at the target.
    package private(set) var behindRefusalCount = 0
    /// Where the batches are that were not there already, one stretch for each epoch of the target.
    package private(set) var stretches: [Stretch] = []
    /// How long after they were due batches were handed to the network.
    package private(set) var sending = Lateness()
    /// How long after they were due it was known that batches were at the target.
    package private(set) var receipts = Lateness()

    /// Creates a tally of nothing.
    package init() {}

    /// Notes that a message was sent, of a batch that was due then or never.
    package mutating func noteSent(byteCount: Int, late: Duration?) {
        self.byteCount += byteCount
        if let late { self.sending.add(late) }
    }

    /// Notes that a batch of so many records is at the target.
    ///
    /// - Parameters:
    ///   - place: where, if this run brought it there.
    ///   - isRepeated: whether it was there already.
    ///   - late: how long after it was due that was known.
    package mutating func noteTaken(
        recordCount: Int, at place: Stretch?, isRepeated: Bool, late: Duration?
    ) {
        self.batchCount += 1
        self.recordCount += recordCount
        if isRepeated {
            self.repeatedBatchCount += 1
            self.repeatedRecordCount += recordCount
        }
        if self.refusedBatchCount > 0 { self.behindRefusalCount += 1 }
        if let late { self.receipts.add(late) }
        guard let place else { return }
        if self.stretches.last?.epoch == place.epoch {
            self.stretches[self.stretches.count - 1].last = place.last
        } else {
            self.stretches.append(place)
        }
    }

    /// Notes that a batch was refused.
    package mutating func noteRefused(_ refusal: Refusal) {
        self.refusedBatchCount += 1
        if self.refusals.count < Self.refusalsMax { self.refusals.append(refusal) }
    }
}
