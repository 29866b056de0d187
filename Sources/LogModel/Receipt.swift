/// What a producer gets for a submission: where its changes are in the log.
package struct Receipt: Hashable, Sendable {
    /// The epoch of the offsets.
    package let epoch: Epoch
    /// The offset of the first record.
    package let first: Offset
    /// The offset of the last record.
    package let last: Offset
    /// Whether a loss of power leaves them there.
    package let isDurable: Bool
    /// Whether an earlier submission had appended them already.
    package let isRepeated: Bool

    /// Creates a receipt.
    package init(
        epoch: Epoch, first: Offset, last: Offset, isDurable: Bool, isRepeated: Bool
    ) {
        self.epoch = epoch
        self.first = first
        self.last = last
        self.isDurable = isDurable
        self.isRepeated = isRepeated
    }

    /// The number of records.
    package var count: Int { self.last.distance(from: self.first) + 1 }
}
