import LogFormat
package import LogModel

/// What an opened log consists of, for `LogWriter`.
struct RecoveredLog: ~Copyable {
    let core: LogCore
    let file: any DiskFile
    let active: Segment
    var producers: ProducerTable
    /// The offset that the next record gets.
    let next: Offset
    /// The byte of the active segment at which it goes.
    let end: Int
    let lastChecksum: UInt32
    let lastTime: Int64
}

/// What was found when a log was opened, for the log of the program.
package struct RecoveryReport: Hashable, Sendable {
    /// Whether the log was created just now.
    package var isNew = false
    /// Whether it was closed properly the last time.
    package var wasClosedCleanly = true
    /// The offset after the last record.
    package var end = Offset.zero
    /// How many segments there are.
    package var segmentCount = 0
    /// Bytes of an unacknowledged tail that were cut.
    package var cutByteCount = 0
    /// Whether a new epoch began, because readers may have seen offsets that are used again.
    package var hasNewEpoch = false
}

/// Opens a log after any stop. The decision table is in `docs/recovery.md`.
package enum Recovery {
    /// Opens the log in `directory`, or creates it there.
    ///
    /// Reads two pages of each sealed segment, and all of those that are not sealed, of which there are one to
    /// three. Throws `locked`, `notALog`, `corrupt`, `diskFull` or `io`; then nothing was changed that a later
    /// opening would miss.
    package static func open(
        _ directory: LogDirectory, options: LogOptions
    ) throws(StorageError) -> (writer: LogWriter, report: RecoveryReport) {
        try self.check(options)
        try directory.disk.createDirectory(directory.path)
        let lock = try DirectoryLock(directory)
        var report = RecoveryReport()
        var meta = try self.openMeta(directory, options: options, report: &report)
        let boot = try directory.disk.bootIdentity()
        // The process may have ended between giving a file its name and making the name durable. Nothing may
        // become durable in a file whose name a loss of power can still take away.
        try directory.synchronize()
        let inventory = try Inventory(directory, retained: meta.page.retained)
        try self.check(
            inventory, meta: meta.page, isPageLost: meta.isPageLost, directory: directory)
        if let first = inventory.segments.first { meta.noteFirst(first.base) }

        let blocks = BlockCache(byteCountMax: options.blockCacheByteCount)
        let hasher = GroupHasher(key: meta.page.hashKey)
        var segments: [Segment] = []
        var producers = ProducerTable()
        var tail: Tail?
        for (index, item) in inventory.segments.enumerated() {
            let isLast = index == inventory.segments.count - 1
            let sealed = try self.openSealed(
                item, in: directory, blocks: blocks, hasher: hasher)
            if let sealed, let facts = sealed.facts {
                try self.check(
                    sealed, facts, follows: tail, base: item.base, isLast: isLast,
                    nextBase: isLast ? nil : inventory.segments[index + 1].base, meta: meta.page)
                segments.append(sealed)
                tail = Tail(facts)
                continue
            }
            let file = try directory.open(
                SegmentFile.name(base: item.base), isLast ? .readWrite : .read)
            let segment = try self.openGrowing(file)
            try self.check(
                segment.header, of: segment, follows: tail, base: item.base, meta: meta.page)
            let bytes = try file.read(at: 0, count: segment.header.recordsEnd)
            producers.begin(segment.base)
            let scan = SegmentScan(bytes, header: segment.header) { record, position in
                segment.growing?.add(record.offset, at: position)
                segment.growing?.thread(record)
                if let producer = record.producer {
                    producers.note(
                        producer, at: record.offset, isFirstOfBatch: record.isFirstOfBatch)
                }
            }
            if scan.end > .zero {
                meta.noteRecords()
                report.wasClosedCleanly = meta.page.isClosedCleanly
            }
            try self.check(
                scan, of: segment, bytes: bytes,
                nextBase: isLast ? nil : inventory.segments[index + 1].base,
                meta: meta.page)
            segments.append(segment)
            if isLast {
                report.cutByteCount = self.tailByteCount(scan, bytes: bytes)
                // Before anything is cut: if the opening ends here, the next one must not find a log that
                // looks as if nothing had been lost.
                report.hasNewEpoch = self.mustChangeEpoch(
                    meta.page, boot: boot, cut: report.cutByteCount > 0, last: segment.epoch)
                if report.hasNewEpoch { try meta.update { $0.epoch = self.newEpoch(directory) } }
                // After a failed sync zeros can be in the cache that the disk does not have.
                let cut =
                    meta.page.boot == MetaFile.unknownBoot
                    ? bytes.count - scan.endPosition : report.cutByteCount
                do throws(StorageError) {
                    try self.settleTail(
                        scan, of: segment, bytes: bytes, cut: cut, file: file, meta: meta.page)
                } catch {
                    // The kernel may forget what it could not write, within the same boot. If this cannot be
                    // noted either, the disk is gone.
                    try? meta.update { $0.boot = MetaFile.unknownBoot }
                    throw error
                }
            }
            tail = Tail(
                header: segment.header, active: (segment, file), end: scan.end,
                position: scan.endPosition, checksum: scan.lastChecksum,
                time: max(scan.lastTime, tail?.time ?? .min))
        }

        let list = SegmentList(segments)
        let runs = try self.openRuns(
            inventory, of: segments, directory: directory, identity: meta.page.identity)
        let log = ChangeLog(
            watermarks: Watermarks(
                recovered: tail?.end ?? .zero, retained: segments.first?.base ?? .zero),
            identity: meta.page.identity, epoch: meta.page.epoch, hasher: hasher, segments: list,
            runs: runs)
        let epoch = meta.page.epoch
        let core = LogCore(
            directory: directory, options: options, log: log, blocks: blocks, lock: lock, meta: meta
        )
        try self.unpoisoned { () throws(StorageError) in try Maintenance(core).sealGaps() }
        if let unsealed = list.all.first(where: { $0.facts == nil }) {
            producers.forget(before: unsealed.base)
        }
        if tail?.header.epoch != epoch {
            let begun = try self.beginSegment(after: tail, core: core)
            producers.begin(begun.header.base)
            tail = begun
        }
        guard let tail, let active = tail.active else { preconditionFailure("a log has a segment") }
        try core.updateMeta { page in
            page.boot = boot
            page.isVisibleAheadOfDurable = options.acknowledgement == .written
            page.isClosedCleanly = false
            page.activeBase = active.segment.base
        }
        // The reserved file may have become a segment just now.
        for name in inventory.leftovers where directory.has(name) { try directory.remove(name) }
        report.end = tail.end
        report.segmentCount = list.all.count
        let recovered = RecoveredLog(
            core: core, file: active.file, active: active.segment, producers: producers,
            next: tail.end, end: tail.position, lastChecksum: tail.checksum, lastTime: tail.time)
        return (LogWriter(recovered), report)
    }

    /// Where the log ends, as far as it has been looked through.
    struct Tail {
        let header: SegmentHeader
        /// The segment to append to, if it is not sealed.
        var active: (segment: Segment, file: any DiskFile)?
        let end: Offset
        let position: Int
        let checksum: UInt32
        let time: Int64

        init(
            header: SegmentHeader, active: (Segment, any DiskFile)?, end: Offset, position: Int,
            checksum: UInt32, time: Int64
        ) {
            self.header = header
            self.active = active
            self.end = end
            self.position = position
            self.checksum = checksum
            self.time = time
        }

        init(_ facts: SealedFacts) {
            self.init(
                header: facts.header, active: nil, end: facts.end, position: Int(facts.endPosition),
                checksum: facts.lastChecksum, time: facts.lastTime)
        }

        /// The epoch of the last record, or of the one before the first.
        var epoch: Epoch {
            self.end == self.header.base ? self.header.previousEpoch : self.header.epoch
        }
    }

    private static func check(_ options: LogOptions) throws(StorageError) {
        let size = options.segmentByteCount
        guard
            size >= LogOptions.segmentByteCountMin, size <= LogOptions.segmentByteCountMax,
            size % 4096 == 0
        else {
            throw StorageError(
                .notALog,
                "a segment cannot have \(size) bytes: choose a multiple of 4096 from "
                    + "\(LogOptions.segmentByteCountMin) to \(LogOptions.segmentByteCountMax)")
        }
    }
}
