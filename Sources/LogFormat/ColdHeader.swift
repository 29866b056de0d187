import LogModel

/// The first page of a cold segment's file. The layout is documented in `docs/format/cold.md`.
///
///     0   magic "LVLGCLD1"
///     8   version u32          page bytes u32
///     16  log identity 16 bytes
///     32  epoch u64
///     40  base offset u64
///     48  segment file bytes u64
///     56  epoch before u64
///     64  checksum before u32  last checksum u32
///     72  end offset u64
///     80  segment end u64
///     88  first time i64
///     96  last time i64
///     104 digest 32 bytes
///     136 digest before 32 bytes
///     168 generation u32       kept records u32
///     176 blocks u32           zero u32
///     184 stream end u64
///     192 block table: position u64, bytes u32, crc32c u32
///     208 removed table: position u64, bytes u32, crc32c u32
///     224 file bytes u64
///     232 zeros
///     4092 crc32c u32 over everything before
public struct ColdHeader: Hashable, Sendable {
    /// Where a table is in the file.
    public struct Table: Hashable, Sendable {
        /// The first byte; a multiple of 8.
        public let position: UInt64
        /// How many bytes.
        public let count: UInt32
        /// Their CRC32C.
        public let checksum: UInt32

        /// Creates the place of a table.
        public init(position: UInt64, count: UInt32, checksum: UInt32) {
            self.position = position
            self.count = count
            self.checksum = checksum
        }

        /// The byte after the table.
        public var end: UInt64 { self.position + UInt64(self.count) }
    }

    /// Bytes of the header page; blocks begin after it, and so does the stream of records.
    public static let count = 4096
    /// The version that this program writes and reads.
    public static let version: UInt32 = 1
    /// The most bytes that a cold file can have: a segment whose blocks did not shrink, and its tables.
    public static let fileCountMax: UInt64 = 1 << 31

    private static let magic = UInt64(littleEndian: 0x3144_4C43_474C_564C)  // "LVLGCLD1"

    /// The segment that this is the cold form of.
    public let facts: SealedFacts
    /// How often compaction has gone over the segment; 0 means that no record is missing.
    public let generation: UInt32
    /// How many records are still there.
    public let keptCount: UInt32
    /// How many blocks hold them.
    public let blockCount: UInt32
    /// The byte after the last record in the stream of records that are still there.
    public let streamEnd: UInt64
    /// Where the table of blocks is.
    public let blockTable: Table
    /// Where the table of removed records is.
    public let removedTable: Table
    /// Bytes of the whole cold file.
    public let fileCount: UInt64

    /// Creates a header.
    public init(
        facts: SealedFacts, generation: UInt32, keptCount: UInt32, blockCount: UInt32,
        streamEnd: UInt64, blockTable: Table, removedTable: Table, fileCount: UInt64
    ) {
        self.facts = facts
        self.generation = generation
        self.keptCount = keptCount
        self.blockCount = blockCount
        self.streamEnd = streamEnd
        self.blockTable = blockTable
        self.removedTable = removedTable
        self.fileCount = fileCount
    }

    /// How many records compaction has taken away.
    public var removedCount: Int { self.facts.recordCount - Int(self.keptCount) }

