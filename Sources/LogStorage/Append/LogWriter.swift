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
    package var log: ChangeLog { self.core.log }
    /// What is done to segments that are full.
    package let maintenance: Maintenance
    let core: LogCore
    private var file: any DiskFile
    private var segment: Segment
    private var index: GrowingIndex
    private var keys: KeyIndex
    private var producers: ProducerTable

    /// The offset that the next record gets.
    private var next: Offset
    private var pending: PendingRecords
    /// The checksum of the record before `next`.
    private var lastChecksum: UInt32
    /// The checksum of the record before `Watermarks.durable`.
    private var durableChecksum: UInt32
    /// The bound that the meta page says is durable.
    private var notedDurable = Offset.zero
    private var lastTime: Int64
    private var plan = BatchPlan()
    private var isClosed = false

    init(_ recovered: consuming RecoveredLog) {
        self.core = recovered.core
        self.maintenance = Maintenance(recovered.core)
        self.segment = recovered.active
        guard let index = recovered.active.growing else {
            preconditionFailure("the active segment is growing")
        }
        self.index = index
        self.keys = KeyIndex(recovered.core.log)
        self.producers = recovered.producers
        self.next = recovered.next
        self.pending = PendingRecords(position: recovered.end, base: recovered.next)
        self.lastChecksum = recovered.lastChecksum
        self.durableChecksum = recovered.lastChecksum
        self.lastTime = recovered.lastTime
        self.file = recovered.file
    }

    /// How many segments were begun by this writer: when it rises there is something for `maintenance` to do.
    package private(set) var begunSegments = 0

    /// Bytes of the records that were appended by this writer.
    package private(set) var appendedByteCount = 0

    /// Bytes that wait for ``write()``.
    package var pendingByteCount: Int { self.pending.bytes.count }

    /// Appends one atomic batch, the changes `batch` of `changes`, and returns its place; or, if the producer
    /// submitted it before, the place that it got then.
    ///
    /// Throws `diskFull` if another segment is needed and there is no space: nothing of the batch is appended,
    /// and a later call may succeed. Throws `batchTooLarge`, `sequenceTooOld`, or `poisoned`; or `forbidden` if an
    /// instance exists for which `conditions` do not hold before its change.
    package func append(
        _ batch: Range<Int>, of changes: inout Changes, producer: ProducerIdentity?,
        if conditions: BeforeConditions? = nil, time: Int64
    ) throws(StorageError) -> Placement {
        precondition(!batch.isEmpty, "a batch has at least one change")
        try self.core.checkHealth()
        guard !self.isClosed else {
            throw StorageError(.poisoned, "the log is closed: open it again to append")
        }
        self.keepUp()
        if let producer, let known = try self.placement(ofRepeated: producer) { return known }
        try self.plan.plan(
            batch, of: &changes, if: conditions, base: self.next, history: self.keys,
            pending: self.pending,
            hasher: self.log.hasher)
        try self.makeRoom(for: self.plan.byteCount)
        self.appendedByteCount += self.plan.byteCount
        self.lastTime = max(self.lastTime, time)
        let first = self.next
        self.lastChecksum = self.pending.append(
            &self.plan, of: changes, from: first, producer: producer, time: self.lastTime,
            durable: self.log.watermarks.durable, seed: self.segment.seed, index: self.index)
        self.next = first.advanced(by: batch.count)
        let last = first.advanced(by: batch.count - 1)
        if let producer {
            self.producers.note(producer, at: first, isFirstOfBatch: true)
            if last > first { self.producers.note(producer, at: last, isFirstOfBatch: false) }
        }
        return Placement(first: first, last: last, isRepeated: false)
    }

    /// Writes all that is pending into the file.
    package func write() throws(StorageError) {
        try self.core.checkHealth()
        guard !self.pending.bytes.isEmpty else { return }
        do throws(StorageError) {
            try self.file.write(self.pending.bytes.span.bytes, at: self.pending.position)
        } catch {
            throw self.core.poison(error)
        }
        self.pending.position = self.pending.end
        self.pending.bytes.removeAll(keepingCapacity: true)
        self.pending.base = self.next
        self.log.watermarks.append(upTo: self.next)
    }

    /// Makes durable all that was written.
    package func synchronize() throws(StorageError) {
        try self.core.checkHealth()
        let bound = self.log.watermarks.appended
        guard self.log.watermarks.durable < bound else { return }
        do throws(StorageError) {
            try self.file.synchronize()
        } catch {
            self.noteLossOfCache()
            throw self.core.poison(error)
        }
        self.log.watermarks.synchronize(upTo: bound)
        if bound == self.next { self.durableChecksum = self.lastChecksum }
    }

    /// Shows readers all that is durable, or all that is written if the options say so. After a failure it
    /// shows nothing more: what was written since may be lost again, and nobody would notice.
    package func publish() {
        guard self.core.isHealthy else { return }
        let marks = self.log.watermarks
        marks.publish(
            upTo: self.core.options.acknowledgement == .durable ? marks.durable : marks.appended)
    }

    /// Notes in the log's meta file how far it is durable, so that damage to the last commit is told from a
    /// torn tail, for which otherwise nothing vouches. To be called when there is nothing else to do; costs
    /// one more sync, and nothing if nothing was appended since.
    package func noteDurable() throws(StorageError) {
        try self.core.checkHealth()
        let durable = self.log.watermarks.durable
        guard durable == self.next, durable > self.notedDurable else { return }
        try self.core.updateMetaOrFail { page in
            page.durable = durable
            page.durableChecksum = self.durableChecksum
        }
        self.notedDurable = durable
    }

    /// Writes and syncs the rest, and notes that nothing has to be recovered. Nothing is appended after that,
    /// and no `Maintenance` of the log is at work. Releases the directory when the writer goes.
    package func close() throws(StorageError) {
        try self.write()
        try self.synchronize()
        self.publish()
        // After a failure the disk may say "closed". What was appended behind that would look like damage if it
        // were torn.
        try self.core.updateMetaOrFail { page in
            page.isClosedCleanly = true
            page.durable = self.next
            page.durableChecksum = self.lastChecksum
        }
        self.isClosed = true
    }

    /// Takes note of what maintenance has done.
    private func keepUp() {
        guard self.keys.refresh() else { return }
        let unsealed = self.log.segments.all.first { $0.facts == nil }
        if let unsealed { self.producers.forget(before: unsealed.base) }
    }

    private func placement(ofRepeated producer: ProducerIdentity) throws(StorageError) -> Placement?
    {
        guard let receipt = try self.receipt(of: producer.id) else { return nil }
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

    /// The receipt of the producer's last batch that is kept.
    private func receipt(
        of id: ProducerIdentity.ID
    ) throws(StorageError) -> ProducerTable.Receipt? {
        if let receipt = self.producers[id] { return receipt }
        let hash = self.log.hasher.producerHash(low: id.low, high: id.high)
        guard let first = try self.keys.lastSealedRecord(ofProducerHash: hash),
            let segment = self.log.segments.segment(of: first)?.segment,
            let end = segment.facts?.end
        else { return nil }
        let identity = try segment.withRecord(at: first) { record in record.producer }
        guard let identity, let identity, identity.id == id else { return nil }
        // A sealed segment ends with a batch, and it need not be visible yet.
        let batch = try SegmentExtent(segment: segment, end: end).batch(of: first)
        return ProducerTable.Receipt(
            sequence: identity.sequence, first: batch.lowerBound,
            last: batch.upperBound.previous ?? first)
    }

    /// Goes on to another segment if `byteCount` bytes do not fit into the active one.
    private func makeRoom(for byteCount: Int) throws(StorageError) {
        let capacity =
            self.core.options.segmentByteCount - SegmentHeader.count - SegmentFooter.count
        guard byteCount <= capacity else {
            throw StorageError(
                .batchTooLarge,
                "the batch needs \(byteCount) bytes and a segment has room for \(capacity): submit "
                    + "smaller batches or use larger segments")
        }
        guard self.pending.end + byteCount > self.segment.header.recordsEnd else { return }
        try self.roll()
    }

    /// Ends the active segment, all of it durable, and begins the next.
    private func roll() throws(StorageError) {
        // Before the new file has its name the old one must be durable, because recovery takes the existence
        // of a segment as proof of that.
        try self.write()
        try self.synchronize()
        let header = SegmentHeader(
            identity: self.log.identity, epoch: self.log.epoch, base: self.next,
            fileCount: UInt64(self.core.options.segmentByteCount),
            previousEpoch: self.segment.epoch(before: self.next),
            previousChecksum: self.lastChecksum)
        do throws(StorageError) {
            let begun = try SegmentFile.begin(
                header, in: self.core.directory, reserve: self.core.reserve)
            self.use(begun.segment, begun.file)
        } catch {
            throw error.code == .poisoned ? self.core.poison(error) : error
        }
        try self.core.updateMetaOrFail { page in
            page.activeBase = self.next
            page.durable = self.next
            page.durableChecksum = self.lastChecksum
        }
        self.notedDurable = self.next
        // Memory is bounded by the segments that are not sealed: if they become too many, the appender waits.
        try self.maintenance.seal(untilUnsealed: self.core.options.unsealedSegmentsMax)
    }

    /// Appends to `segment` from now on.
    private func use(_ segment: Segment, _ file: any DiskFile) {
        guard let index = segment.growing else {
            preconditionFailure("a segment that begins is growing")
        }
        self.segment = segment
        self.file = file
        self.index = index
        self.log.segments.append(segment)
        self.producers.begin(self.next)
        self.pending.position = SegmentHeader.count
        self.begunSegments += 1
    }

    /// After a failed sync the kernel may forget what readers have seen, within the same boot. The next opening
    /// must take it for the loss of power that it is like. If this cannot be noted either, the disk is gone.
    private func noteLossOfCache() {
        guard self.log.watermarks.visible > self.log.watermarks.durable else { return }
        try? self.core.updateMeta { $0.boot = MetaFile.unknownBoot }
    }
}
