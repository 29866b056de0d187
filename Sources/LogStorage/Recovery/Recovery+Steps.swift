import LogFormat
import LogModel

/// The steps of opening a log, in the order in which `Recovery.open` takes them.
extension Recovery {
    /// Opens the meta file, or creates it if the directory holds nothing of a log.
    static func openMeta(
        _ directory: String, options: LogOptions, report: inout RecoveryReport
    ) throws(StorageError) -> MetaFile {
        let names = try Directory.names(in: directory)
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
                    + "be read: restore it from a copy", path: directory + "/" + segment)
        }
        report.isNew = true
        var random = SystemRandomNumberGenerator()
        let page = MetaPage(
            generation: 0, identity: LogIdentity(low: random.next(), high: random.next()),
            hashKey: SipHash.Key(low: random.next(), high: random.next()), epoch: self.newEpoch(),
            boot: try Machine.bootIdentity(),
            isVisibleAheadOfDurable: options.acknowledgement == .written, isClosedCleanly: true)
        let meta = try MetaFile.create(page, in: directory)
        try meta.lock(directory)
        return meta
    }

    /// A new epoch, at random.
    static func newEpoch() -> Epoch {
        Epoch(UInt64.random(in: 1...UInt64.max))
    }

    /// The base offsets of the segments, ascending. Removes what an interrupted creation left behind.
    static func segmentBases(in directory: String) throws(StorageError) -> [Offset] {
        var bases: [Offset] = []
        for name in try Directory.names(in: directory) {
            if SegmentFile.isTemporary(name) || name == MetaFile.temporaryName {
                try Directory.remove(directory + "/" + name)
            }
            if let base = SegmentFile.base(inName: name) { bases.append(base) }
        }
        return bases
    }

    /// Checks that a log that has been opened before has a segment: it must not begin again at offset 0 under
    /// the same epoch.
    static func check(
        _ bases: [Offset], meta: MetaPage, directory: String
    ) throws(StorageError) {
        guard bases.isEmpty, meta.generation > 0 else { return }
        throw StorageError(
            .notALog,
            "the directory holds the file \(MetaFile.name) of a log but none of its segments: restore them "
                + "from a copy, or choose an empty directory for a new log", path: directory)
    }

    /// Checks that a segment belongs to this log and to its name.
    static func check(
        _ segment: Segment, follows tail: Tail?, base: Offset, meta: MetaPage
    ) throws(StorageError) {
        let header = segment.header
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
    ///   - nextBase: where the next segment begins; nil for the last one.
    ///   - isClosedCleanly: whether nothing can have been torn, because the log was closed after this.
    static func check(
        _ scan: SegmentScan, of segment: Segment, nextBase: Offset?, isClosedCleanly: Bool
    ) throws(StorageError) {
        // The next segment was created after this one was durable to its end.
        let durable = max(scan.durable, nextBase ?? .zero)
        if let nextBase, scan.end > nextBase {
            throw StorageError(
                .corrupt, "the segment runs into the next one, which begins at offset \(nextBase)",
                path: segment.path, position: scan.endPosition, offset: nextBase)
        }
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

    /// Cuts the `cut` bytes that follow the last whole batch and makes what is kept durable.
    ///
    /// What was written since the last sync is written once more: after an earlier failure to sync the page
    /// cache can hold bytes that the disk does not. The cache is emptied before that: ext4 takes a page of a
    /// reserved block whose first write failed for written, and writing it again from the same cache succeeds
    /// without the block ever becoming readable.
    static func settleTail(
        _ scan: SegmentScan, bytes: [UInt8], cut: Int, file: borrowing File
    ) throws(StorageError) {
        let span = bytes.span.bytes
        try file.synchronize()
        file.forgetCache()
        if cut > 0 {
            let zeros = [UInt8](repeating: 0, count: cut)
            try file.write(zeros.span.bytes, at: scan.endPosition)
        }
        if scan.endPosition > SegmentHeader.count {
            try file.write(
                span.slice(SegmentHeader.count, scan.endPosition - SegmentHeader.count),
                at: SegmentHeader.count)
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
        _ meta: MetaPage, cut: Bool, last: Epoch
    ) throws(StorageError) -> Bool {
        if last != meta.epoch { return true }
        guard meta.isVisibleAheadOfDurable, !meta.isClosedCleanly else { return false }
        if cut { return true }
        return try Machine.bootIdentity() != meta.boot
    }

    /// Begins a segment at the end of the log.
    static func beginSegment(
        after tail: Tail?, epoch: Epoch, identity: LogIdentity, directory: String,
        options: LogOptions, segments: SegmentList
    ) throws(StorageError) -> Tail {
        let header = SegmentHeader(
            identity: identity, epoch: epoch, base: tail?.end ?? .zero,
            fileCount: UInt64(options.segmentByteCount),
            previousEpoch: tail.flatMap { $0.end == .zero ? nil : $0.segment.epoch(before: $0.end) }
                ?? epoch,
            previousChecksum: tail?.checksum ?? 0)
        if let tail, tail.end == tail.segment.base {
            // An empty segment of the old epoch has the same name: it gives way.
            segments.removeLast()
        }
        let draft = try SegmentFile.draft(header, in: directory)
        try draft.publish()
        segments.append(draft.segment)
        return Tail(
            segment: draft.segment, end: header.base, position: SegmentHeader.count,
            checksum: header.previousChecksum, time: tail?.time ?? .min)
    }
}
