import LogFormat
package import LogModel

/// The one that appends: plans, encodes and writes batches, and makes them durable.
///
/// Threads: one at a time, the appender's. Files and bounds change in this order:
///
///     append(_:)   encodes into `pending`                 offsets are given, readers see nothing
///     write()      one `pwrite` of all that is pending     `appended`
///     synchronize()  one `fdatasync`                        `durable`
///     publish()                                             `visible`
///
/// After a failed write or sync nobody knows what is on the disk, so nothing is appended any more in this
/// process (`poisoned`); readers go on.
package final class LogWriter {
    /// Where a batch is in the log.
    package struct Placement: Hashable, Sendable {
        /// The offset of the first record.
        package let first: Offset
        /// The offset of the last record.
        package let last: Offset
        /// Whether the batch was there already.
        package let isRepeated: Bool
    }

    /// The log that is written to.
    package let log: ChangeLog
    private let directory: LogDirectory
    private let options: LogOptions
    private let lock: DirectoryLock
    private var meta: MetaFile
    private var file: any DiskFile
    private var segment: Segment
    private var history: KeyHistory
    private var producers: ProducerTable

    /// The offset that the next record gets.
    private var next: Offset
    private var pending: PendingRecords
    /// The checksum of the record before `next`.
    private var lastChecksum: UInt32
    private var lastTime: Int64
    private var plan = BatchPlan()
    private var failure: StorageError?
    private var isClosed = false

    init(_ recovered: consuming RecoveredLog, options: LogOptions) {
        self.log = recovered.log
        self.directory = recovered.directory
        self.options = options
        self.lock = recovered.lock
        self.meta = recovered.meta
        self.history = recovered.history
        self.producers = recovered.producers
        self.segment = recovered.active
        self.next = recovered.next
        self.pending = PendingRecords(position: recovered.end, base: recovered.next)
        self.lastChecksum = recovered.lastChecksum
        self.lastTime = recovered.lastTime
        self.file = recovered.file
    }

    /// Bytes that wait for ``write()``.
    package var pendingByteCount: Int { self.pending.bytes.count }

    /// Appends one atomic batch, the changes `batch` of `changes`, and returns its place; or, if the producer
    /// submitted it before, the place that it got then.
    ///
    /// Throws `diskFull` if another segment is needed and there is no space: nothing of the batch is appended,
    /// and a later call may succeed. Throws `batchTooLarge`, `sequenceTooOld`, or `poisoned`.
    package func append(
        _ batch: Range<Int>, of changes: inout Changes, producer: ProducerIdentity?, time: Int64
    ) throws(StorageError) -> Placement {
        precondition(!batch.isEmpty, "a batch has at least one change")
        if let failure { throw self.poisoned(by: failure) }
        guard !self.isClosed else {
            throw StorageError(.poisoned, "the log is closed: open it again to append")
        }
        if let producer, let known = try self.placement(ofRepeated: producer) { return known }
        try self.plan.plan(
            batch, of: &changes, base: self.next, history: self.history, pending: self.pending,
            hasher: self.log.hasher)
        try self.makeRoom(for: self.plan.byteCount)
        self.lastTime = max(self.lastTime, time)
        let first = self.next
        for index in self.plan.steps.indices {
            self.encode(
                self.plan.steps[index], of: changes, producer: producer,
                isFirst: index == 0, isLast: index == self.plan.steps.count - 1)
        }
        let last = first.advanced(by: batch.count - 1)
        return Placement(first: first, last: last, isRepeated: false)
    }

    /// Writes all that is pending into the file.
    package func write() throws(StorageError) {
        if let failure { throw self.poisoned(by: failure) }
        guard !self.pending.bytes.isEmpty else { return }
        do throws(StorageError) {
            try self.file.write(self.pending.bytes.span.bytes, at: self.pending.position)
        } catch {
            throw self.poison(error)
        }
        self.pending.position = self.pending.end
        self.pending.bytes.removeAll(keepingCapacity: true)
        self.pending.base = self.next
        self.log.watermarks.append(upTo: self.next)
    }

    /// Makes durable all that was written.
    package func synchronize() throws(StorageError) {
        if let failure { throw self.poisoned(by: failure) }
        let bound = self.log.watermarks.appended
        guard self.log.watermarks.durable < bound else { return }
        do throws(StorageError) {
            try self.file.synchronize()
        } catch {
            self.noteLossOfCache()
            throw self.poison(error)
        }
        self.log.watermarks.synchronize(upTo: bound)
    }

    /// Shows readers all that is durable, or all that is written if the options say so. After a failure it
    /// shows nothing more: what was written since may be lost again, and nobody would notice.
    package func publish() {
        guard self.failure == nil else { return }
        let marks = self.log.watermarks
        marks.publish(
            upTo: self.options.acknowledgement == .durable ? marks.durable : marks.appended)
    }

    /// Writes and syncs the rest, and notes that nothing has to be recovered. Nothing is appended after that.
    /// Releases the directory when the writer goes.
    package func close() throws(StorageError) {
        try self.write()
        try self.synchronize()
        self.publish()
        do throws(StorageError) {
            try self.meta.update { $0.isClosedCleanly = true }
        } catch {
            // The disk may say "closed" now. What was appended behind that would look like damage if it were torn.
            throw self.poison(error)
        }
        self.isClosed = true
    }

    private func placement(ofRepeated producer: ProducerIdentity) throws(StorageError) -> Placement?
    {
        guard let receipt = self.producers[producer.id] else { return nil }
        if producer.sequence > receipt.sequence { return nil }
        guard producer.sequence == receipt.sequence else {
            throw StorageError(
                .sequenceTooOld,
                "this producer has submitted sequence \(receipt.sequence) since \(producer.sequence); "
                    + "the receipt of the earlier one is no longer kept: go on with a higher sequence"
            )
        }
        return Placement(first: receipt.first, last: receipt.last, isRepeated: true)
    }

    private func encode(
        _ step: BatchPlan.Step, of changes: Changes, producer: ProducerIdentity?, isFirst: Bool,
        isLast: Bool
    ) {
        let offset = self.next
        self.segment.thread(
            &self.plan.groups, step.groups, through: offset, written: self.pending.base)
        let fields = RecordFields(
            offset: offset, durable: self.log.watermarks.durable, time: self.lastTime,
            keyHash: step.keyHash, previousOfKey: step.previousOfKey, producer: producer,
            isFirstOfBatch: isFirst, isLastOfBatch: isLast)
        self.segment.add(offset, at: self.pending.end)
        self.lastChecksum = RecordEncoder.append(
            step.change, of: changes, groups: self.plan.groups[step.groups], fields: fields,
            seed: self.segment.seed, to: &self.pending.bytes)
        self.history.note(step.keyHash, at: offset)
        if let producer { self.producers.note(producer, at: offset) }
        self.next = offset.next
    }

    /// Goes on to another segment if `byteCount` bytes do not fit into the active one.
    private func makeRoom(for byteCount: Int) throws(StorageError) {
        let capacity = self.options.segmentByteCount - SegmentHeader.count
        guard byteCount <= capacity else {
            throw StorageError(
                .batchTooLarge,
                "the batch needs \(byteCount) bytes and a segment has room for \(capacity): submit "
                    + "smaller batches or use larger segments")
        }
        guard self.pending.end + byteCount > Int(self.segment.header.fileCount) else { return }
        try self.roll()
    }

    /// Ends the active segment, all of it durable, and begins the next.
    private func roll() throws(StorageError) {
        let header = SegmentHeader(
            identity: self.log.identity, epoch: self.log.epoch, base: self.next,
            fileCount: UInt64(self.options.segmentByteCount),
            previousEpoch: self.segment.epoch(before: self.next),
            previousChecksum: self.lastChecksum)
        // Before the new file has its name the old one must be durable, because recovery takes the existence
        // of a segment as proof of that.
        try self.write()
        try self.synchronize()
        let draft = try SegmentFile.draft(header, in: self.directory)
        do throws(StorageError) {
            try draft.publish()
        } catch {
            // The file may have its name now. One more record in the old segment would lie beyond its end.
            throw self.poison(error)
        }
        self.segment = draft.segment
        self.file = draft.intoFile()
        self.log.segments.append(self.segment)
        self.pending.position = SegmentHeader.count
    }

    /// After a failed sync the kernel may forget what readers have seen, within the same boot. The next opening
    /// must take it for the loss of power that it is like. If this cannot be noted either, the disk is gone.
    private func noteLossOfCache() {
        guard self.log.watermarks.visible > self.log.watermarks.durable else { return }
        try? self.meta.update { $0.boot = MetaFile.unknownBoot }
    }

    private func poison(_ error: StorageError) -> StorageError {
        self.failure = error
        return self.poisoned(by: error)
    }

    private func poisoned(by error: StorageError) -> StorageError {
        StorageError(
            .poisoned,
            "the log takes no more appends since a write failed: \(error.message); what is on the disk is "
                + "only known after a restart", path: error.path)
    }
}
