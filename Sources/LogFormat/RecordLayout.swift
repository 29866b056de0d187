/// Where the fields of a record are. The layout is documented, drawn and worked through in
/// `docs/format/segment.md`; the golden fixture of the tests keeps that page and this file together.
///
///     0   length u32       crc32c u32
///     8   offset u64
///     16  durable u64
///     24  time i64
///     32  key hash u64
///     40  previous of key u64
///     48  producer 16 bytes
///     64  producer sequence u64
///     72  instance bytes u32   groups u16   views u16
///     80  model bytes u16      key bytes u16    action u8   flags u8   key kind u8   zero u8
///     88  group entries, 24 bytes each
///         model, key, then for each group: property, value
///         instance
///         for each view: name bytes u32, JSON bytes u32, name, JSON
///         zeros to a multiple of 8
///
/// A length of 0 means "never written": segments are preallocated with zeros.
public enum RecordLayout {
    static let length = 0
    static let checksum = 4
    static let offset = 8
    static let durable = 16
    static let time = 24
    static let keyHash = 32
    static let previousOfKey = 40
    static let producerLow = 48
    static let producerHigh = 56
    static let producerSequence = 64
    static let instanceCount = 72
    static let groupCount = 76
    static let viewCount = 78
    static let modelCount = 80
    static let keyCount = 82
    static let action = 84
    static let flags = 85
    static let keyKind = 86
    static let reserved = 87
    static let groups = 88

    /// The bytes of one group entry.
    static let groupStride = 24
    /// The two lengths before each view.
    static let viewPrefixCount = 8

    /// What every record's length is a multiple of.
    public static let alignment = 8
    /// The fewest bytes that a record can have: one group, the model group, and a model and key of a byte each.
    public static let countMin = (Self.groups + Self.groupStride + 2 + 7) / 8 * 8
    /// The most bytes that a record can have. Anything longer in a file is damage.
    public static let countMax = 8 << 20

    /// Stands for "no previous record of this key".
    static let noOffset = UInt64.max

    /// Set on the first record of a batch.
    static let firstOfBatch: UInt8 = 1 << 0
    /// Set on the last record of a batch.
    static let lastOfBatch: UInt8 = 1 << 1
    static let knownFlags = Self.firstOfBatch | Self.lastOfBatch

    /// `count` rounded up to a multiple of ``alignment``.
    static func padded(_ count: Int) -> Int {
        (count + Self.alignment - 1) & ~(Self.alignment - 1)
    }
}

/// Where the fields of a group entry are, from the entry's start (`docs/format/segment.md`).
///
///     0   hash u64
///     8   previous u32      text u32
///     16  property bytes u16    value bytes u16    membership u8    value kind u8    zero u16
enum GroupEntryLayout {
    static let hash = 0
    static let previousDistance = 8
    static let textStart = 12
    static let propertyCount = 16
    static let valueCount = 18
    static let membership = 20
    static let valueKind = 21
    static let reserved = 22
}
