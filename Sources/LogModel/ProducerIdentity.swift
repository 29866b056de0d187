/// Who submitted a batch, and which of its batches it is: what makes a repeated batch recognisable.
package struct ProducerIdentity: Hashable, Sendable {
    /// 16 bytes that name a producer, or that are the digest of an idempotency key.
    package struct ID: Hashable, Sendable {
        /// The first eight bytes, little-endian.
        package let low: UInt64
        /// The last eight bytes, little-endian.
        package let high: UInt64

        /// Creates an identifier from its two halves.
        package init(low: UInt64, high: UInt64) {
            self.low = low
            self.high = high
        }

        /// What records of an anonymous producer carry.
        package static let anonymous = ID(low: 0, high: 0)
    }

    /// The producer.
    package let id: ID
    /// The number of the batch, rising from batch to batch of one producer; 0 with an idempotency key.
    package let sequence: UInt64

    /// Creates an identity.
    package init(id: ID, sequence: UInt64) {
        self.id = id
        self.sequence = sequence
    }
}
