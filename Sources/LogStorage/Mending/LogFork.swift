import LogFormat
package import LogModel

/// Makes another log that is the same up to some place, and goes its own way from there.
///
/// Sealed segments are the same files under two names, so that nothing is copied but, at most, one segment. The new
/// log has the identity of the old one: resume tokens from before the place hold in both.
package struct LogFork {
    /// What was made.
    package struct Result: Hashable, Sendable {
        /// Where it begins to go its own way: between two batches, at the place that was asked for or before it.
        package let end: Offset
        /// Segments that are the same files in both logs.
        package let linkedCount: Int
        /// Bytes that were copied.
        package let copiedByteCount: Int
    }

    private let source: LogDirectory
    private let target: LogDirectory

    /// Prepares to fork the log in `source` into the directory `target`, which has to be on the same file system, and
    /// empty or not there.
    package init(of source: LogDirectory, into target: LogDirectory) {
        self.source = source
        self.target = target
    }

    /// Forks at `place`, or where the batch begins that it is in.
    ///
    /// Throws `notALog` if the target is not empty, or if records of the segment in which the place lies were removed by
    /// compaction, so that it cannot be cut; `corrupt` if something that has to be copied is damaged; `io`.
    package func run(at place: Offset) throws(StorageError) -> Result {
        try self.target.requireEmpty()
        try self.target.disk.createDirectory(self.target.path)
        let inspector = LogInspector(self.source)
        let log = try inspector.openLog()
        let meta = try inspector.meta().newest
        let end = try self.boundary(place, log)
        var linkedCount = 0
        var copiedByteCount = 0
        var lastBase = log.first
        var hasOpenSegment = false
        for extent in log.extents
        where extent.segment.base < end || extent.segment.base == log.first {
            let segment = extent.segment
            lastBase = segment.base
            if segment.facts != nil, extent.end <= end {
                try self.link(segment)
                linkedCount += 1
            } else {
                copiedByteCount += try self.copy(segment, upTo: min(end, extent.end))
                hasOpenSegment = extent.end >= end
            }
        }
        let page = MetaPage(
            generation: 0, identity: meta.identity, hashKey: meta.hashKey,
            epoch: Recovery.newEpoch(self.target), boot: MetaFile.unknownBoot,
            isVisibleAheadOfDurable: true, isClosedCleanly: false)
        if !hasOpenSegment, let last = log.segments.segment(of: lastBase)?.segment,
            let facts = last.facts
        {
            lastBase = facts.end
            try SegmentFile.writeEmpty(
                SegmentHeader(
                    identity: meta.identity, epoch: page.epoch, base: facts.end,
                    fileCount: facts.header.fileCount, previousEpoch: facts.header.epoch,
                    previousChecksum: facts.lastChecksum), in: self.target)
        }
        try self.linkRuns(upTo: end)
        var created = try MetaFile.create(page, in: self.target)
        try created.update { page in
            page.activeBase = lastBase
            page.retained = log.first
        }
        return Result(end: end, linkedCount: linkedCount, copiedByteCount: copiedByteCount)
    }

    /// The beginning of the batch that `place` is in.
    private func boundary(_ place: Offset, _ log: ChangeLog) throws(StorageError) -> Offset {
        guard place >= log.first else {
            throw StorageError(
                .retained, "the log begins at offset \(log.first), after the place to fork at",
                path: self.source.path, offset: place)
        }
        guard let extent = try log.extent(at: place) else { return log.watermarks.visible }
        return try extent.batch(of: place).lowerBound
    }

    private func link(_ segment: Segment) throws(StorageError) {
        let base = segment.base
        let name =
            segment.cold != nil ? ColdFile.name(base: base) : SegmentFile.name(base: base)
        for name in [name, IndexFile.name(base: base)] where self.source.has(name) {
            try self.source.disk.link(
                self.source.path(of: name), as: self.target.path(of: name))
        }
    }

    /// Writes the records below `end` into a segment that is not sealed. Returns how many bytes.
    private func copy(_ segment: Segment, upTo end: Offset) throws(StorageError) -> Int {
        let header = segment.header
        var position = SegmentHeader.count
        var next = segment.base
        try self.target.write(SegmentFile.name(base: segment.base)) { file throws(StorageError) in
            try file.reserve(Int(header.fileCount))
            try file.write(header.bytes.span.bytes, at: 0)
            var pending: [UInt8] = []
            try segment.forEachRecord(upTo: end) { record, _ throws(StorageError) in
                guard record.offset == next else {
                    throw StorageError(
                        .notALog,
                        "compaction took records from the segment at offset \(segment.base), so that it "
                            + "cannot be cut in the middle: fork at offset \(segment.base), or where a "
                            + "later segment begins", path: segment.path, offset: next)
                }
                next = next.next
                pending += record.bytes.copy()
                if pending.count >= 1 << 20 {
                    try file.write(pending.span.bytes, at: position)
                    position += pending.count
                    pending.removeAll(keepingCapacity: true)
                }
            }
            try file.write(pending.span.bytes, at: position)
            position += pending.count
        }
        return position
    }

    /// Runs are derived: one that knows more than the fork has is left out.
    private func linkRuns(upTo end: Offset) throws(StorageError) {
        let identity = try LogInspector(self.source).meta().newest.identity
        for name in try self.source.names() {
            let isKeys = RunFile.Name.isKeys(name)
            guard isKeys || name == RunFile.Name.removed,
                let run = try RunFile.open(name, in: self.source, identity: identity)
            else { continue }
            if isKeys, run.header.end > end { continue }
            try self.source.disk.link(
                self.source.path(of: name), as: self.target.path(of: name))
        }
    }
}
