public import LogModel

/// The first page of a segment file; the last one is `SegmentFooter`'s. The layout is documented in `docs/format/segment.md`.
///
///     0   magic "LVLGSEG1"
///     8   version u32          page bytes u32
///     16  log identity 16 bytes
///     32  epoch u64
///     40  base offset u64
///     48  file bytes u64
///     56  epoch before u64
///     64  checksum before u32  zero u32
///     72  zeros
///     4092 crc32c u32 over everything before
public struct SegmentHeader: Hashable, Sendable {
    /// Bytes of the header page; records begin after it.
    public static let count = 4096
    /// The version that this program writes and reads.
    public static let version: UInt32 = 2
    /// The bytes that a segment's file can have: its first and last pages and something between them, up to 1 GiB.
    public static let fileCounts = UInt64(Self.count + SegmentFooter.count + 1)...1 << 30

    private static let magic = UInt64(littleEndian: 0x3147_4553_474C_564C)  // "LVLGSEG1"

    /// The log that the segment belongs to.
    public let identity: LogIdentity
    /// The epoch of all records in the segment.
    public let epoch: Epoch
    /// The offset of the first record.
    public let base: Offset
    /// Bytes of the whole file, this page included.
    public let fileCount: UInt64
    /// The epoch of the record before `base`; at the log's start the same as `epoch`.
    public let previousEpoch: Epoch
    /// The checksum of the record before `base`; 0 at the log's start.
    public let previousChecksum: UInt32

    /// Creates a header.
    public init(
        identity: LogIdentity, epoch: Epoch, base: Offset, fileCount: UInt64, previousEpoch: Epoch,
        previousChecksum: UInt32
    ) {
        self.identity = identity
        self.epoch = epoch
        self.base = base
        self.fileCount = fileCount
        self.previousEpoch = previousEpoch
        self.previousChecksum = previousChecksum
    }

    /// What the checksum of every record in the segment begins with: bytes from another log, or from
    /// another epoch, do not verify here.
    public var seed: UInt32 {
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(self.identity.low)
        bytes.appendLittleEndian(self.identity.high)
        bytes.appendLittleEndian(self.epoch.rawValue)
        return Checksum.crc32c(bytes.span.bytes)
    }

    /// The page.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.count)
        bytes.appendLittleEndian(Self.magic)
        bytes.appendLittleEndian(Self.version)
        bytes.appendLittleEndian(UInt32(Self.count))
        bytes.appendLittleEndian(self.identity.low)
        bytes.appendLittleEndian(self.identity.high)
        bytes.appendLittleEndian(self.epoch.rawValue)
        bytes.appendLittleEndian(self.base.rawValue)
        bytes.appendLittleEndian(self.fileCount)
        bytes.appendLittleEndian(self.previousEpoch.rawValue)
        bytes.appendLittleEndian(self.previousChecksum)
        return Page.sealed(bytes, count: Self.count)
    }

    /// Reads the page back.
    public init(reading bytes: RawSpan) throws(FormatError) {
        try Page.check(
            bytes, count: Self.count, magic: Self.magic, version: Self.version, of: "segment")
        let pageCount = bytes.loadLittleEndian(12, as: UInt32.self)
        guard pageCount == UInt32(Self.count) else {
            throw FormatError(
                .wrongField, "a segment's first page cannot have \(pageCount) bytes", position: 12)
        }
        let fileCount = bytes.loadLittleEndian(48, as: UInt64.self)
        guard Self.fileCounts.contains(fileCount) else {
            throw FormatError(
                .wrongField, "a segment cannot have \(fileCount) bytes", position: 48)
        }
        self.init(
            identity: LogIdentity(
                low: bytes.loadLittleEndian(16, as: UInt64.self),
                high: bytes.loadLittleEndian(24, as: UInt64.self)),
            epoch: Epoch(bytes.loadLittleEndian(32, as: UInt64.self)),
            base: Offset(bytes.loadLittleEndian(40, as: UInt64.self)),
            fileCount: fileCount, previousEpoch: Epoch(bytes.loadLittleEndian(56, as: UInt64.self)),
            previousChecksum: bytes.loadLittleEndian(64, as: UInt32.self))
    }
}

/// Sixteen random bytes that name a log for ever.
public struct LogIdentity: Hashable, Sendable {
    /// The first eight bytes, little-endian.
    public let low: UInt64
    /// The last eight bytes, little-endian.
    public let high: UInt64

    /// Creates an identity from its two halves.
    public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }
}
