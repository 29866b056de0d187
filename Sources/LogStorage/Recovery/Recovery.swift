import LogFormat
package import LogModel

/// What an opened log consists of, for `LogWriter`.
struct RecoveredLog: ~Copyable {
    let log: ChangeLog
    let directory: LogDirectory
    let lock: DirectoryLock
    var meta: MetaFile
    let file: any DiskFile
    let active: Segment
    var history: KeyHistory
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
    /// Bytes of an unacknowledged tail that were cut.
    package var cutByteCount = 0
    /// Whether a new epoch began, because readers may have seen offsets that are used again.
    package var hasNewEpoch = false
}

/// Opens a log after any stop. The decision table is in `docs/recovery.md`.
package enum Recovery {
    /// Opens the log in `directory`, or creates it there.
    ///
    /// Takes time in proportion to the log's length. Throws `locked`, `notALog`, `corrupt`, `diskFull` or
    /// `io`; then nothing was changed that a later opening would miss.
    package static func open(
        _ directory: LogDirectory, options: LogOptions
    ) throws(StorageError) -> (writer: LogWriter, report: RecoveryReport) {
        try self.check(options)
        try directory.disk.createDirectory(directory.path)
        let lock = try DirectoryLock(directory)
        var report = RecoveryReport()
        var meta = try self.openMeta(directory, options: options, report: &report)

        let boot = try directory.disk.bootIdentity()
        let bases = try self.segmentBases(in: directory)
        try self.check(bases, meta: meta.page, directory: directory)
        let segments = SegmentList([])
        let hasher = GroupHasher(key: meta.page.hashKey)
        var history = KeyHistory(segments: segments)
        var producers = ProducerTable(capacity: options.producersRememberedMin)
        var tail: Tail?
        for (index, base) in bases.enumerated() {
            let isLast = index == bases.count - 1
            let file = try directory.open(
                SegmentFile.name(base: base), isLast ? .readWrite : .read)
            let segment = try SegmentFile.open(file)
            try self.check(segment, follows: tail, base: base, meta: meta.page)
            let bytes = try file.read(at: 0, count: Int(segment.header.fileCount))
            let scan = SegmentScan(bytes, header: segment.header) { record, position in
                segment.add(record.offset, at: position)
                segment.thread(record)
                history.note(record.keyHash, at: record.offset)
                if let producer = record.producer { producers.note(producer, at: record.offset) }
            }
            let nextBase = isLast ? nil : bases[index + 1]
            try self.check(
                scan, of: segment, nextBase: nextBase,
                isClosedCleanly: isLast && meta.page.isClosedCleanly)
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
                    try self.settleTail(scan, bytes: bytes, cut: cut, file: file)
                } catch {
                    // The kernel may forget what it could not write, within the same boot. If this cannot be
                    // noted either, the disk is gone.
                    try? meta.update { $0.boot = MetaFile.unknownBoot }
                    throw error
                }
            }
            tail = Tail(
                segment: segment, end: scan.end, position: scan.endPosition,
                checksum: scan.lastChecksum, time: max(scan.lastTime, tail?.time ?? .min))
        }

        let epoch = meta.page.epoch
        if tail?.segment.epoch != epoch {
            tail = try self.beginSegment(
                after: tail, epoch: epoch, identity: meta.page.identity, directory: directory,
                options: options, segments: segments)
        }
        try meta.update { page in
            page.boot = boot
            page.isVisibleAheadOfDurable = options.acknowledgement == .written
            page.isClosedCleanly = false
        }
        guard let tail else { preconditionFailure("a log has a segment") }
        report.end = tail.end
        let log = ChangeLog(
            watermarks: Watermarks(recovered: tail.end), identity: meta.page.identity, epoch: epoch,
            hasher: hasher, segments: segments)
        let recovered = RecoveredLog(
            log: log, directory: directory, lock: lock, meta: meta,
            file: try directory.disk.open(tail.segment.path, .readWrite), active: tail.segment,
            history: history,
            producers: producers, next: tail.end, end: tail.position, lastChecksum: tail.checksum,
            lastTime: tail.time)
        return (LogWriter(recovered, options: options), report)
    }

    /// Where the log ends.
    struct Tail {
        let segment: Segment
        let end: Offset
        let position: Int
        let checksum: UInt32
        let time: Int64
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
