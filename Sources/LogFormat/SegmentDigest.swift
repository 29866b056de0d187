/// The SHA-256 of a segment, which also covers that of the segment before it.
public struct SegmentDigest: Hashable, Sendable {
    /// Bytes of a digest.
    public static let count = 32
    /// What stands where there is no digest: all zeros.
    public static let none = SegmentDigest(words: (0, 0, 0, 0))

    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    private init(words: (UInt64, UInt64, UInt64, UInt64)) {
        (self.first, self.second, self.third, self.fourth) = words
    }

    /// Reads the ``count`` bytes at `position`. Traps if they do not lie within `bytes`.
    public init(reading bytes: RawSpan, at position: Int) {
        self.init(
            words: (
                bytes.loadLittleEndian(position, as: UInt64.self),
                bytes.loadLittleEndian(position + 8, as: UInt64.self),
                bytes.loadLittleEndian(position + 16, as: UInt64.self),
                bytes.loadLittleEndian(position + 24, as: UInt64.self)
            ))
    }

    /// The digest's bytes, in the order in which they are in files.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.count)
        for word in [self.first, self.second, self.third, self.fourth] {
            bytes.appendLittleEndian(word)
        }
        return bytes
    }
}
