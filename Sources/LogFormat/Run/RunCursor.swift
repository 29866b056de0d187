import LogModel

/// A place in a hash run that moves forwards by hash.
///
/// A plain value that may be kept: the view is given to each call again.
public struct RunCursor: Sendable {
    private var partition = 0
    private var index = 0

    /// Stands before the first entry.
    public init() {}

    /// Stands before the first entry of `run` whose hash is at least `hash`.
    public init(atLeast hash: UInt64, in run: borrowing RunView) throws(FormatError) {
        self.partition = run.partition(of: hash)
        try run.checkPartition(self.partition)
        self.index = run.firstIndex(atLeast: hash, in: run.partition(self.partition))
    }

    /// The next entry, nil at the end. Checks each partition when it comes to it, which costs about a
    /// nanosecond an entry: what is merged goes into a new file with a new checksum, so it must be right.
    public mutating func next(in run: borrowing RunView) throws(FormatError) -> RunEntry? {
        while self.partition < run.header.partitionCount {
            let partition = run.partition(self.partition)
            if self.index == 0 { try run.checkPartition(self.partition) }
            if self.index < partition.count {
                defer { self.index += 1 }
                return run.entry(self.index, of: partition)
            }
            self.partition += 1
            self.index = 0
        }
        return nil
    }
}
