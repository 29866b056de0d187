/// Where the parts of a hash run are. The layout is documented, drawn and worked through in
/// `docs/format/run.md`; the golden fixture of the tests keeps that page and this file together.
///
///     header page, 4096 bytes: see RunHeader
///     partition for each value of the hash's top bits
///         filter      lines of 64 bytes: see HashFilter; none without entries
///         entries     hash u64   offset u64, by hash ascending
///         zeros to a multiple of 64
///     table line for each partition
///         0   position u64
///         8   entries u32   crc32c u32
enum RunLayout {
    /// Where partitions, and the table, begin.
    static let alignment = 64
    /// Bytes of an entry.
    static let entryStride = 16
    /// Bytes of a partition's line in the table.
    static let tableStride = 16
    /// The entries that a partition has or fewer, if hashes are spread evenly.
    static let partitionCount = 4096
    /// The most top bits that choose a partition.
    static let partitionBitsMax = 24

    /// How many top bits choose the partition in a run of about `entryCount` entries.
    static func partitionBits(entryCount: Int) -> Int {
        var bits = 0
        while entryCount > Self.partitionCount << bits && bits < Self.partitionBitsMax { bits += 1 }
        return bits
    }

    /// The partition of `hash` among 2^`bits`.
    @inline(__always)
    static func partition(of hash: UInt64, bits: Int) -> Int {
        Int(truncatingIfNeeded: hash >> UInt64(64 - bits))
    }

    /// Bytes of the filter of a partition.
    static func filterCount(entryCount: Int) -> Int {
        entryCount == 0 ? 0 : HashFilter.byteCount(for: entryCount)
    }

    /// Bytes of a partition with the zeros behind.
    static func partitionCount(entryCount: Int) -> Int {
        let count = Self.filterCount(entryCount: entryCount) + entryCount * Self.entryStride
        return (count + Self.alignment - 1) & ~(Self.alignment - 1)
    }
}

/// One hash of a run, with the offset that it leads to.
public struct RunEntry: Hashable, Sendable {
    /// The hash.
    public let hash: UInt64
    /// The offset.
    public let offset: UInt64

    /// Creates an entry.
    public init(hash: UInt64, offset: UInt64) {
        self.hash = hash
        self.offset = offset
    }
}
