import LogFormat
import LogModel

/// The postings of one hash in one segment, ascending, as ordinals within the segment.
///
/// Of a sealed segment they are read from its index a few dozen at a time, and whole blocks are passed over. Of a
/// growing one the thread leads backwards, so it is followed down to where the reader is, and kept: 4 bytes for
/// each posting above that place.
struct SegmentPostings {
    /// How many postings are read from an index at once.
    private static let aheadCount = 32

    /// The postings that were read, ascending and without gaps.
    private var ahead: [UInt32] = []
    /// The place of ``current`` among them.
    private var at = 0
    /// The place below which ``expect(in:)`` has asked for the records.
    private var expected = 0
    /// Where the index goes on behind them; nil if these are all.
    private var rest: PostingCursor?

    /// The postings of `hash` from the ordinal `start` on, of records below `end`.
    ///
    /// Throws `corrupt` if a record on the thread is damaged.
    init(
        of hash: UInt64, _ kind: HashKind = .group, in segment: Segment, from start: UInt32,
        end: Offset
    ) throws(StorageError) {
        switch segment.index {
        case .growing(let index):
            self.ahead = try Self.followThread(of: hash, in: segment, index, from: start, end: end)
        case .sealed(let index):
            let cursor = try index.withView(of: segment, having: hash) { view in
                view.postings(of: hash, kind).map { PostingCursor($0, in: view.file) }
            }
            self.rest = cursor ?? nil
            try self.readAhead(from: start, in: segment)
        }
    }

    /// The posting that is next; nil at the end.
    var current: UInt32? { self.at < self.ahead.count ? self.ahead[self.at] : nil }

    /// Goes on to the posting after ``current``.
    mutating func advance(in segment: Segment) throws(StorageError) {
        guard let current = self.current else { return }
        self.at += 1
        if self.at == self.ahead.count { try self.readAhead(from: current + 1, in: segment) }
    }

    /// Goes on to the first posting that is not below `ordinal`.
    mutating func seek(atLeast ordinal: UInt32, in segment: Segment) throws(StorageError) {
        guard let last = self.ahead.last, last >= ordinal else {
            return try self.readAhead(from: ordinal, in: segment)
        }
        // Most readers go on to the next one.
        if self.ahead[self.at] < ordinal { self.at += 1 }
        var high = self.ahead.count
        while self.ahead[self.at] < ordinal {
            let middle = (self.at + high) / 2
            if self.ahead[middle] < ordinal { self.at = middle + 1 } else { high = middle }
        }
    }

    /// Asks for the memory of the next records, for who reads each of them.
    mutating func expect(in segment: Segment) {
        let bound = min(self.at + Segment.expectedCount, self.ahead.count)
        while self.expected < bound {
            segment.expect(self.ahead[self.expected])
            self.expected += 1
        }
    }

    /// Reads the postings from `start` on from the index, if there are more.
    private mutating func readAhead(
        from start: UInt32, in segment: Segment
    ) throws(StorageError) {
        self.at = 0
        self.expected = 0
        self.ahead.removeAll(keepingCapacity: true)
        guard var cursor = self.rest, let index = segment.sealed else { return }
        try index.withView(of: segment) { view in
            cursor.seek(atLeast: start, in: view.file)
            while self.ahead.count < Self.aheadCount, let ordinal = cursor.current {
                self.ahead.append(ordinal)
                cursor.advance(in: view.file)
            }
        }
        self.rest = cursor.current == nil ? nil : cursor
        for ordinal in self.ahead { index.expect(ordinal) }
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
