/// Where the parts of an index file are. The layout is documented, drawn and worked through in
/// `docs/format/index.md`; the golden fixture of the tests keeps that page and this file together.
///
///     header page, 4096 bytes: see IndexHeader
///     places      u32 for each ordinal
///     directory   entries of 16 bytes, by hash and kind ascending
///                 0   hash u64
///                 8   position u32   count and kind u32
///     buckets     u32 for each value of the hash's top bits, and one more
///     filter      lines of 64 bytes: see HashFilter
///     postings    of each entry with a count above 1: see PostingCode
///
/// Each section is filled up with zeros to a multiple of 64.
public enum IndexLayout {
    /// The most records that an index has: more than the largest segment can hold.
    public static let recordCountMax = 1 << 27
    /// The most entries that a directory has.
    static let entryCountMax = 1 << 30
    /// The most bytes of all postings: their positions are 32-bit numbers.
    static let postingsCountMax = Int(UInt32.max)

    /// Where sections begin.
    static let alignment = 64
    /// Bytes of a directory entry.
    static let entryStride = 16
    /// Where a directory entry's `position`, and its count and kind, are.
    static let entryPosition = 8
    static let entryCountAndKind = 12
    /// The kind is in the two bits above these, the count in these.
    static let countBits: UInt32 = 30
    static let countMask: UInt32 = (1 << Self.countBits) - 1

    /// How many top bits of a hash choose its bucket: a bucket has 8 entries or fewer on the average.
    static func bucketBits(entryCount: Int) -> Int {
        Int.bitWidth - (max(entryCount - 1, 0) >> 3).leadingZeroBitCount
    }

    /// The bucket of `hash` among 2^`bits`.
    @inline(__always)
    static func bucket(of hash: UInt64, bits: Int) -> Int {
        Int(truncatingIfNeeded: hash >> UInt64(64 - bits))
    }

    /// `count` rounded up to a multiple of ``alignment``.
    static func padded(_ count: Int) -> Int {
        (count + Self.alignment - 1) & ~(Self.alignment - 1)
    }
}

/// The place of a part of an index file.
struct IndexSection: Hashable, Sendable {
    /// Bytes of the section's line in the header page.
    static let stride = 24

    /// Bytes from the file's start, a multiple of 64.
    let position: Int
    /// Bytes without the zeros behind.
    let count: Int
    /// The CRC32C of the section with the zeros behind.
    var checksum: UInt32 = 0

    /// The place after `previous`.
    init(after previous: Int, count: Int) {
        self.position = previous
        self.count = count
    }

    /// Where the next section begins.
    var end: Int { self.position + IndexLayout.padded(self.count) }
}
