import LogModel

/// The last receipt of each producer and idempotency key, so that a repeated batch gets its first receipt.
///
/// Bounded: two generations of at most `capacity` producers each. When the younger is full the older is
/// forgotten. So at least the last `capacity` producers are remembered, at most twice as many.
struct ProducerTable: Sendable {
    /// What is remembered of a producer.
    struct Receipt: Sendable {
        let sequence: UInt64
        let first: Offset
        var last: Offset
    }

    private let capacity: Int
    private var young: [ProducerIdentity.ID: Receipt] = [:]
    private var old: [ProducerIdentity.ID: Receipt] = [:]

    init(capacity: Int) {
        precondition(capacity > 0, "a table of \(capacity) producers remembers nothing")
        self.capacity = capacity
    }

    /// The receipt of the producer's last batch.
    subscript(id: ProducerIdentity.ID) -> Receipt? {
        self.young[id] ?? self.old[id]
    }

    /// Notes a record of a batch; records are noted in the order of their offsets.
    mutating func note(_ identity: ProducerIdentity, at offset: Offset) {
        if var receipt = self[identity.id], receipt.sequence == identity.sequence {
            receipt.last = offset
            self.young[identity.id] = receipt
        } else {
            self.young[identity.id] = Receipt(
                sequence: identity.sequence, first: offset, last: offset)
        }
        if self.young.count >= self.capacity {
            self.old = self.young
            self.young = [:]
        }
    }
}
