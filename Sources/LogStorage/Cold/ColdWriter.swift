package import LogFormat
import LogModel

/// Makes the file of a cold segment (`docs/format/cold.md`) from the records of the segment, in order.
///
/// Memory: one block, and the two tables, which are 24 bytes for each block and 12 for each record that is
/// removed.
///
/// The header is written last, so that a file whose making was interrupted is not taken for a whole one.
/// Still the file must get its name only after it was synced, because a crash can keep later writes and lose
/// earlier ones.
///
/// After an error the writer is of no more use, and neither is what it wrote.
package struct ColdWriter: ~Copyable {
    /// A block ends with the record that makes it at least this long. A record that is as long by itself has a
    /// block of its own.
    ///
    /// Shorter blocks compress worse, because each one is compressed by itself; longer ones cost more to
    /// read one record of.
    package static let blockByteCount = 16 << 10

    private let facts: SealedFacts
    private let generation: UInt32
    private let path: String
    private let seed: UInt32
    private let sink: ByteSink
    private var compressor = LZ4Compressor()

    /// The offset of the record that must come next.
    private var next: Offset
    private var lastChecksum: UInt32
    private var keptCount = 0
    /// The records of the block at hand.
    private var pending: [UInt8] = []
    private var pendingFirst = 0
    /// Where the block at hand begins in the stream of records.
    private var start = ColdHeader.count
    /// Where the next block begins in the file.
    private var position = ColdHeader.count
    private var blocks: [UInt8] = []
    private var removed: [UInt8] = []

    /// Begins a file.
    ///
    /// - Parameters:
    ///   - facts: of the segment, as it was sealed.
    ///   - generation: how often compaction has gone over the segment, this time included; 0 if no record is
    ///     to be missing.
    ///   - path: where the records come from, for messages.
    ///   - sink: writes the file.
    package init(
        _ facts: SealedFacts, generation: UInt32, path: String, sink: @escaping ByteSink
    ) {
        self.facts = facts
        self.generation = generation
        self.path = path
        self.seed = facts.header.seed
        self.sink = sink
        self.next = facts.header.base
        self.lastChecksum = facts.header.previousChecksum
        self.pending.reserveCapacity(2 * Self.blockByteCount)
    }

    /// Adds the next record, the one that `bytes` consists of.
    ///
    /// Throws `corrupt` if the record is damaged or not the next one, and what the sink throws.
    package mutating func add(_ bytes: RawSpan) throws(StorageError) {
        let next = self.next
        let path = self.path
        let record = try checkedRecord(bytes, at: 0, seed: self.seed) { error in
            StorageError(
                .corrupt, "a record cannot become cold: \(error.message)", path: path, offset: next)
        }
        guard record.count == bytes.byteCount else {
            throw self.corrupt("a record of \(record.count) bytes is in \(bytes.byteCount)")
        }
        try self.add(checked: record)
    }

    private mutating func add(checked record: borrowing RecordView) throws(StorageError) {
        guard record.offset == self.next else {
            throw self.corrupt("the record here says it has offset \(record.offset)")
        }
        guard
            self.next > self.base || record.time == self.facts.firstTime,
            self.next.next < self.facts.end || record.time == self.facts.lastTime
        else { throw self.corrupt("the record's time is not the one the segment was sealed with") }
        if !self.pending.isEmpty, record.count >= Self.blockByteCount { try self.endBlock() }
        if self.pending.isEmpty { self.pendingFirst = self.next.distance(from: self.base) }
        record.bytes.withUnsafeBytes { self.pending.append(contentsOf: $0) }
        self.keptCount += 1
        try self.advance(record.checksum)
        if self.pending.count >= Self.blockByteCount { try self.endBlock() }
    }

    /// Leaves the next record out, and keeps only its checksum and place in the batch.
    ///
    /// The generation must not be 0.
    package mutating func addRemoved(
        checksum: UInt32, marks: BatchMarks
    ) throws(StorageError) {
        precondition(self.generation > 0, "generation 0 lacks no record")
        let ordinal = self.next.distance(from: self.base)
        try self.advance(checksum)
        ColdRemoval(ordinal: ordinal, checksum: checksum, marks: marks).append(to: &self.removed)
    }

    /// Writes the tables and then the header, which is returned.
    ///
    /// Throws `corrupt` if the records that were added are not those of the segment, to the last one.
    package consuming func finish() throws(StorageError) -> ColdHeader {
        if !self.pending.isEmpty { try self.endBlock() }
        guard self.next == self.facts.end, self.lastChecksum == self.facts.lastChecksum else {
            throw self.corrupt(
                "the segment was sealed at offset \(self.facts.end) after another record than this")
        }
        guard !self.removed.isEmpty || self.start == Int(self.facts.endPosition) else {
            throw self.corrupt(
                "the records end at byte \(self.start), the segment's at \(self.facts.endPosition)")
        }
        let blockTable = try self.writeTable(self.blocks)
        let removedTable = try self.writeTable(self.removed)
        let header = ColdHeader(
            facts: self.facts, generation: self.generation, keptCount: UInt32(self.keptCount),
            blockCount: UInt32(self.blocks.count / ColdBlock.stride),
            streamEnd: UInt64(self.start), blockTable: blockTable, removedTable: removedTable,
            fileCount: UInt64(self.position))
        try self.sink(header.bytes.span.bytes, 0)
        return header
    }

    private var base: Offset { self.facts.header.base }

    private mutating func advance(_ checksum: UInt32) throws(StorageError) {
        guard self.next < self.facts.end else {
            throw self.corrupt("the segment was sealed before this record")
        }
        self.next = self.next.next
        self.lastChecksum = checksum
    }

    private mutating func endBlock() throws(StorageError) {
        var pending: [UInt8] = []
        swap(&pending, &self.pending)
        let position = self.position
        let count: Int
        let checksum: UInt32
        if let shorter = self.compressor.compress(pending.span.bytes) {
            let compressed = self.compressor.result(shorter)
            (count, checksum) = (shorter, Checksum.crc32c(compressed))
            try self.sink(compressed, position)
        } else {
            (count, checksum) = (pending.count, Checksum.crc32c(pending.span.bytes))
            try self.sink(pending.span.bytes, position)
        }
        let block = ColdBlock(
            start: self.start, position: position, storedCount: count, count: pending.count,
            checksum: checksum, firstOrdinal: self.pendingFirst)
        try self.pad(from: position + count, to: block.paddedEnd)
        block.append(to: &self.blocks)
        self.start += block.count
        self.position = block.paddedEnd
        pending.removeAll(keepingCapacity: true)
        swap(&pending, &self.pending)
    }

    private func pad(from position: Int, to end: Int) throws(StorageError) {
        guard position < end else { return }
        try self.sink([UInt8](repeating: 0, count: end - position).span.bytes, position)
    }

    private mutating func writeTable(_ bytes: [UInt8]) throws(StorageError) -> ColdHeader.Table {
        let table = ColdHeader.Table(
            position: UInt64(self.position), count: UInt32(bytes.count),
            checksum: Checksum.crc32c(bytes.span.bytes))
        if !bytes.isEmpty { try self.sink(bytes.span.bytes, self.position) }
        self.position += bytes.count
        return table
    }

    private func corrupt(_ message: String) -> StorageError {
        StorageError(.corrupt, message, path: self.path, offset: self.next)
    }
}

