import LogModel
import LogStorage

/// Where the records of a group are, for sessions that catch up: a bounded piece at a time, and of a segment that still
/// grows each piece once for all sessions of the event loop.
///
/// A sealed segment's index gives its postings at once. In a growing one the thread leads backwards from the group's
/// last record, so a piece is one of
///
///     tail     the postings from some place up to the end, if the thread gets there in `walkMax` steps; what is
///              new is put behind
///     block    the postings among `blockCount` records, found by looking at all of them: for a group that has
///              more than that above the place, and so is dense
///
/// Derived from the log and bounded: what is dropped is found again, which costs time only.
///
/// Threads: only the event loop's.
struct PostingCache {
    private struct Key: Hashable {
        let segment: Offset
        let hash: UInt64
        /// The number of the block in the segment; -1 for the tail.
        let block: Int
    }

    /// All postings of a group from `start` up to `end`, ascending.
    private struct Piece {
        var start: Offset
        var end: Offset
        var offsets: [Offset]

        /// What the piece counts for: an empty one takes room as well.
        var count: Int { self.offsets.count + 8 }

        func postings(from start: Offset, limit: Int) -> Found {
            let found = self.offsets[self.place(of: start)...].prefix(limit)
            let end = found.count == limit ? found.last?.next : nil
            return (Array(found), end ?? self.end)
        }

        /// The place of the first offset that is not below `start`.
        func place(of start: Offset) -> Int {
            var low = 0
            var high = self.offsets.count
            while low < high {
                let middle = (low + high) / 2
                if self.offsets[middle] < start { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    /// Offsets, and the bound below which these are all.
    typealias Found = (offsets: [Offset], bound: Offset)

    /// Records on a thread that are looked at before a group counts as dense.
    private let walkMax: Int
    /// Records of a block.
    private let blockCount: Int
    /// Postings that are kept, 8 bytes each.
    private let countMax: Int
    private var pieces: [Key: Piece] = [:]
    private var count = 0

    init(countMax: Int, walkMax: Int = 4096, blockCount: Int = 4096) {
        precondition(countMax > 0 && blockCount > 0, "a cache of nothing serves nobody")
        self.countMax = countMax
        self.walkMax = walkMax
        self.blockCount = blockCount
    }

    /// Offsets from `start` on, which lies in `extent`, whose records carry a group with this hash: the smallest ones,
    /// ascending, `limit` at most; and the bound, above `start`, below which these are all.
    ///
    /// Looks at about `walkMax` and `blockCount` records at most, and in a sealed segment at none. Throws `corrupt` if a
    /// record on the way is damaged.
    mutating func postings(
        of hash: UInt64, in extent: SegmentExtent, from start: Offset, limit: Int
    ) throws(StorageError) -> Found {
        let limit = max(limit, 1)
        guard extent.isGrowing else {
            let offsets = try extent.postings(of: hash, from: start, limit: limit)
            let isAll = offsets.count < limit
            return (offsets, isAll ? extent.end : offsets.last?.next ?? extent.end)
        }
        if let tail = try self.tail(of: hash, in: extent, from: start) {
            return tail.postings(from: start, limit: limit)
        }
        return try self.block(of: hash, in: extent, at: start).postings(from: start, limit: limit)
    }

    /// The tail from `start` or before; nil if the thread is too long.
    private mutating func tail(
        of hash: UInt64, in extent: SegmentExtent, from start: Offset
    ) throws(StorageError) -> Piece? {
        let key = Key(segment: extent.segment.base, hash: hash, block: -1)
        if var tail = self.pieces[key], tail.start <= start {
            if tail.end >= extent.end { return tail }
            self.drop(key)
            if let newer = try extent.thread(of: hash, downTo: tail.end, stepsMax: self.walkMax) {
                tail.offsets += newer
                tail.end = extent.end
                self.trim(&tail, from: start)
                self.keep(tail, for: key)
                return tail
            }
        }
        guard
            let offsets = try extent.thread(of: hash, downTo: start, stepsMax: self.walkMax)
        else { return nil }
        let tail = Piece(start: start, end: extent.end, offsets: offsets)
        self.keep(tail, for: key)
        return tail
    }

    /// Lets go of what is long before `start`, so that no tail grows with its segment.
    private func trim(_ tail: inout Piece, from start: Offset) {
        let place = tail.place(of: start)
        guard place > self.walkMax else { return }
        tail.offsets.removeFirst(place)
        tail.start = start
    }

    /// The block that `start` is in.
    private mutating func block(
        of hash: UInt64, in extent: SegmentExtent, at start: Offset
    ) throws(StorageError) -> Piece {
        let base = extent.segment.base
        let number = start.distance(from: base) / self.blockCount
        let first = base.advanced(by: number * self.blockCount)
        let end = min(first.advanced(by: self.blockCount), extent.end)
        let key = Key(segment: base, hash: hash, block: number)
        var block = self.pieces[key] ?? Piece(start: first, end: first, offsets: [])
        guard block.end < end else { return block }
        self.drop(key)
        block.offsets += try extent.scan(for: [hash], from: block.end, to: end)
        block.end = end
        self.keep(block, for: key)
        return block
    }

    private mutating func drop(_ key: Key) {
        self.count -= self.pieces.removeValue(forKey: key)?.count ?? 0
    }

    private mutating func keep(_ piece: Piece, for key: Key) {
        self.drop(key)
        while self.count + piece.count > self.countMax, let other = self.pieces.first {
            self.drop(other.key)
        }
        self.pieces[key] = piece
        self.count += piece.count
    }
}
