import LogFormat
import LogModel

/// The steps of opening a log, in the order in which `Recovery.open` takes them.
extension Recovery {
    /// Opens the meta file, or creates it if the directory holds nothing of a log.
    static func openMeta(
        _ directory: LogDirectory, options: LogOptions, report: inout RecoveryReport
    ) throws(StorageError) -> MetaFile {
        let names = try directory.names()
        if names.contains(MetaFile.name) {
            let meta = try MetaFile.open(in: directory)
            try meta.lock(directory)
            report.wasClosedCleanly = meta.page.isClosedCleanly
            return meta
        }
        if let segment = names.first(where: { SegmentFile.base(inName: $0) != nil }) {
            throw StorageError(
                .notALog,
                "the directory holds segments but not the file \(MetaFile.name), without which they cannot "
                    + "be read: restore it from a copy", path: directory.path(of: segment))
        }
        report.isNew = true
        let secret = directory.disk.randomIdentity()
        let page = MetaPage(
            generation: 0, identity: directory.disk.randomIdentity(),
            hashKey: SipHash.Key(low: secret.low, high: secret.high),
            epoch: self.newEpoch(directory),
            boot: try directory.disk.bootIdentity(),
            isVisibleAheadOfDurable: options.acknowledgement == .written, isClosedCleanly: true)
        let meta = try MetaFile.create(page, in: directory)
        try meta.lock(directory)
        return meta
    }

    /// A new epoch, at random.
    static func newEpoch(_ directory: LogDirectory) -> Epoch {
        Epoch(max(directory.disk.randomNumber(), 1))
    }

    /// Checks that the log has the segments that it must have: it must not begin again at offset 0 under the
    /// same epoch, and neither its first nor its last segment may be lost.
    static func check(
        _ inventory: Inventory, meta: MetaPage, isPageLost: Bool, directory: LogDirectory
    ) throws(StorageError) {
        guard let first = inventory.segments.first, let last = inventory.segments.last else {
            guard meta.generation > 0 else { return }
            throw StorageError(
                .notALog,
                "the directory holds the file \(MetaFile.name) of a log but none of its segments: restore "
                    + "them from a copy, or choose an empty directory for a new log",
                path: directory.path)
        }
        // The page that is lost may have said that what is missing was removed.
        guard first.base <= meta.retained || isPageLost else {
            throw StorageError(
                .corrupt,
                "the records \(meta.retained) to \(first.base.rawValue - 1) are missing: a segment file was "
                    + "lost; "
                    + "restore it from a copy", path: directory.path, offset: meta.retained)
        }
        guard last.base >= meta.activeBase else {
            throw StorageError(
                .corrupt,
                "the log's last segment, \(SegmentFile.name(base: meta.activeBase)), is missing: restore "
                    + "it from a copy", path: directory.path, offset: meta.activeBase)
        }
    }

    /// Opens a segment that is cold, or sealed; nil if its records have to be looked through.
    static func openSealed(
        _ item: Inventory.Item, in directory: LogDirectory, blocks: BlockCache, hasher: GroupHasher,
        damage: DamageHandler? = nil
    ) throws(StorageError) -> Segment? {
        if item.isCold {
            let cold = try ColdFile.open(base: item.base, in: directory, cache: blocks)
            return Segment(
                cold: cold.path, cold,
                index: SealedIndex(
                    item.base, binding: cold.binding, hasher: hasher, in: directory,
                    damage: damage))
        }
        let file = try directory.open(SegmentFile.name(base: item.base), .read)
        guard let facts = try SegmentFile.read(file).facts else { return nil }
        return Segment(
            hot: file.path, facts: facts, mapping: try file.map(count: Int(facts.header.fileCount)),
            index: SealedIndex(
                item.base, binding: facts.digest, hasher: hasher, in: directory, damage: damage))
    }

    /// Opens a segment that is not sealed; nothing is known of its records yet.
    static func openGrowing(_ file: any DiskFile) throws(StorageError) -> Segment {
        let header = try SegmentFile.read(file).header
        return try Segment(
            growing: file.path, header: header,
            mapping: try file.map(count: Int(header.fileCount)))
    }

