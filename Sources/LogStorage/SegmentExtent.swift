package import LogFormat
package import LogModel

/// A stretch of visible records in one segment. The segment's records stay readable as long as this is held,
/// whatever becomes of its file.
package struct SegmentExtent: Sendable {
    /// The segment.
    package let segment: Segment
    /// The first offset that does not belong to the stretch.
    package let end: Offset

    /// Up to `limit` offsets in `from ..< end` whose records carry a group with this hash, ascending: the
    /// smallest ones.
    ///
    /// The cost grows with `limit` in a sealed segment, and with the number of the group's records above `from`
    /// in a growing one. Whoever uses a record compares the group's bytes, because two groups can share a
    /// hash. Throws `corrupt` if a record on the way is damaged.
    package func postings(
        of hash: UInt64, from: Offset, limit: Int
    ) throws(StorageError) -> [Offset] {
        let base = self.segment.base
        let start = UInt32(max(from, base).distance(from: base))
        var postings = try SegmentPostings(of: hash, in: self.segment, from: start, end: self.end)
        var offsets: [Offset] = []
        while offsets.count < limit, let ordinal = postings.current {
            let offset = base.advanced(by: Int(ordinal))
            guard offset < self.end else { break }
            offsets.append(offset)
            try postings.advance(in: self.segment)
        }
        return offsets
    }

    /// Asks for the memory of the records that come soon after the one at `offsets[place]`, for who reads them all
    /// one after the other and calls this before each.
    package func expect(_ offsets: [Offset], after place: Int) {
        // The first call asks for the first ones together.
        let first = place == 0 ? 1 : place + Segment.expectedCount
        for offset in offsets.dropFirst(first).prefix(place + 1 + Segment.expectedCount - first) {
            self.segment.expect(UInt32(offset.distance(from: self.segment.base)))
        }
    }

    /// Whether the segment is not sealed, so that groups are found along their threads.
    package var isGrowing: Bool { self.segment.sealed == nil }

    /// The offsets from `bound` up to ``end`` whose records carry a group with this hash, ascending; nil if that takes
    /// more than `stepsMax` steps along the group's thread. Only of a segment that is growing.
    ///
    /// Throws `corrupt` if a record on the thread is damaged.
    package func thread(
        of hash: UInt64, downTo bound: Offset, stepsMax: Int
    ) throws(StorageError) -> [Offset]? {
        guard case .growing(let index) = self.segment.index else {
            preconditionFailure("a segment that is sealed has no threads to follow")
        }
        let base = self.segment.base
        var offsets: [Offset] = []
        var steps = 0
        var at = index.head(of: hash, visible: self.end)
        while let offset = at, offset >= bound {
            guard steps < stepsMax else { return nil }
            steps += 1
            if offset < self.end { offsets.append(offset) }
            let previous = try self.segment.withRecord(at: offset) {
                $0.previous(of: hash, from: base)
            }
            at = previous ?? nil
        }
        offsets.reverse()
        return offsets
    }

    /// The offsets in `start ..< bound` whose records carry a group with one of these hashes, ascending, up to
    /// `limit` of them. Looks at every record. Throws `corrupt`.
    package func scan(
        for hashes: [UInt64], from start: Offset, to bound: Offset, limit: Int = .max
    ) throws(StorageError) -> [Offset] {
        let wanted = Set(hashes)
        var offsets: [Offset] = []
        var offset = start
        while offset < min(bound, self.end), offsets.count < limit {
            let carries = try self.segment.withRecord(at: offset) { record in
                for index in 0..<record.groupCount where wanted.contains(record.groupHash(index)) {
                    return true
                }
                return false
            }
            if carries == true { offsets.append(offset) }
            offset = offset.next
        }
        return offsets
    }

    /// The batch that the record `offset`, which is in the stretch, belongs to. Takes time in proportion to
    /// its length. Throws `corrupt`; of a hot segment it looks at marks only, so that damage to the batch's
    /// other records does no harm here.
    package func batch(of offset: Offset) throws(StorageError) -> Range<Offset> {
        var first = offset
        while first > self.segment.base, try !self.segment.marks(at: first).isFirstOfBatch,
            let previous = first.previous
        {
            first = previous
        }
        var next = offset.next
        while next < self.end, try !self.segment.marks(at: Offset(next.rawValue - 1)).isLastOfBatch
        {
            next = next.next
        }
        return first..<next
    }

    /// Lends every record from `start` on to `body`, in order, after a check of its checksum; those that
    /// compaction removed are passed over. The fastest way through the log.
    package func forEachRecord(
        from start: Offset, _ body: (borrowing RecordView) throws(StorageError) -> Void
    ) throws(StorageError) {
        try self.segment.forEachRecord(from: start, upTo: self.end) {
            record, _ throws(StorageError) in
            try body(record)
        }
    }
}
