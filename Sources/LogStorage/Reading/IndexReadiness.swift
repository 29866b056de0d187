package import LogModel

extension ChangeLog {
    /// Checks the indexes of the segment of `start` and of those after it, as many as there are processors and all at
    /// once, for who looks into one after the other: an index is checked when it is first asked, which takes a
    /// millisecond or two.
    ///
    /// - Parameter hashes: what will be looked for, so that indexes that have none of it are left alone.
    /// - Returns: the offset behind the last of these segments; `start` if nothing is visible there.
    ///
    /// What is wrong with an index shows when it is asked. Throws `retained`.
    package func prepareIndexes(
        from start: Offset, having hashes: [UInt64]
    ) throws(StorageError) -> Offset {
        var end = start
        var extents: [SegmentExtent] = []
        while extents.count < Processors.count, let extent = try self.extent(at: end) {
            extents.append(extent)
            end = extent.end
        }
        let found = extents
        _ = Processors.map(found.count) { place in
            let segment = found[place].segment
            for hash in hashes {
                _ = try? segment.sealed?.withView(of: segment, having: hash) { _ in }
            }
        }
        return end
    }
}
