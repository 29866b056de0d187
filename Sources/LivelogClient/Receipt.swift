/// The server's word that a batch is in the log.
public struct Receipt: Hashable, Sendable {
    /// The log's epoch: 16 hexadecimal digits.
    public let epoch: String
    /// The offset of the batch's first record.
    public let first: UInt64
    /// The offset of the batch's last record.
    public let last: UInt64
    /// How many records there are.
    public let count: Int
    /// Whether the records are on stable storage, and not only written.
    public let isDurable: Bool
    /// Whether the batch was there already, from an earlier attempt.
    public let isRepeated: Bool

    /// Creates a receipt.
    public init(
        epoch: String, first: UInt64, last: UInt64, count: Int, isDurable: Bool, isRepeated: Bool
    ) {
        self.epoch = epoch
        self.first = first
        self.last = last
        self.count = count
        self.isDurable = isDurable
        self.isRepeated = isRepeated
    }
}