    /// The page.
    public var bytes: [UInt8] {
        let header = self.facts.header
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.count)
        bytes.appendLittleEndian(Self.magic)
        bytes.appendLittleEndian(Self.version)
        bytes.appendLittleEndian(UInt32(Self.count))
        bytes.appendLittleEndian(header.identity.low)
        bytes.appendLittleEndian(header.identity.high)
        bytes.appendLittleEndian(header.epoch.rawValue)
        bytes.appendLittleEndian(header.base.rawValue)
        bytes.appendLittleEndian(header.fileCount)
        bytes.appendLittleEndian(header.previousEpoch.rawValue)
        bytes.appendLittleEndian(header.previousChecksum)
        bytes.appendLittleEndian(self.facts.lastChecksum)
        bytes.appendLittleEndian(self.facts.end.rawValue)
        bytes.appendLittleEndian(self.facts.endPosition)
        bytes.appendLittleEndian(self.facts.firstTime)
        bytes.appendLittleEndian(self.facts.lastTime)
        bytes += self.facts.digest.bytes
        bytes += self.facts.previousDigest.bytes
        bytes.appendLittleEndian(self.generation)
        bytes.appendLittleEndian(self.keptCount)
        bytes.appendLittleEndian(self.blockCount)
        bytes.appendLittleEndian(UInt32(0))
        bytes.appendLittleEndian(self.streamEnd)
        for table in [self.blockTable, self.removedTable] {
            bytes.appendLittleEndian(table.position)
            bytes.appendLittleEndian(table.count)
            bytes.appendLittleEndian(table.checksum)
        }
        bytes.appendLittleEndian(self.fileCount)
        return Page.sealed(bytes, count: Self.count)
    }

    /// Reads the page back. Afterwards the numbers agree with each other, and none is too large to count with.
    public init(reading bytes: RawSpan) throws(FormatError) {
        try Page.check(
            bytes, count: Self.count, magic: Self.magic, version: Self.version, of: "cold segment")
        func table(_ position: Int) -> Table {
            Table(
                position: bytes.loadLittleEndian(position, as: UInt64.self),
                count: bytes.loadLittleEndian(position + 8, as: UInt32.self),
                checksum: bytes.loadLittleEndian(position + 12, as: UInt32.self))
        }
        let header = SegmentHeader(
            identity: LogIdentity(
                low: bytes.loadLittleEndian(16, as: UInt64.self),
                high: bytes.loadLittleEndian(24, as: UInt64.self)),
            epoch: Epoch(bytes.loadLittleEndian(32, as: UInt64.self)),
            base: Offset(bytes.loadLittleEndian(40, as: UInt64.self)),
            fileCount: bytes.loadLittleEndian(48, as: UInt64.self),
            previousEpoch: Epoch(bytes.loadLittleEndian(56, as: UInt64.self)),
            previousChecksum: bytes.loadLittleEndian(64, as: UInt32.self))
        let facts = SealedFacts(
            header: header, end: Offset(bytes.loadLittleEndian(72, as: UInt64.self)),
            endPosition: bytes.loadLittleEndian(80, as: UInt64.self),
            lastChecksum: bytes.loadLittleEndian(68, as: UInt32.self),
            firstTime: bytes.loadLittleEndian(88, as: Int64.self),
            lastTime: bytes.loadLittleEndian(96, as: Int64.self),
            digest: SegmentDigest(reading: bytes, at: 104),
            previousDigest: SegmentDigest(reading: bytes, at: 136))
        self.init(
            facts: facts, generation: bytes.loadLittleEndian(168, as: UInt32.self),
            keptCount: bytes.loadLittleEndian(172, as: UInt32.self),
            blockCount: bytes.loadLittleEndian(176, as: UInt32.self),
            streamEnd: bytes.loadLittleEndian(184, as: UInt64.self), blockTable: table(192),
            removedTable: table(208), fileCount: bytes.loadLittleEndian(224, as: UInt64.self))
        try self.checkFields()
        guard self.bytes.span.bytes.isEqual(to: bytes.slice(0, Self.count)) else {
            throw FormatError(
                .wrongField, "bytes of the cold segment's header that must be zero are not",
                position: 0)
        }
    }

    private func checkFields() throws(FormatError) {
        func check(
            _ isRight: Bool, _ position: Int, _ message: @autoclosure () -> String
        ) throws(FormatError) {
            guard isRight else { throw FormatError(.wrongField, message(), position: position) }
        }
        let facts = self.facts
        let segmentCount = facts.header.fileCount
        try check(
            SegmentHeader.fileCounts.contains(segmentCount), 48,
            "a segment cannot have \(segmentCount) bytes")
        try check(
            facts.end >= facts.header.base
                && facts.end.rawValue - facts.header.base.rawValue <= segmentCount, 72,
            "a segment from \(facts.header.base) cannot end at \(facts.end)")
        let page = UInt64(Self.count)
        try check(
            (page...max(segmentCount, page)).contains(facts.endPosition), 80,
            "the records cannot end at byte \(facts.endPosition) of the segment")
        try check(
            Int(self.keptCount) <= facts.recordCount, 172,
            "\(self.keptCount) records are kept of \(facts.recordCount)")
        try check(
            self.generation > 0 || self.removedCount == 0, 168,
            "records are missing although the segment was never compacted")
        try check(
            (page...facts.endPosition).contains(self.streamEnd)
                && (self.removedCount > 0 || self.streamEnd == facts.endPosition), 184,
            "the kept records cannot end at \(self.streamEnd)")
        try check(
            self.blockCount <= self.keptCount && (self.blockCount > 0) == (self.keptCount > 0), 176,
            "\(self.keptCount) records cannot be in \(self.blockCount) blocks")
        try check(
            self.fileCount <= Self.fileCountMax, 224,
            "a cold segment cannot have \(self.fileCount) bytes")
        try check(
            (page...max(self.fileCount, page)).contains(self.blockTable.position)
                && self.blockTable.position % 8 == 0
                && Int(self.blockTable.count) == Int(self.blockCount) * ColdBlock.stride, 192,
            "the table of blocks is out of its place")
        try check(
            self.removedTable.position == self.blockTable.end
                && Int(self.removedTable.count) == self.removedCount * ColdRemoval.stride
                && self.removedTable.end == self.fileCount, 208,
            "the table of removed records is out of its place")
    }
}
