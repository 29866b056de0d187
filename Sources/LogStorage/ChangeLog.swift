package import LogFormat
package import LogModel

/// A log as readers see it: any thread, any number of cursors, no locks on the way to a record.
///
/// Not here: appending (`LogWriter`), opening (`Recovery`).
package final class ChangeLog: Sendable {
    /// How far the log has got.
    package let watermarks: Watermarks
    /// The log's name for ever.
    package let identity: LogIdentity
    /// The epoch of new records.
    package let epoch: Epoch
    /// Computes the hashes that this log's records carry.
    package let hasher: GroupHasher
    let segments: SegmentList

    init(
        watermarks: Watermarks, identity: LogIdentity, epoch: Epoch, hasher: GroupHasher,
        segments: SegmentList
    ) {
        self.watermarks = watermarks
        self.identity = identity
        self.epoch = epoch
        self.hasher = hasher
        self.segments = segments
    }

    /// The segment that holds the visible record `offset`, and the first offset that is not in it or not
    /// visible. Nil if there is no such record.
    package func extent(at offset: Offset) -> SegmentExtent? {
        let visible = self.watermarks.visible
        guard offset < visible, let found = self.segments.segment(of: offset) else { return nil }
        return SegmentExtent(segment: found.segment, end: min(found.end ?? visible, visible))
    }

    /// The token with which a reader that has taken everything below `next` resumes.
    ///
    /// `next` is at most `visible`. Throws `corrupt` if the record before it is damaged.
    package func token(at next: Offset) throws(StorageError) -> ResumeToken {
        guard let last = next.previous, let extent = self.extent(at: last) else {
            // The record before the first one that is kept: its segment's header still knows of it.
            let header = self.segments.firstHeader
            return ResumeToken(
                epoch: header?.previousEpoch ?? self.epoch, next: next,
                checksum: header?.previousChecksum ?? 0)
        }
        let record = try extent.segment.checkedRecord(at: last)
        return ResumeToken(
            epoch: extent.segment.header.epoch, next: next, checksum: record.checksum)
    }

    /// Why a reader cannot resume from a token.
    package enum ResumeFailure: String, Sendable, CaseIterable {
        /// The records after the token are no longer kept.
        case retained
        /// The token is from another log, or from a part of this log's history that was lost.
        case epoch
        /// The token names a place that this log never had.
        case unknownToken = "unknown-token"

        /// What happened and what to do, for people.
        package var explanation: String {
            switch self {
            case .retained: "the records after this token are no longer kept: begin anew"
            case .epoch: "this token is from another history of the log: begin anew"
            case .unknownToken: "this log never had the place that the token names: begin anew"
            }
        }
    }

    /// Whether the log can go on from `token`: nil if so, otherwise why not.
    package func refusal(of token: ResumeToken) -> ResumeFailure? {
        if token.next > self.watermarks.visible {
            return token.epoch == self.epoch ? .unknownToken : .epoch
        }
        if token.next < self.segments.first { return .retained }
        guard let own = try? self.token(at: token.next) else { return .unknownToken }
        if own.epoch != token.epoch { return .epoch }
        return own.checksum == token.checksum ? nil : .epoch
    }

    /// The offset of the first record that is kept.
    package var first: Offset { self.segments.first }
}

/// A stretch of visible records in one segment.
package struct SegmentExtent: Sendable {
    /// The segment.
    package let segment: Segment
    /// The first offset that does not belong to the stretch.
    package let end: Offset

    /// Up to `limit` offsets in `from ..< end` whose records carry a group with this hash, ascending: the
    /// smallest ones.
    ///
    /// Follows the group's thread from its last record, so that the cost grows with the number of the group's
    /// records above `from` in this segment, and not with the segment. Memory: 8 bytes for each of `limit`.
    /// Whoever uses a record compares the group's bytes, because two groups can share a hash.
    /// Throws `corrupt` if a record on the way was damaged since the log was opened.
    package func postings(
        of hash: UInt64, from: Offset, limit: Int
    ) throws(StorageError) -> [Offset] {
        guard limit > 0 else { return [] }
        var ring: [Offset] = []
        var oldest = 0
        var at = self.segment.head(of: hash, visible: self.end)
        while let offset = at, offset >= from {
            if offset < self.end {
                if ring.count < limit {
                    ring.append(offset)
                } else {
                    ring[oldest] = offset
                    oldest = (oldest + 1) % limit
                }
            }
            at = try self.previous(of: hash, before: offset)
        }
        // The ring holds the last ones visited, from the largest to the smallest, beginning at `oldest`.
        return (ring[oldest...] + ring[..<oldest]).reversed()
    }

    /// The batch that the record `offset`, which is in the stretch, belongs to. Takes time in proportion to
    /// its length. Looks at marks only, so that damage to the batch's other records does no harm here.
    package func batch(of offset: Offset) -> Range<Offset> {
        var first = offset
        while first > self.segment.base, !self.segment.marks(at: first).isFirstOfBatch,
            let previous = first.previous
        {
            first = previous
        }
        var next = offset.next
        while next < self.end, !self.segment.marks(at: Offset(next.rawValue - 1)).isLastOfBatch {
            next = next.next
        }
        return first..<next
    }

    private func previous(
        of hash: UInt64, before offset: Offset
    ) throws(StorageError) -> Offset? {
        let record = try self.segment.checkedRecord(at: offset)
        for index in 0..<record.groupCount where record.groupHash(index) == hash {
            let distance = UInt64(record.group(index).previousDistance)
            guard distance > 0, offset.rawValue - distance >= self.segment.base.rawValue else {
                return nil
            }
            return Offset(offset.rawValue - distance)
        }
        return nil
    }
}
