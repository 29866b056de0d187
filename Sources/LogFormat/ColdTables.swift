// The two tables at the end of a cold segment's file. The layouts are documented in `docs/format/cold.md`.
//
//     block    0   start u32 (units of 8)       position u32 (units of 8)
//              8   stored bytes u32             bytes u32
//              16  crc32c of what is stored u32 first ordinal u32
//
//     removed  0   ordinal u32                  checksum u32
//              8   flags u8                     zeros 3 bytes

/// A run of whole records that is compressed, read and checked as one.
public struct ColdBlock: Hashable, Sendable {
    /// The bytes of an entry in the table.
    public static let stride = 24
    /// What positions are multiples of.
    public static let alignment = 8

    /// Where the block's records begin in the stream of records, in bytes.
    public let start: Int
    /// Where the stored bytes begin in the file.
    public let position: Int
    /// How many bytes are stored.
    public let storedCount: Int
    /// How many bytes the records have.
    public let count: Int
    /// The CRC32C of the stored bytes.
    public let checksum: UInt32
    /// How many records after the segment's base the block's first one is.
    public let firstOrdinal: Int

    /// Creates an entry.
    public init(
        start: Int, position: Int, storedCount: Int, count: Int, checksum: UInt32, firstOrdinal: Int
    ) {
        self.start = start
        self.position = position
        self.storedCount = storedCount
        self.count = count
        self.checksum = checksum
        self.firstOrdinal = firstOrdinal
    }

    /// Whether the records are stored compressed; otherwise as they are, because that is not longer.
    public var isCompressed: Bool { self.storedCount < self.count }

    /// Where the next block, or the table, begins in the file: zeros lead up to it.
    public var paddedEnd: Int { RecordLayout.padded(self.position + self.storedCount) }

    /// Whether a reader may follow the entry into a file whose blocks end at `end`, without trusting that
    /// it is still what it was when it was checked.
    public func isUsable(end: Int) -> Bool {
        self.count >= RecordLayout.countMin && self.count <= RecordLayout.countMax
            && self.count % RecordLayout.alignment == 0 && self.storedCount > 0
            && self.storedCount <= self.count && self.position >= ColdHeader.count
            && self.position <= end && self.storedCount <= end - self.position
    }

    /// Appends the entry to a table.
    public func append(to table: inout [UInt8]) {
        table.appendLittleEndian(UInt32(self.start / Self.alignment))
        table.appendLittleEndian(UInt32(self.position / Self.alignment))
        table.appendLittleEndian(UInt32(self.storedCount))
        table.appendLittleEndian(UInt32(self.count))
        table.appendLittleEndian(self.checksum)
        table.appendLittleEndian(UInt32(self.firstOrdinal))
    }

    fileprivate init(reading bytes: RawSpan, at position: Int) {
        func load(_ field: Int) -> Int {
            Int(bytes.loadLittleEndian(position + field, as: UInt32.self))
        }
        self.init(
            start: load(0) * Self.alignment, position: load(4) * Self.alignment,
            storedCount: load(8), count: load(12),
            checksum: bytes.loadLittleEndian(position + 16, as: UInt32.self), firstOrdinal: load(20)
        )
    }
}

/// What is left of a record that compaction took away: enough to prove a token that ends at it, and to
/// know where batches begin and end.
public struct ColdRemoval: Hashable, Sendable {
    /// The bytes of an entry in the table.
    public static let stride = 12

    /// How many records after the segment's base it was.
    public let ordinal: Int
    /// The checksum that it had.
    public let checksum: UInt32
    /// Where it stood in its batch.
    public let marks: BatchMarks

    /// Creates an entry.
    public init(ordinal: Int, checksum: UInt32, marks: BatchMarks) {
        self.ordinal = ordinal
        self.checksum = checksum
        self.marks = marks
    }

    /// Appends the entry to a table.
    public func append(to table: inout [UInt8]) {
        table.appendLittleEndian(UInt32(self.ordinal))
        table.appendLittleEndian(self.checksum)
        table.appendLittleEndian(UInt32(self.marks.flags))
    }
}

/// The table of a cold segment's blocks, in the order of their records.
///
/// Entries are decoded as they are asked for, so that a log with many cold segments costs no memory.
public struct ColdBlockTable: ~Escapable {
    private let bytes: RawSpan

    /// Views `bytes`, which is the table and nothing else.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    /// How many blocks there are.
    public var count: Int { self.bytes.byteCount / ColdBlock.stride }

    /// The block at `index`. Traps if there is none.
    public subscript(index: Int) -> ColdBlock {
        ColdBlock(reading: self.bytes, at: index * ColdBlock.stride)
    }

    /// The block whose records lie around byte `position` of the stream; nil if that is before the first.
    /// O(log n).
    public func index(atPosition position: Int) -> Int? {
        self.last(field: 0) { $0 * ColdBlock.alignment <= position }
    }

