/// What a producer gets for a submission: where its changes are in the log.
public struct Receipt: Hashable, Sendable {
    /// The epoch of the offsets.
    public let epoch: Epoch
    /// The offset of the first record.
    public let first: Offset
    /// The offset of the last record.
    public let last: Offset
    /// Whether a loss of power leaves them there.
    public let isDurable: Bool
    /// Whether an earlier submission had appended them already.
    public let isRepeated: Bool

    /// Creates a receipt.
    public init(
        epoch: Epoch, first: Offset, last: Offset, isDurable: Bool, isRepeated: Bool
    ) {
        self.epoch = epoch
        self.first = first
        self.last = last
        self.isDurable = isDurable
        self.isRepeated = isRepeated
    }

    /// The number of records.
    public var count: Int { self.last.distance(from: self.first) + 1 }
}
