import LogFormat
package import LogModel

/// Reading forwards what carries one of several groups, a bounded piece at a time, from any place.
extension HeldSegments {
    /// The first offsets from `start` on whose records carry a group with one of these hashes, ascending, and the
    /// bound below which these are all. The bound is above `start`, and there may be no offsets below it.
    ///
    /// `start` was kept and visible. In a sealed segment the cost grows with `limit`. In a growing one it is that
    /// of the group's records above `start` or that of all records between, whichever seems to be less.
    /// Throws `corrupt`.
    package func postings(
        of hashes: [UInt64], from start: Offset, limit: Int
    ) throws(StorageError) -> (offsets: [Offset], bound: Offset) {
        let index = self.index(of: start)
        let segment = self.segment(at: index)
        let end = self.end(of: index)
        if segment.sealed == nil, self.isDense(hashes, in: index, from: start, limit: limit) {
            let extent = SegmentExtent(segment: segment, end: end)
            let offsets = try extent.scan(for: hashes, from: start, to: end, limit: limit)
            return (offsets, offsets.count < limit ? end : offsets.last?.next ?? end)
        }
        let first = UInt32(start.distance(from: segment.base))
        var lists: [SegmentPostings] = []
        for hash in hashes {
            let list = try SegmentPostings(of: hash, in: segment, from: first, end: end)
            if list.current != nil { lists.append(list) }
        }
        var offsets: [Offset] = []
        while offsets.count < limit, let next = lists.compactMap(\.current).min() {
            let offset = segment.base.advanced(by: Int(next))
            guard offset < end else { break }
            offsets.append(offset)
            for place in lists.indices where lists[place].current == next {
                try lists[place].advance(in: segment)
            }
        }
        return (offsets, offsets.count < limit ? end : offsets.last?.next ?? end)
    }

    /// The batch that the visible record `offset`, which was kept or removed by compaction, belongs to. Takes
    /// time in proportion to its length. Throws `corrupt`.
    package func batch(of offset: Offset) throws(StorageError) -> Range<Offset> {
        let index = self.index(of: offset)
        return try SegmentExtent(segment: self.segment(at: index), end: self.end(of: index))
            .batch(of: offset)
    }

    /// Whether it takes fewer looks to find `limit` of the groups' records by looking at all records than along
    /// the threads, which begin at the other end.
    private func isDense(
        _ hashes: [UInt64], in index: Int, from start: Offset, limit: Int
    ) -> Bool {
        let span = Double(self.end(of: index).distance(from: start))
        var density = 0.0
        for hash in hashes {
            var left = 64
            let (found, first) = self.density(of: hash, in: index, recordsLeft: &left)
            let reach = self.end(of: index).distance(from: first)
            density += Double(found) / Double(max(reach, 1))
        }
        guard density > 0 else { return false }
        return min(Double(limit) / density, span) < density * span
    }
}
