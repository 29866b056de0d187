public import LogModel

/// What is true of a log as a whole. The file `meta` holds two such pages, A and B, written in turn, so
/// that a torn write never loses both; the valid one with the higher generation counts.
///
/// The layout is documented in `docs/format/meta.md`.
///
///     0   magic "LVLGMETA"
///     8   version u32     flags u32 (bit 0: `visible` ran ahead of `durable`, bit 1: closed cleanly)
///     16  generation u64
///     24  log identity 16 bytes
///     40  hash key 16 bytes
///     56  epoch u64
///     64  boot identity 16 bytes
///     80  durable u64
///     88  durable checksum u32  zero u32
///     96  active base u64
///     104 retained u64
///     112 zeros
///     4092 crc32c u32 over everything before
public struct MetaPage: Hashable, Sendable {
    /// Bytes of one page; the file has two.
    public static let count = 4096
    /// The version that this program writes and reads.
    public static let version: UInt32 = 2

    private static let magic = UInt64(littleEndian: 0x4154_454D_474C_564C)  // "LVLGMETA"
    private static let visibleAheadOfDurable: UInt32 = 1 << 0
    private static let closedCleanly: UInt32 = 1 << 1
    private static let knownFlags = Self.visibleAheadOfDurable | Self.closedCleanly

    /// Rises by one with each write.
    public var generation: UInt64
    /// The log's name for ever.
    public var identity: LogIdentity
    /// The secret key of group and key hashes.
    public var hashKey: SipHash.Key
    /// The epoch that new records get.
    public var epoch: Epoch
    /// The boot of the machine during which the log was opened last: what was written before a crash of the
    /// process alone is still in the page cache, what was written before a crash of the machine may not be.
    public var boot: LogIdentity
    /// Whether readers were shown records before they were durable.
    public var isVisibleAheadOfDurable: Bool
    /// Whether the log was closed with everything durable.
    public var isClosedCleanly: Bool

    /// A bound below which every record is known to be durable. Often behind: it is noted when a segment
    /// begins, when the log has nothing to do, and when it is closed.
    public var durable = Offset.zero
    /// The checksum of the record before `durable`; 0 at the log's start.
    public var durableChecksum: UInt32 = 0
    /// The base of a segment that the log has, or had until it had later ones.
    public var activeBase = Offset.zero
    /// The offset below which the log keeps nothing.
    public var retained = Offset.zero

    /// Creates a page of a log that has nothing yet.
    public init(
        generation: UInt64, identity: LogIdentity, hashKey: SipHash.Key, epoch: Epoch,
        boot: LogIdentity, isVisibleAheadOfDurable: Bool, isClosedCleanly: Bool
    ) {
        self.generation = generation
        self.identity = identity
        self.hashKey = hashKey
        self.epoch = epoch
        self.boot = boot
        self.isVisibleAheadOfDurable = isVisibleAheadOfDurable
        self.isClosedCleanly = isClosedCleanly
    }

    /// The page's bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.count)
        bytes.appendLittleEndian(Self.magic)
        bytes.appendLittleEndian(Self.version)
        bytes.appendLittleEndian(
            (self.isVisibleAheadOfDurable ? Self.visibleAheadOfDurable : 0)
                | (self.isClosedCleanly ? Self.closedCleanly : 0))
        bytes.appendLittleEndian(self.generation)
        bytes.appendLittleEndian(self.identity.low)
        bytes.appendLittleEndian(self.identity.high)
        bytes.appendLittleEndian(self.hashKey.low)
        bytes.appendLittleEndian(self.hashKey.high)
        bytes.appendLittleEndian(self.epoch.rawValue)
        bytes.appendLittleEndian(self.boot.low)
        bytes.appendLittleEndian(self.boot.high)
        bytes.appendLittleEndian(self.durable.rawValue)
        bytes.appendLittleEndian(self.durableChecksum)
        bytes.appendLittleEndian(UInt32(0))
        bytes.appendLittleEndian(self.activeBase.rawValue)
        bytes.appendLittleEndian(self.retained.rawValue)
        return Page.sealed(bytes, count: Self.count)
    }

    /// Reads a page back.
    public init(reading bytes: RawSpan) throws(FormatError) {
        try Page.check(
            bytes, count: Self.count, magic: Self.magic, version: Self.version, of: "meta file")
        let flags = bytes.loadLittleEndian(12, as: UInt32.self)
        guard flags & ~Self.knownFlags == 0 else {
            throw FormatError(.wrongField, "the meta file has an unknown flag", position: 12)
        }
        self.init(
            generation: bytes.loadLittleEndian(16, as: UInt64.self),
            identity: LogIdentity(
                low: bytes.loadLittleEndian(24, as: UInt64.self),
                high: bytes.loadLittleEndian(32, as: UInt64.self)),
            hashKey: SipHash.Key(
                low: bytes.loadLittleEndian(40, as: UInt64.self),
                high: bytes.loadLittleEndian(48, as: UInt64.self)),
            epoch: Epoch(bytes.loadLittleEndian(56, as: UInt64.self)),
            boot: LogIdentity(
                low: bytes.loadLittleEndian(64, as: UInt64.self),
                high: bytes.loadLittleEndian(72, as: UInt64.self)),
            isVisibleAheadOfDurable: flags & Self.visibleAheadOfDurable != 0,
            isClosedCleanly: flags & Self.closedCleanly != 0)
        self.durable = Offset(bytes.loadLittleEndian(80, as: UInt64.self))
        self.durableChecksum = bytes.loadLittleEndian(88, as: UInt32.self)
        self.activeBase = Offset(bytes.loadLittleEndian(96, as: UInt64.self))
        self.retained = Offset(bytes.loadLittleEndian(104, as: UInt64.self))
    }
}