    /// The block in which the record `ordinal` is, if it is anywhere; nil if it is before the first block.
    /// O(log n).
    public func index(ofOrdinal ordinal: Int) -> Int? {
        self.last(field: 20) { $0 <= ordinal }
    }

    /// The last block for which `holds` is true of the number at `field`, which rises from block to block.
    private func last(field: Int, _ holds: (Int) -> Bool) -> Int? {
        var low = 0
        var high = self.count
        while low < high {
            let middle = (low + high) / 2
            let at = middle * ColdBlock.stride + field
            if holds(Int(self.bytes.loadLittleEndian(at, as: UInt32.self))) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low == 0 ? nil : low - 1
    }

    /// Checks the table's checksum, and that the blocks follow each other without gaps, in the file and in
    /// the stream, from the header page to where `header` says that they end.
    public func check(_ header: ColdHeader) throws(FormatError) {
        try Self.checkTable(self.bytes, header.blockTable, "blocks")
        let end = Int(header.blockTable.position)
        var start = ColdHeader.count
        var position = ColdHeader.count
        var ordinalMin = 0
        for index in 0..<self.count {
            let block = self[index]
            guard
                block.isUsable(end: end), block.start == start, block.position == position,
                block.firstOrdinal >= ordinalMin, block.firstOrdinal < header.facts.recordCount,
                index > 0 || header.removedCount > 0 || block.firstOrdinal == 0
            else {
                throw FormatError(
                    .wrongField, "block \(index) is not what follows the one before",
                    position: end + index * ColdBlock.stride)
            }
            start += block.count
            position = block.paddedEnd
            ordinalMin = block.firstOrdinal + 1
        }
        guard position == end, start == Int(header.streamEnd) else {
            throw FormatError(
                .wrongField, "the blocks end at \(position), byte \(start) of the records",
                position: end)
        }
    }

    fileprivate static func checkTable(
        _ bytes: RawSpan, _ table: ColdHeader.Table, _ what: String
    ) throws(FormatError) {
        let computed = Checksum.crc32c(bytes)
        guard computed == table.checksum else {
            throw FormatError(
                .wrongChecksum,
                "the checksum of the table of \(what) is \(table.checksum), the bytes give \(computed)",
                position: Int(table.position))
        }
    }
}

/// The table of the records that compaction took away, in the order of their ordinals.
public struct ColdRemovedTable: ~Escapable {
    private let bytes: RawSpan

    /// Views `bytes`, which is the table and nothing else.
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    /// How many records were removed.
    public var count: Int { self.bytes.byteCount / ColdRemoval.stride }

    /// The removed record at `index` of the table. Traps if there is none.
    public subscript(index: Int) -> ColdRemoval {
        let at = index * ColdRemoval.stride
        return ColdRemoval(
            ordinal: self.ordinal(index),
            checksum: self.bytes.loadLittleEndian(at + 4, as: UInt32.self),
            marks: BatchMarks(flags: self.bytes.loadLittleEndian(at + 8, as: UInt8.self)))
    }

    /// What is left of the record `ordinal`; nil if it is still there. O(log n).
    public func removal(ofOrdinal ordinal: Int) -> ColdRemoval? {
        let index = self.index(atLeast: ordinal)
        guard index < self.count, self.ordinal(index) == ordinal else { return nil }
        return self[index]
    }

    /// The first ordinal from `ordinal` on that is not in the table. O(log n).
    public func firstOther(from ordinal: Int) -> Int {
        let index = self.index(atLeast: ordinal)
        // Removed records that follow each other stand behind each other in the table.
        var low = index
        var high = self.count
        while low < high {
            let middle = (low + high) / 2
            if self.ordinal(middle) == ordinal + middle - index {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return ordinal + low - index
    }

    /// The first place in the table of an ordinal that is not below `ordinal`.
    private func index(atLeast ordinal: Int) -> Int {
        var low = 0
        var high = self.count
        while low < high {
            let middle = (low + high) / 2
            if self.ordinal(middle) < ordinal { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Checks the table's checksum, and that its ordinals rise and are the segment's.
    public func check(_ header: ColdHeader) throws(FormatError) {
        try ColdBlockTable.checkTable(self.bytes, header.removedTable, "removed records")
        var ordinalMin = 0
        for index in 0..<self.count {
            let ordinal = self.ordinal(index)
            let flags = self.bytes.loadLittleEndian(
                index * ColdRemoval.stride + 8, as: UInt32.self)
            guard
                ordinal >= ordinalMin, ordinal < header.facts.recordCount,
                flags & ~UInt32(RecordLayout.knownFlags) == 0
            else {
                throw FormatError(
                    .wrongField, "the removed record \(index) is not one that can follow",
                    position: Int(header.removedTable.position) + index * ColdRemoval.stride)
            }
            ordinalMin = ordinal + 1
        }
    }

    private func ordinal(_ index: Int) -> Int {
        Int(self.bytes.loadLittleEndian(index * ColdRemoval.stride, as: UInt32.self))
    }
}
