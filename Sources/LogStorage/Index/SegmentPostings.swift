import LogFormat
import LogModel

/// The postings of one hash in one segment, ascending, as ordinals within the segment.
///
/// Of a sealed segment they are read from its index, where whole blocks are passed over. Of a growing one the
/// thread leads backwards, so it is followed down to where the reader is, and kept: 4 bytes for each posting
/// above that place.
struct SegmentPostings {
    private enum Source {
        case none
        case thread([UInt32], at: Int)
        case index(PostingCursor)
    }

    private var source: Source

    /// The postings of `hash` from the ordinal `start` on, of records below `end`.
    ///
    /// Throws `corrupt` if a record on the thread is damaged.
    init(
        of hash: UInt64, _ kind: HashKind = .group, in segment: Segment, from start: UInt32,
        end: Offset
    ) throws(StorageError) {
        switch segment.index {
        case .growing(let index):
            let ordinals = try Self.followThread(
                of: hash, in: segment, index, from: start, end: end)
            self.source = .thread(ordinals, at: 0)
        case .sealed(let index):
            self.source = try index.withView(of: segment) { view in
                guard let list = view.postings(of: hash, kind) else { return .none }
                var cursor = PostingCursor(list, in: view.file)
                cursor.seek(atLeast: start, in: view.file)
                return .index(cursor)
            }
        }
    }

    /// The posting that is next; nil at the end.
    var current: UInt32? {
        switch self.source {
        case .none: nil
        case .thread(let ordinals, let at): at < ordinals.count ? ordinals[at] : nil
        case .index(let cursor): cursor.current
        }
    }

    /// Goes on to the posting after ``current``.
    mutating func advance(in segment: Segment) throws(StorageError) {
        switch self.source {
        case .none: break
        case .thread(let ordinals, let at): self.source = .thread(ordinals, at: at + 1)
        case .index(var cursor):
            try segment.sealed?.withView(of: segment) { view in cursor.advance(in: view.file) }
            self.source = .index(cursor)
        }
    }

    /// Goes on to the first posting that is not below `ordinal`.
    mutating func seek(atLeast ordinal: UInt32, in segment: Segment) throws(StorageError) {
        switch self.source {
        case .none: break
        case .thread(let ordinals, let at):
            var low = at
            var high = ordinals.count
            while low < high {
                let middle = (low + high) / 2
                if ordinals[middle] < ordinal { low = middle + 1 } else { high = middle }
            }
            self.source = .thread(ordinals, at: low)
        case .index(var cursor):
            try segment.sealed?.withView(of: segment) { view in
                cursor.seek(atLeast: ordinal, in: view.file)
            }
            self.source = .index(cursor)
        }
    }

    /// The ordinals from `start` on of the records below `end` on the thread of `hash`, ascending.
    private static func followThread(
        of hash: UInt64, in segment: Segment, _ index: GrowingIndex, from start: UInt32, end: Offset
    ) throws(StorageError) -> [UInt32] {
        var ordinals: [UInt32] = []
        var at = index.head(of: hash, visible: end)
        while let offset = at, offset.distance(from: segment.base) >= Int(start) {
            if offset < end { ordinals.append(UInt32(offset.distance(from: segment.base))) }
            let previous = try segment.withRecord(at: offset) { record in
                record.previous(of: hash, from: segment.base)
            }
            at = previous ?? nil
        }
        ordinals.reverse()
        return ordinals
    }
}

extension RecordView {
    /// The record before this one on the thread of `hash`, a group's or the key's, in the segment that begins
    /// at `base`.
    func previous(of hash: UInt64, from base: Offset) -> Offset? {
        for index in 0..<self.groupCount where self.groupHash(index) == hash {
            let distance = UInt64(self.group(index).previousDistance)
            guard distance > 0, self.offset.rawValue - distance >= base.rawValue else {
                return nil
            }
            return Offset(self.offset.rawValue - distance)
        }
        guard self.keyHash == hash, let previous = self.previousOfKey else { return nil }
        return previous >= base ? previous : nil
    }
}
