import LogModel
import LogStorage

/// Says where batches end, for who goes through records in the order of the log and wants to know what readers saw:
/// a batch as a whole.
struct BatchBounds {
    private let log: ChangeLog
    /// The offset after the batch that was asked about last.
    private(set) var end = Offset.zero

    init(_ log: ChangeLog) {
        self.log = log
    }

    /// Whether the record at `offset` begins another batch than the one before it that was asked about.
    mutating func isBeyond(_ offset: Offset) throws(StorageError) -> Bool {
        guard offset >= self.end else { return false }
        let isFirst = self.end == .zero
        self.end = try self.log.extent(at: offset)?.batch(of: offset).upperBound ?? offset.next
        return !isFirst
    }
}