extension ColdWriter {
    /// Makes a cold file of a sealed segment.
    ///
    /// Throws `corrupt` if the segment is not, to the last record, what it was sealed as. Only then can its
    /// file be removed; it is not looked at what is behind the last record.
    ///
    /// - Parameters:
    ///   - bytes: the segment's file.
    ///   - generation: 0, or 1 if `keeping` may say no.
    ///   - path: of the segment, for messages.
    ///   - keeping: says which records stay.
    package static func freeze(
        _ bytes: RawSpan, _ facts: SealedFacts, generation: UInt32 = 0, path: String,
        keeping: (borrowing RecordView) throws(StorageError) -> Bool = { _ in true },
        to sink: @escaping ByteSink
    ) throws(StorageError) -> ColdHeader {
        var writer = ColdWriter(facts, generation: generation, path: path, sink: sink)
        let end = Int(facts.endPosition)
        guard end <= bytes.byteCount else {
            throw StorageError(
                .corrupt, "the segment has \(bytes.byteCount) bytes, its records have \(end)",
                path: path, position: bytes.byteCount)
        }
        let records = bytes.slice(0, end)
        var position = SegmentHeader.count
        while position < end {
            let at = position
            let next = writer.next
            let record = try checkedRecord(records, at: at, seed: writer.seed) { error in
                StorageError(
                    .corrupt, "a record cannot become cold: \(error.message)", path: path,
                    position: at, offset: next)
            }
            position += record.count
            if try keeping(record) {
                try writer.add(checked: record)
            } else {
                try writer.addRemoved(
                    checksum: record.checksum, marks: BatchMarks(of: record.bytes, at: 0))
            }
        }
        return try writer.finish()
    }
}

/// The record at `position` of `bytes`, checked; if it is damaged, what `error` makes of the reason is thrown.
@_lifetime(copy bytes)
func checkedRecord(
    _ bytes: RawSpan, at position: Int, seed: UInt32, error makeError: (FormatError) -> StorageError
) throws(StorageError) -> RecordView {
    do throws(FormatError) {
        return try RecordView(checking: bytes, at: position, seed: seed)
    } catch {
        throw makeError(error)
    }
}
