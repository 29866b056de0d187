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
