public import LogModel

/// The first page of a hash run, which is written last. The layout is documented in `docs/format/run.md`.
///
///     0   magic "LVLGRUN1"
///     8   version u32          page bytes u32
///     16  log identity 16 bytes
///     32  first offset u64
///     40  end offset u64
///     48  entries u64
///     56  kind u32             partition bits u32
///     64  table position u64
///     72  file bytes u64
///     80  table crc32c u32     zero u32
///     88  zeros
///     4092 crc32c u32 over everything before
public struct RunHeader: Hashable, Sendable {
    /// Bytes of the header page; partitions begin after it.
    public static let count = 4096
    /// The version that this program writes and reads.
    public static let version: UInt32 = 1

    private static let magic = UInt64(littleEndian: 0x314E_5552_474C_564C)  // "LVLGRUN1"

    /// The log that the offsets are of.
    public let identity: LogIdentity
    /// What the hashes are of.
    public let kind: HashKind
    /// The lowest offset that was looked at when the run was made.
    public let first: Offset
    /// The bound, exclusive, of the offsets that were looked at.
    public let end: Offset
    /// How many entries there are in all partitions.
    public let entryCount: Int
    /// How many top bits of a hash choose its partition.
    public let partitionBits: Int
    /// Where the table begins.
    let tablePosition: Int
    /// The CRC32C of the table.
    let tableChecksum: UInt32

    init(
        identity: LogIdentity, kind: HashKind, first: Offset, end: Offset, entryCount: Int,
        partitionBits: Int, tablePosition: Int, tableChecksum: UInt32
    ) {
        self.identity = identity
        self.kind = kind
        self.first = first
        self.end = end
        self.entryCount = entryCount
        self.partitionBits = partitionBits
        self.tablePosition = tablePosition
        self.tableChecksum = tableChecksum
    }

    /// How many partitions there are.
    public var partitionCount: Int { 1 << self.partitionBits }
    /// Bytes of the table.
    var tableCount: Int { self.partitionCount * RunLayout.tableStride }
    /// Bytes of the whole file, this page included.
    public var fileCount: Int { self.tablePosition + self.tableCount }

    /// The page.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.count)
        bytes.appendLittleEndian(Self.magic)
        bytes.appendLittleEndian(Self.version)
        bytes.appendLittleEndian(UInt32(Self.count))
        bytes.appendLittleEndian(self.identity.low)
        bytes.appendLittleEndian(self.identity.high)
        bytes.appendLittleEndian(self.first.rawValue)
        bytes.appendLittleEndian(self.end.rawValue)
        bytes.appendLittleEndian(UInt64(self.entryCount))
        bytes.appendLittleEndian(self.kind.rawValue)
        bytes.appendLittleEndian(UInt32(self.partitionBits))
        bytes.appendLittleEndian(UInt64(self.tablePosition))
        bytes.appendLittleEndian(UInt64(self.fileCount))
        bytes.appendLittleEndian(self.tableChecksum)
        return Page.sealed(bytes, count: Self.count)
    }

    /// Reads the page at the start of `file`, which is the whole file. Afterwards the table is known to
    /// lie at its end; what is in it is not known to be right (``RunView/checkTable()``).
    public init(reading file: RawSpan) throws(FormatError) {
        try Page.check(
            file, count: Self.count, magic: Self.magic, version: Self.version, of: "hash run")
        let pageCount = file.loadLittleEndian(12, as: UInt32.self)
        guard pageCount == UInt32(Self.count) else {
            throw FormatError(
                .wrongField, "a hash run's first page cannot have \(pageCount) bytes", position: 12)
        }
        let first = file.loadLittleEndian(32, as: UInt64.self)
        let end = file.loadLittleEndian(40, as: UInt64.self)
        guard first <= end else {
            throw FormatError(
                .wrongField, "a hash run cannot go from \(first) to \(end)", position: 32)
        }
        let kindNumber = file.loadLittleEndian(56, as: UInt32.self)
        guard let kind = HashKind(rawValue: kindNumber) else {
            throw FormatError(
                .wrongField, "\(kindNumber) is no kind of hashes", position: 56)
        }
        let partitionBits = file.loadLittleEndian(60, as: UInt32.self)
        guard partitionBits <= RunLayout.partitionBitsMax else {
            throw FormatError(
                .wrongField, "a hash run cannot have 2^\(partitionBits) partitions", position: 60)
        }
        let fileCount = file.loadLittleEndian(72, as: UInt64.self)
        guard fileCount == UInt64(file.byteCount) else {
            throw FormatError(
                fileCount > UInt64(file.byteCount) ? .truncated : .wrongLength,
                "the hash run has \(fileCount) bytes, here are \(file.byteCount)", position: 72)
        }
        let tablePosition = file.loadLittleEndian(64, as: UInt64.self)
        let tableCount = UInt64(RunLayout.tableStride) << UInt64(partitionBits)
        guard tablePosition >= UInt64(Self.count), tablePosition <= fileCount,
            fileCount - tablePosition == tableCount
        else {
            throw FormatError(
                .wrongField, "the table of the hash run is not at its end", position: 64)
        }
        let entryCount = file.loadLittleEndian(48, as: UInt64.self)
        guard entryCount <= tablePosition / UInt64(RunLayout.entryStride) else {
            throw FormatError(
                .wrongField, "\(entryCount) entries do not fit into the hash run", position: 48)
        }
        self.init(
            identity: LogIdentity(
                low: file.loadLittleEndian(16, as: UInt64.self),
                high: file.loadLittleEndian(24, as: UInt64.self)),
            kind: kind, first: Offset(first), end: Offset(end), entryCount: Int(entryCount),
            partitionBits: Int(partitionBits), tablePosition: Int(tablePosition),
            tableChecksum: file.loadLittleEndian(80, as: UInt32.self))
    }
}
