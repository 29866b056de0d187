package import LogFormat
package import LogModel

/// A cold segment: its records are read from compressed blocks, and some may be missing.
///
/// Records are found by their byte in the stream of records: that is the byte in the segment's file for as
/// long as nothing is missing, so that the segment's index stays right.
///
/// Threads: any thread reads. Reads of blocks that are not in the cache wait for the disk and decompress.
package final class ColdSegment: Sendable {
    /// Where the file is.
    package let path: String
    /// What the file's first page says.
    package let header: ColdHeader
    /// What every record's checksum begins with.
    let seed: UInt32
    private let file: any SharedBytes
    /// The bytes of `file`, which stay as long as it does: as long as the segment.
    nonisolated(unsafe) private let memory: UnsafeRawBufferPointer
    private let cache: BlockCache
    private let number: UInt64

    /// Opens the cold segment in `file`, and checks its header and tables, but no block.
    ///
    /// Throws `corrupt` if they are damaged, or if the file has another length than it was made with.
    package init(
        path: String, file: some SharedBytes, cache: BlockCache
    ) throws(StorageError) {
        self.path = path
        self.file = file
        self.memory = file.base
        self.cache = cache
        self.number = cache.nextFile()
        let bytes = file.base.bytes
        do throws(FormatError) {
            let header = try ColdHeader(reading: bytes)
            guard header.fileCount == UInt64(bytes.byteCount) else {
                throw FormatError(
                    .wrongLength,
                    "the cold segment was made with \(header.fileCount) bytes and has "
                        + "\(bytes.byteCount): restore it from a copy",
                    position: min(bytes.byteCount, Int(header.fileCount)))
            }
            self.header = header
            self.seed = header.facts.header.seed
            try Self.blocks(header, bytes).check(header)
            try Self.removed(header, bytes).check(header)
        } catch {
            throw StorageError(.corrupt, error.message, path: path, position: error.position)
        }
    }

    deinit {
        self.cache.forget(file: self.number)
    }

    /// The offset of the segment's first record, which may be missing.
    package var base: Offset { self.header.facts.header.base }
    /// The offset after the segment's last record.
    package var end: Offset { self.header.facts.end }
    /// Whether all records are there.
    package var isComplete: Bool { self.header.removedCount == 0 }

    /// What is left of the record `ordinal` places after the base, if compaction took it away; nil if it is
    /// still there. O(log n).
    package func removed(ordinal: Int) -> (checksum: UInt32, marks: BatchMarks)? {
        self.removedTable.removal(ofOrdinal: ordinal).map { ($0.checksum, $0.marks) }
    }

    /// The record that begins at byte `position` of the stream of records, after a check of its checksum.
    ///
    /// It stays in memory while the result is kept, whatever the cache does.
    ///
    /// Throws `corrupt` if the block or the record is damaged, if no record begins there, or if it is another
    /// one than `offset`.
    package func record(
        atPosition position: Int, offset: Offset? = nil
    ) throws(StorageError) -> ColdRecord {
        let table = self.blockTable
        guard position < Int(self.header.streamEnd), let index = table.index(atPosition: position)
        else {
            throw self.corrupt("no record can begin at byte \(position)", table, nil, offset)
        }
        let start = table[index].start
        let block = try self.block(index)
        let at = position - start
        let record = try checkedRecord(block.bytes, at: at, seed: self.seed) { error in
            self.corrupt("at \(at) of a block: \(error.message)", self.blockTable, index, offset)
        }
        if let offset, record.offset != offset {
            throw self.corrupt(
                "the record at \(at) of a block is \(record.offset)", table, index, offset)
        }
        return ColdRecord(block: block, position: at)
    }

    /// Lends the record that begins at byte `position` of the stream to `body`; see
    /// ``record(atPosition:offset:)``.
    package func withRecord<Result>(
        atPosition position: Int, offset: Offset? = nil,
        _ body: (borrowing RecordView) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        let record = try self.record(atPosition: position, offset: offset)
        return try body(record.view)
    }

    /// Where the record `offset` begins in the stream, found without an index: one block is read and gone
    /// through. Nil if compaction took the record away. Traps if it is not one of the segment.
    package func position(of offset: Offset) throws(StorageError) -> Int? {
        precondition(
            offset >= self.base && offset < self.end, "\(offset) is in another segment")
        let ordinal = offset.distance(from: self.base)
        guard self.removed(ordinal: ordinal) == nil else { return nil }
        let table = self.blockTable
        guard let index = table.index(ofOrdinal: ordinal) else {
            throw self.corrupt("no block has the record", table, nil, offset)
        }
        let start = table[index].start
        let block = try self.block(index)
        var at = 0
        while at < block.count {
            let record = try checkedRecord(block.bytes, at: at, seed: self.seed) { error in
                self.corrupt(
                    "at \(at) of a block: \(error.message)", self.blockTable, index, offset)
            }
            if record.offset == offset { return start + at }
            at += record.count
        }
        throw self.corrupt("the record is not in its block", table, index, offset)
    }

    /// Lends every record that is still there to `body`, in order, with its byte in the stream.
    ///
    /// Passes the cache by: what is read once and never again must not take the room of what is. Throws
    /// `corrupt` at the first damage, and what `body` throws.
    ///
    /// - Parameter start: the first offset that is wanted; nil for all.
    package func forEachRecord(
        from start: Offset? = nil, _ body: (borrowing RecordView, Int) throws(StorageError) -> Void
    ) throws(StorageError) {
        let ordinal = start.map { $0.distance(from: self.base) } ?? 0
        for index in (self.blockTable.index(ofOrdinal: ordinal) ?? 0)..<self.blockTable.count {
            let begin = self.blockTable[index].start
            let block = try self.load(index)
            var at = 0
            while at < block.count {
                let place = at
                let record = try checkedRecord(block.bytes, at: place, seed: self.seed) { error in
                    self.corrupt(
                        "at \(place) of a block: \(error.message)", self.blockTable, index, nil)
                }
                at += record.count
                if let start, record.offset < start { continue }
                try body(record, begin + place)
            }
        }
    }

    // MARK: Blocks

    /// All bytes of the file.
    var bytes: RawSpan {
        @_lifetime(borrow self) get {
            _overrideLifetime(self.memory.bytes, borrowing: self)
        }
    }

    var blockTable: ColdBlockTable {
        @_lifetime(borrow self) get {
            _overrideLifetime(Self.blocks(self.header, self.bytes), borrowing: self)
        }
    }

    var removedTable: ColdRemovedTable {
        @_lifetime(borrow self) get {
            _overrideLifetime(Self.removed(self.header, self.bytes), borrowing: self)
        }
    }

    @_lifetime(copy bytes)
    private static func blocks(_ header: ColdHeader, _ bytes: RawSpan) -> ColdBlockTable {
        let table = header.blockTable
        return ColdBlockTable(bytes.slice(Int(table.position), Int(table.count)))
    }

    @_lifetime(copy bytes)
    private static func removed(_ header: ColdHeader, _ bytes: RawSpan) -> ColdRemovedTable {
        let table = header.removedTable
        return ColdRemovedTable(bytes.slice(Int(table.position), Int(table.count)))
    }

    private func block(_ index: Int) throws(StorageError) -> Block {
        try self.cache.block(BlockCache.Key(file: self.number, index: index)) {
            () throws(StorageError) in
            try self.load(index)
        }
    }

    /// Reads and decompresses the block at `index` of the table.
    ///
    /// The table was checked when the file was opened, but its bytes are still those of the disk: so what
    /// it says is looked at again.
    func load(_ index: Int) throws(StorageError) -> Block {
        let table = self.blockTable
        let block = table[index]
        guard block.isUsable(end: Int(self.header.blockTable.position)) else {
            throw self.corrupt("the table of blocks was damaged", table, nil, nil)
        }
        let stored = self.bytes.slice(block.position, block.storedCount)
        let computed = Checksum.crc32c(stored)
        guard computed == block.checksum else {
            throw self.corrupt(
                "a block's checksum is \(block.checksum), the bytes give \(computed)", table, index,
                nil)
        }
        return try Block(count: block.count) { target throws(StorageError) in
            guard block.isCompressed else {
                stored.withUnsafeBytes { target.copyMemory(from: $0) }
                return
            }
            guard LZ4.decompress(stored, into: target) else {
                throw self.corrupt(
                    "a block does not decompress to \(block.count) bytes", self.blockTable, index,
                    nil)
            }
        }
    }

    /// The error about the block at `index`, or about the table; names the record `offset`, or else the first
    /// one of the block.
    func corrupt(
        _ message: String, _ table: borrowing ColdBlockTable, _ index: Int?, _ offset: Offset?
    ) -> StorageError {
        StorageError(
            .corrupt, "a cold segment is damaged: \(message)", path: self.path,
            position: index.map { table[$0].position } ?? Int(self.header.blockTable.position),
            offset: offset ?? index.map { self.base.advanced(by: table[$0].firstOrdinal) })
    }
}

/// A record of a cold segment, in a block that stays in memory as long as this value.
package struct ColdRecord: Sendable {
    private let block: Block
    private let position: Int

    fileprivate init(block: Block, position: Int) {
        self.block = block
        self.position = position
    }

    /// The record, which was checked.
    package var view: RecordView {
        @_lifetime(borrow self) borrowing get {
            // The block's bytes stay as long as this value, which holds it.
            _overrideLifetime(
                RecordView(trusting: self.block.bytes, at: self.position), borrowing: self)
        }
    }
}