    /// Opens the runs. One that is missing or damaged is done without: what it knew is found elsewhere, or
    /// answered with less precision.
    static func openRuns(
        _ inventory: Inventory, of segments: [Segment], directory: LogDirectory,
        identity: LogIdentity
    ) throws(StorageError) -> RunSet {
        var keys: [RunFile] = []
        // The longest first, so that one that was merged into another is passed over.
        var opened: [RunFile] = []
        for name in inventory.keyRuns {
            if let run = try RunFile.open(name, in: directory, identity: identity) {
                opened.append(run)
            }
        }
        opened.sort {
            $0.header.end.rawValue - $0.header.first.rawValue > $1.header.end.rawValue
                - $1.header.first.rawValue
        }
        let end = segments.last { $0.facts != nil }?.facts?.end ?? .zero
        for run in opened {
            let isCovered = keys.contains {
                $0.header.first < run.header.end && run.header.first < $0.header.end
            }
            // One that is ahead of the sealed segments is from another history.
            if !isCovered && run.header.end <= end { keys.append(run) }
        }
        keys.sort { $0.header.first < $1.header.first }
        let compacted = segments.last { $0.generation > 0 }?.facts?.end ?? .zero
        let removedEnd = max(segments.first?.base ?? .zero, compacted)
        var removed: RunFile?
        if inventory.hasRemovedRun {
            removed = try RunFile.open(
                RunFile.Name.removed, in: directory, identity: identity)
        }
        guard let run = removed, run.header.end >= removedEnd else {
            return RunSet(keys: keys, removed: nil, floor: removedEnd)
        }
        return RunSet(keys: keys, removed: run, floor: run.header.first)
    }

    /// Checks that a sealed segment belongs to this log, to its name and to its neighbours.
    static func check(
        _ segment: Segment, _ facts: SealedFacts, follows tail: Tail?, base: Offset, isLast: Bool,
        nextBase: Offset?, meta: MetaPage
    ) throws(StorageError) {
        try self.check(segment.header, of: segment, follows: tail, base: base, meta: meta)
        guard let nextBase else {
            throw StorageError(
                .corrupt,
                "the segment after this one is missing: restore it from a copy", path: segment.path,
                offset: facts.end)
        }
        guard facts.end == nextBase else {
            throw StorageError(
                .corrupt,
                facts.end < nextBase
                    ? "the records \(facts.end) to \(nextBase.rawValue - 1) are missing: a segment file was lost; "
                        + "restore it from a copy"
                    : "the segment runs into the next one, which begins at offset \(nextBase)",
                path: segment.path, position: Int(facts.endPosition), offset: facts.end)
        }
    }

    /// Checks that a segment belongs to this log, to its name, and to the segment before it.
    static func check(
        _ header: SegmentHeader, of segment: Segment, follows tail: Tail?, base: Offset,
        meta: MetaPage
    ) throws(StorageError) {
        func damaged(_ message: String) -> StorageError {
            StorageError(.corrupt, message, path: segment.path, position: 0, offset: base)
        }
        guard header.identity == meta.identity else {
            throw damaged("the segment belongs to another log: take it away")
        }
        guard header.base == base else {
            throw damaged("the segment begins at offset \(header.base) and is named for \(base)")
        }
        if let tail {
            guard header.previousChecksum == tail.checksum else {
                throw damaged(
                    "the segment does not continue the one before it: a segment was replaced")
            }
        }
    }

    /// Decides whether what follows the last whole batch is a torn tail or damage.
    ///
    /// - Parameters:
    ///   - bytes: the segment's file.
    ///   - nextBase: where the next segment begins; nil for the last one.
    ///   - meta: what the log knew of its end.
    static func check(
        _ scan: SegmentScan, of segment: Segment, bytes: [UInt8], nextBase: Offset?, meta: MetaPage
    ) throws(StorageError) {
        let isClosedCleanly = nextBase == nil && meta.isClosedCleanly
        // The next segment was created after this one was durable to its end.
        let durable = max(scan.durable, nextBase ?? meta.durable)
        if let nextBase, scan.end > nextBase {
            throw StorageError(
                .corrupt, "the segment runs into the next one, which begins at offset \(nextBase)",
                path: segment.path, position: scan.endPosition, offset: nextBase)
        }
        try self.checkHistory(scan, of: segment, bytes: bytes, meta: meta)
        guard let damage = scan.damage else {
            guard let last = durable.previous, scan.end <= last else { return }
            throw StorageError(
                .corrupt,
                "the records \(scan.end) to \(last) are missing: a segment file was lost, or the end of "
                    + "this one; restore it from a copy",
                path: segment.path, position: scan.endPosition, offset: scan.end)
        }
        guard scan.end < durable || isClosedCleanly else { return }
        let proof =
            scan.end < durable
            ? "Records below offset \(durable) were durable" : "The log was closed with all durable"
        throw StorageError(
            .corrupt,
            "records that were durable are damaged: \(damage.reason). \(proof), so nothing is cut: "
                + "restore the segment from a copy",
            path: segment.path, position: damage.position, offset: damage.offset)
    }

