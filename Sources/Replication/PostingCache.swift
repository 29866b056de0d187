import LogModel
import LogStorage

/// The postings of groups that sessions of one event loop are catching up with, so that a group's thread is
/// followed once, and not from the segment's end for each step of each session.
///
/// Derived from the log and bounded: when it is full it is emptied, which costs time only.
///
/// Threads: only the event loop's.
struct PostingCache {
    private struct Key: Hashable {
        let segment: Offset
        let hash: UInt64
    }

    /// All postings of a group from `start` up to `end`, ascending.
    private struct Entry {
        let start: Offset
        let end: Offset
        let offsets: [Offset]
    }

    /// Postings that are kept, 8 bytes each, and that one group can have here.
    private let countMax: Int
    private var entries: [Key: Entry] = [:]
    private var count = 0

    init(countMax: Int) {
        precondition(countMax > 0, "a cache of \(countMax) postings serves nobody")
        self.countMax = countMax
    }

    /// Up to `limit` offsets from `start` on whose records in `extent` carry a group with this hash: the
    /// smallest ones, ascending. Fewer than `limit` only if there are no more in `extent`.
    ///
    /// Throws `corrupt` if a record on the way is damaged.
    mutating func postings(
        of hash: UInt64, in extent: SegmentExtent, from start: Offset, limit: Int
    ) throws(StorageError) -> [Offset] {
        let key = Key(segment: extent.segment.base, hash: hash)
        let limit = min(limit, self.countMax)
        if let entry = self.entries[key], entry.start <= start {
            let found = entry.offsets[Self.place(of: start, in: entry.offsets)...].prefix(limit)
            if found.count == limit || entry.end >= extent.end { return Array(found) }
        }
        let entry = try self.entry(key, in: extent, from: start)
        self.keep(entry, for: key)
        return Array(entry.offsets.prefix(limit))
    }

    /// Follows the group's thread, down to what is known already if that reaches so far.
    private func entry(
        _ key: Key, in extent: SegmentExtent, from start: Offset
    ) throws(StorageError) -> Entry {
        var known: ArraySlice<Offset> = []
        var rest = start
        if let old = self.entries[key], old.start <= start, old.end > start {
            known = old.offsets[Self.place(of: start, in: old.offsets)...]
            rest = old.end
        }
        let room = self.countMax - known.count
        // Without room what is known is as much as one group can have.
        guard room > 0 else { return Entry(start: start, end: rest, offsets: Array(known)) }
        let newer = try extent.postings(of: key.hash, from: rest, limit: room)
        var end = extent.end
        if newer.count == room, let last = newer.last { end = last.next }
        return Entry(start: start, end: end, offsets: known + newer)
    }

    private mutating func keep(_ entry: Entry, for key: Key) {
        self.count -= self.entries.removeValue(forKey: key)?.offsets.count ?? 0
        // An entry without postings takes room too.
        if self.count + entry.offsets.count > self.countMax || self.entries.count >= self.countMax {
            self.entries.removeAll()
            self.count = 0
        }
        self.entries[key] = entry
        self.count += entry.offsets.count
    }

    /// The place of the first offset that is not below `start`.
    private static func place(of start: Offset, in offsets: [Offset]) -> Int {
        var low = 0
        var high = offsets.count
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] < start { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
