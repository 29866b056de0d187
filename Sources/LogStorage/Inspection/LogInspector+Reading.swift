import LogFormat
package import LogModel
import Synchronization

/// Reading a log from outside as its own process reads it.
extension LogInspector {
    /// The log as it is now, for reading: what another process does to it afterwards is not seen. Records of
    /// segments that are removed meanwhile stay readable.
    ///
    /// The bound of what is visible is the last whole batch. Nothing is checked but what reading needs; other
    /// damage shows when it is read. Memory: 4 bytes for each record that is not sealed yet, 30 for each of them and
    /// their groups once many groups are looked for, and what `blockCacheByteCount` says.
    ///
    /// - Parameter damage: is told of what is missing or cannot be read, now and when an index is used; the rest of the
    ///   log is there. Without it the first such thing is thrown.
    ///
    /// Throws `notALog`, `corrupt`, or `io`.
    package func openLog(
        blockCacheByteCount: Int = LogOptions().blockCacheByteCount, damage: DamageHandler? = nil
    ) throws(StorageError) -> ChangeLog {
        let blocks = BlockCache(byteCountMax: blockCacheByteCount)
        for _ in 0..<Self.attempts {
            var opening = LogOpening(self, try self.listing(), blocks, damage)
            if let log = try opening.open() { return log }
        }
        throw StorageError(
            .io, "the log's segments changed each time that they were opened: try again",
            path: self.directory.path)
    }
}

/// One attempt to open a log from outside.
private struct LogOpening {
    private let inspector: LogInspector
    private let listing: LogListing
    private let meta: MetaPage
    private let hasher: GroupHasher
    private let blocks: BlockCache
    private let damage: DamageHandler?
    /// What is damaged, as long as it is not sure that it was not maintenance.
    private var findings: [StorageError] = []
    private var segments: [Segment] = []
    private var end = Offset.zero

    init(
        _ inspector: LogInspector, _ listing: LogListing, _ blocks: BlockCache,
        _ damage: DamageHandler?
    ) {
        self.inspector = inspector
        self.listing = listing
        self.meta = listing.meta.newest
        self.hasher = GroupHasher(key: listing.meta.newest.hashKey)
        self.blocks = blocks
        self.damage = damage
    }

    /// Nil if one of the segments has gone.
    mutating func open() throws(StorageError) -> ChangeLog? {
        let items = self.listing.segments
        self.end = self.meta.retained
        if let first = items.first, first.base > self.end {
            try self.lose(self.end..<first.base, "a segment file was lost")
        }
        for (place, item) in items.enumerated() {
            let next = place + 1 < items.count ? items[place + 1].base : nil
            do throws(StorageError) {
                if place > 0, self.end < item.base {
                    try self.lose(self.end..<item.base, "a segment file was lost")
                }
                let opened = try self.open(item, nextBase: next)
                guard opened.segment.header.identity == self.meta.identity else {
                    throw StorageError(
                        .corrupt, "the segment belongs to another log: take it away",
                        path: opened.segment.path, position: 16)
                }
                guard opened.segment.base == item.base else {
                    throw StorageError(
                        .corrupt,
                        "the segment begins at offset \(opened.segment.base) and is named for "
                            + "\(item.base)", path: opened.segment.path, position: 40)
                }
                self.segments.append(opened.segment)
                self.end = opened.end
            } catch {
                let inspector = self.inspector
                if !inspector.directory.has(item.name) { return nil }
                guard self.damage != nil else { throw error }
                self.findings.append(error)
                if let next {
                    try self.lose(item.base..<next, "the file \(item.name) cannot be read")
                } else if item.base < self.meta.durable {
                    try self.lose(
                        item.base..<self.meta.durable, "the file \(item.name) cannot be read")
                }
            }
        }
        if self.end < self.meta.durable, !self.segments.isEmpty {
            try self.lose(self.end..<self.meta.durable, "a segment file was lost, or its end")
        }
        guard !self.segments.isEmpty else {
            throw self.findings.first
                ?? StorageError(
                    .notALog, "the directory holds no segments",
                    path: self.inspector.directory.path)
        }
        for finding in self.findings { self.damage?(finding) }
        let runs = try? Recovery.openRuns(
            self.listing.inventory, of: self.segments, directory: self.inspector.directory,
            identity: self.meta.identity)
        return ChangeLog(
            watermarks: Watermarks(
                recovered: self.end, retained: self.segments.first?.base ?? .zero),
            identity: self.meta.identity, epoch: self.meta.epoch, hasher: self.hasher,
            segments: SegmentList(self.segments), runs: runs ?? RunSet())
    }

    private mutating func open(
        _ item: LogListing.Item, nextBase: Offset?
    ) throws(StorageError) -> (segment: Segment, end: Offset) {
        let directory = self.inspector.directory
        let sealed = try Recovery.openSealed(
            Inventory.Item(base: item.base, isCold: item.isCold), in: directory,
            blocks: self.blocks, hasher: self.hasher, damage: self.damage)
        if let sealed, let facts = sealed.facts {
            if let nextBase, facts.end > nextBase {
                throw StorageError(
                    .corrupt,
                    "the segment runs into the next one, which begins at offset \(nextBase)",
                    path: sealed.path, position: Int(facts.endPosition), offset: nextBase)
            }
            return (sealed, facts.end)
        }
        let segment = try Recovery.openGrowing(try directory.open(item.name, .read))
        let found = DamageList()
        let records = UnsealedRecords(
            of: segment, nextBase: nextBase, durable: self.meta.durable
        ) { found.add($0) }
        if let first = found.all.first, self.damage == nil { throw first }
        self.findings += found.all
        return (segment, records.end)
    }

    /// Puts a gap in the place of `range`.
    private mutating func lose(_ range: Range<Offset>, _ reason: String) throws(StorageError) {
        let path = self.inspector.directory.path
        let error = StorageError(
            .corrupt,
            "the records \(range.lowerBound) to \(range.upperBound.rawValue - 1) are missing: \(reason); "
                + "restore it from a copy", path: path, offset: range.lowerBound)
        guard self.damage != nil else { throw error }
        self.findings.append(error)
        let before = self.segments.last
        self.segments.append(
            try Segment(
                lost: path,
                SegmentHeader(
                    identity: self.meta.identity, epoch: before?.epoch ?? self.meta.epoch,
                    base: range.lowerBound, fileCount: SegmentHeader.fileCounts.lowerBound,
                    previousEpoch: before?.epoch ?? self.meta.epoch, previousChecksum: 0)))
        self.end = range.upperBound
    }
}

/// What was found damaged while a segment was opened.
private final class DamageList: Sendable {
    private let errors = Mutex<[StorageError]>([])

    var all: [StorageError] { self.errors.withLock { $0 } }

    func add(_ error: StorageError) { self.errors.withLock { $0.append(error) } }
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
