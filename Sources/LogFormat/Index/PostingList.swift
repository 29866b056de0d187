/// The ordinals of the records of one segment that a hash finds, ascending.
///
/// A plain value that may be kept: the bytes that it was read from, those of the whole index file, are
/// given to each call again. It means nothing in another file.
public struct PostingList: Hashable, Sendable {
    /// What the hash is of.
    public let kind: HashKind
    /// How many ordinals there are, at least 1.
    public let count: Int
    /// The lowest ordinal.
    public let first: UInt32
    /// The highest ordinal.
    public let last: UInt32
    /// Where in the file the skip table begins; lists of one block have none.
    private let skipTable: Int
    /// Where in the file the blocks begin.
    private let blocks: Int

    /// Where in the file the first step is.
    var start: Int { self.blocks }

    /// The list of one ordinal, which has no bytes of its own.
    init(kind: HashKind, only ordinal: UInt32) {
        self.kind = kind
        self.count = 1
        self.first = ordinal
        self.last = ordinal
        self.skipTable = 0
        self.blocks = 0
    }

    /// The list of two or more ordinals at `position` of `file`. Decodes a list of one block to its end.
    init(kind: HashKind, count: Int, position: Int, in file: RawSpan) {
        self.kind = kind
        self.count = count
        self.skipTable = position
        self.blocks = position + PostingCode.skipTableCount(for: count)
        var at = self.blocks
        var ordinal = PostingCode.step(in: file, at: &at)
        self.first = UInt32(truncatingIfNeeded: ordinal)
        if count <= PostingCode.blockCount {
            for _ in 1..<count { ordinal += PostingCode.step(in: file, at: &at) + 1 }
            self.last = UInt32(truncatingIfNeeded: ordinal)
        } else {
            self.last = file.loadLittleEndian(
                self.blocks - PostingCode.skipStride, as: UInt32.self)
        }
    }

    /// The highest ordinal that is at most `ordinal`, nil if all are above. Decodes one block at most.
    public func last(atMost ordinal: UInt32, in file: RawSpan) -> UInt32? {
        guard ordinal < self.last else { return self.last }
        guard ordinal >= self.first else { return nil }
        let block = self.block(holding: ordinal, from: 0, in: file)
        var found = block.before
        var at = block.position
        while true {
            let next = found + PostingCode.step(in: file, at: &at) + 1
            // The list's last ordinal is above, so the loop ends within the list.
            if next > Int(ordinal) { return UInt32(truncatingIfNeeded: found) }
            found = next
        }
    }

    /// A block of the list, to be decoded from its start.
    struct Block {
        /// How many blocks there are before this one.
        let index: Int
        /// Where in the file its first step is.
        let position: Int
        /// The ordinal that the first step counts from; -1 in the first block.
        let before: Int
    }

    /// The first block, at `index` or later, that ends with `ordinal` or a higher one. `ordinal` is at
    /// most ``last``.
    func block(holding ordinal: UInt32, from index: Int, in file: RawSpan) -> Block {
        guard self.count > PostingCode.blockCount else {
            return Block(index: 0, position: self.blocks, before: -1)
        }
        var low = index
        var high = (self.count - 1) / PostingCode.blockCount
        while low < high {
            let middle = (low + high) / 2
            if self.lastOrdinal(ofBlock: middle, in: file) < ordinal {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low > 0 else { return Block(index: 0, position: self.blocks, before: -1) }
        let line = self.skipTable + (low - 1) * PostingCode.skipStride
        let end = file.loadLittleEndian(line + 4, as: UInt32.self)
        return Block(
            index: low, position: self.blocks + Int(end),
            before: Int(self.lastOrdinal(ofBlock: low - 1, in: file)))
    }

    @inline(__always)
    private func lastOrdinal(ofBlock index: Int, in file: RawSpan) -> UInt32 {
        file.loadLittleEndian(self.skipTable + index * PostingCode.skipStride, as: UInt32.self)
    }
}
