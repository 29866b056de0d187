import LogModel

/// The last receipt of each producer and idempotency key in the segments that are not sealed yet; of sealed
/// ones the index knows it. So a repeated batch gets its first receipt for as long as the batch is kept.
///
/// Bounded by the batches of the segments that are not sealed.
struct ProducerTable: Sendable {
    /// What is remembered of a producer.
    struct Receipt: Sendable {
        let sequence: UInt64
        let first: Offset
        var last: Offset
    }

    private struct Generation {
        let base: Offset
        var receipts: [ProducerIdentity.ID: Receipt] = [:]
    }

    /// One for each segment that is not sealed, ascending.
    private var generations: [Generation] = []

    /// The receipt of the producer's last batch.
    subscript(id: ProducerIdentity.ID) -> Receipt? {
        for generation in self.generations.reversed() {
            if let receipt = generation.receipts[id] { return receipt }
        }
        return nil
    }

    /// Begins the segment at `base`.
    mutating func begin(_ base: Offset) {
        self.generations.append(Generation(base: base))
    }

    /// Forgets what is in segments before `base`, which are sealed.
    mutating func forget(before base: Offset) {
        self.generations.removeAll { $0.base < base }
    }

    /// Notes a record of a batch; records are noted in the order of their offsets.
    mutating func note(_ identity: ProducerIdentity, at offset: Offset, isFirstOfBatch: Bool) {
        let last = self.generations.count - 1
        if !isFirstOfBatch {
            self.generations[last].receipts[identity.id]?.last = offset
        } else {
            self.generations[last].receipts[identity.id] = Receipt(
                sequence: identity.sequence, first: offset, last: offset)
        }
    }
}