    /// How many bytes there are from the last whole batch to the last byte that was ever written.
    static func tailByteCount(_ scan: SegmentScan, bytes: [UInt8]) -> Int {
        guard scan.damage != nil else { return 0 }
        let end = bytes[scan.endPosition...].lastIndex { $0 != 0 }
        return end.map { $0 + 1 - scan.endPosition } ?? 0
    }

    /// Checks that the record before the bound that the meta page notes as durable is the one that it means:
    /// otherwise one of them is from another history, or from another day.
    private static func checkHistory(
        _ scan: SegmentScan, of segment: Segment, bytes: [UInt8], meta: MetaPage
    ) throws(StorageError) {
        guard let last = meta.durable.previous, meta.durable > segment.base,
            meta.durable <= scan.end
        else { return }
        // Not through the mapping: what is mapped cannot be taken out of the page cache.
        let record = RecordView(
            trusting: bytes.span.bytes, at: try segment.position(of: last))
        guard record.checksum == meta.durableChecksum else {
            throw StorageError(
                .corrupt,
                "the record at offset \(last) is not the one that was there when the log noted that it "
                    + "was durable: the segment, or the file \(MetaFile.name), is from another copy",
                path: segment.path, offset: last)
        }
    }

    /// Cuts the `cut` bytes that follow the last whole batch and makes what is kept durable.
    ///
    /// What is not known to be durable is written once more: after an earlier failure to sync the page cache
    /// can hold bytes that the disk does not. The cache is emptied before that: ext4 takes a page of a
    /// reserved block whose first write failed for written, and writing it again from the same cache succeeds
    /// without the block ever becoming readable.
    static func settleTail(
        _ scan: SegmentScan, of segment: Segment, bytes: [UInt8], cut: Int, file: any DiskFile,
        meta: MetaPage
    ) throws(StorageError) {
        guard cut > 0 || !meta.isClosedCleanly else { return }
        let durable = max(scan.durable, meta.durable)
        var start = SegmentHeader.count
        if durable >= scan.end {
            start = scan.endPosition
        } else if durable > segment.base {
            start = try segment.position(of: durable)
        }
        // Whole pages, because that is what the cache forgets.
        start = start / 4096 * 4096
        try file.synchronize()
        file.forgetCache(from: start)
        if cut > 0 {
            let zeros = [UInt8](repeating: 0, count: cut)
            try file.write(zeros.span.bytes, at: scan.endPosition)
        }
        if scan.endPosition > start {
            try file.write(bytes.span.bytes.slice(start, scan.endPosition - start), at: start)
        }
        try file.synchronize()
    }

    /// Whether an offset that readers may have seen could be used again, or the epoch of the last segment is
    /// not the one that the meta file names, because one of them is older than the other.
    ///
    /// | readers saw | last stop | since then | tail cut | new epoch |
    /// | --- | --- | --- | --- | --- |
    /// | only durable records | any | any | any | no: what is cut was never shown |
    /// | records before they were durable | clean | any | no | no |
    /// | records before they were durable | not clean | same boot | no | no: the page cache had them |
    /// | records before they were durable | not clean | same boot | yes | yes |
    /// | records before they were durable | not clean | another boot | any | yes |
    static func mustChangeEpoch(
        _ meta: MetaPage, boot: LogIdentity, cut: Bool, last: Epoch
    ) -> Bool {
        if last != meta.epoch { return true }
        guard meta.isVisibleAheadOfDurable, !meta.isClosedCleanly else { return false }
        if cut { return true }
        return boot != meta.boot
    }

    /// Does what would end the life of a log that is open; here nothing was opened yet, and the next opening
    /// may succeed.
    static func unpoisoned<Result>(
        _ body: () throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        do throws(StorageError) {
            return try body()
        } catch {
            guard error.code == .poisoned else { throw error }
            throw StorageError(.io, error.message, path: error.path)
        }
    }

    /// Begins a segment at the end of the log.
    static func beginSegment(after tail: Tail?, core: LogCore) throws(StorageError) -> Tail {
        let header = SegmentHeader(
            identity: core.log.identity, epoch: core.log.epoch, base: tail?.end ?? .zero,
            fileCount: UInt64(core.options.segmentByteCount),
            previousEpoch: tail.flatMap { $0.end == .zero ? nil : $0.epoch } ?? core.log.epoch,
            previousChecksum: tail?.checksum ?? 0)
        // An empty segment of the old epoch has the same name: it gives way.
        let begun = try self.unpoisoned { () throws(StorageError) in
            try SegmentFile.begin(header, in: core.directory, reserve: core.reserve)
        }
        core.log.segments.append(begun.segment)
        return Tail(
            header: header, active: (begun.segment, begun.file), end: header.base,
            position: SegmentHeader.count, checksum: header.previousChecksum,
            time: tail?.time ?? .min)
    }
}
