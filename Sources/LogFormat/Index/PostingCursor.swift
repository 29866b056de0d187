/// A place in a list of postings that moves forwards.
///
/// A plain value that may be kept: the bytes of the whole index file are given to each call again.
public struct PostingCursor: Sendable {
    /// The list.
    public let list: PostingList
    /// The ordinal at the cursor, nil behind the last one.
    public private(set) var current: UInt32?
    /// How many ordinals come before the current one.
    public private(set) var index: Int
    /// Where in the file the step to the next ordinal is.
    private var next: Int

    /// Stands at the first ordinal of `list`.
    public init(_ list: PostingList, in file: RawSpan) {
        self.list = list
        self.current = list.first
        self.index = 0
        self.next = 0
        guard list.count > 1 else { return }
        var at = list.start
        _ = PostingCode.step(in: file, at: &at)
        self.next = at
    }

    /// Moves to the next ordinal, or behind the last one.
    public mutating func advance(in file: RawSpan) {
        guard let current = self.current else { return }
        self.index += 1
        guard self.index < self.list.count else {
            self.current = nil
            return
        }
        let step = PostingCode.step(in: file, at: &self.next)
        self.current = UInt32(truncatingIfNeeded: Int(current) + step + 1)
    }

    /// Moves to the first ordinal that is at least `ordinal`, or behind the last one; never backwards.
    /// Blocks that lie between are not decoded.
    public mutating func seek(atLeast ordinal: UInt32, in file: RawSpan) {
        guard let current = self.current, current < ordinal else { return }
        guard ordinal <= self.list.last else {
            self.current = nil
            self.index = self.list.count
            return
        }
        let ownBlock = self.index / PostingCode.blockCount
        let block = self.list.block(holding: ordinal, from: ownBlock, in: file)
        var found = Int(current)
        if block.index > ownBlock {
            self.index = block.index * PostingCode.blockCount - 1
            self.next = block.position
            found = block.before
        }
        // The list's last ordinal is not below, so the loop ends within the list.
        while found < Int(ordinal) {
            found += PostingCode.step(in: file, at: &self.next) + 1
            self.index += 1
        }
        self.current = UInt32(truncatingIfNeeded: found)
    }
}
