import LogFormat
package import LogModel

/// Reading a log from outside as its own process reads it.
extension LogInspector {
    /// The log as it is now, for reading: what another process does to it afterwards is not seen. Records of
    /// segments that are removed meanwhile stay readable.
    ///
    /// The bound of what is visible is the last whole batch. Nothing is checked but what reading needs; damage
    /// shows when it is read. Memory: 12 bytes for each record that is not sealed yet, and what
    /// `blockCacheByteCount` says.
    ///
    /// Throws `notALog`, `corrupt` if a first page is damaged, or `io`.
    package func openLog(
        blockCacheByteCount: Int = LogOptions().blockCacheByteCount
    ) throws(StorageError) -> ChangeLog {
        let blocks = BlockCache(byteCountMax: blockCacheByteCount)
        for _ in 0..<Self.attempts {
            let listing = try self.listing()
            if let log = try self.open(listing, blocks) { return log }
        }
        throw StorageError(
            .io, "the log's segments changed each time that they were opened: try again",
            path: self.directory.path)
    }

    /// Nil if one of the segments has gone.
    private func open(
        _ listing: LogListing, _ blocks: BlockCache
    ) throws(StorageError) -> ChangeLog? {
        let meta = listing.meta.newest
        let hasher = GroupHasher(key: meta.hashKey)
        var segments: [Segment] = []
        var end = Offset.zero
        for (place, item) in listing.segments.enumerated() {
            let next = place + 1 < listing.segments.count ? listing.segments[place + 1].base : nil
            do throws(StorageError) {
                let opened = try self.open(item, hasher, blocks)
                segments.append(opened.segment)
                end = next ?? opened.end
            } catch {
                if !self.directory.has(item.name) { return nil }
                throw error
            }
        }
        guard !segments.isEmpty else {
            throw StorageError(
                .notALog, "the directory holds no segments", path: self.directory.path)
        }
        let runs = try? Recovery.openRuns(
            listing.inventory, of: segments, directory: self.directory, identity: meta.identity)
        return ChangeLog(
            watermarks: Watermarks(recovered: end, retained: segments.first?.base ?? .zero),
            identity: meta.identity, epoch: meta.epoch, hasher: hasher,
            segments: SegmentList(segments), runs: runs ?? RunSet())
    }

    private func open(
        _ item: LogListing.Item, _ hasher: GroupHasher, _ blocks: BlockCache
    ) throws(StorageError) -> (segment: Segment, end: Offset) {
        let sealed = try Recovery.openSealed(
            Inventory.Item(base: item.base, isCold: item.isCold), in: self.directory,
            blocks: blocks, hasher: hasher)
        if let sealed, let facts = sealed.facts { return (sealed, facts.end) }
        let file = try self.directory.open(item.name, .read)
        let segment = try Recovery.openGrowing(file)
        let bytes = try file.read(at: 0, count: segment.header.recordsEnd)
        let scan = SegmentScan(bytes, header: segment.header) { record, position in
            segment.growing?.add(record.offset, at: position)
            segment.growing?.thread(record)
        }
        return (segment, scan.end)
    }
}

extension ChangeLog {
    /// The segments, ascending, each with the first offset that is not in it.
    package var extents: [SegmentExtent] {
        let segments = self.segments.all
        let visible = self.watermarks.visible
        return segments.indices.map { index in
            let end = index + 1 < segments.count ? segments[index + 1].base : visible
            return SegmentExtent(segment: segments[index], end: min(end, visible))
        }
    }
}

extension SegmentExtent {
    /// The part of the stretch that is below `end`.
    package func prefix(upTo end: Offset) -> SegmentExtent {
        SegmentExtent(segment: self.segment, end: min(self.end, end))
    }
}
