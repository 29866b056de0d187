/// Who submitted a batch, and which of its batches it is: what makes a repeated batch recognisable.
public struct ProducerIdentity: Hashable, Sendable {
    /// 16 bytes that name a producer, or that are the digest of an idempotency key.
    public struct ID: Hashable, Sendable {
        /// The first eight bytes, little-endian.
        public let low: UInt64
        /// The last eight bytes, little-endian.
        public let high: UInt64

        /// Creates an identifier from its two halves.
        public init(low: UInt64, high: UInt64) {
            self.low = low
            self.high = high
        }

        /// What records of an anonymous producer carry.
        public static let anonymous = ID(low: 0, high: 0)
    }

    /// The producer.
    public let id: ID
    /// The number of the batch, rising from batch to batch of one producer; 0 with an idempotency key.
    public let sequence: UInt64

    /// Creates an identity.
    public init(id: ID, sequence: UInt64) {
        self.id = id
        self.sequence = sequence
    }
}
