/// A blocked Bloom filter over hashes: a lookup touches one line of 64 bytes, which is one cache line if
/// the filter begins at a multiple of 64. The layout is documented in `docs/format/index.md`.
///
/// A line is eight words of 64 bits, and a hash sets one bit in each. The line comes from the low 32 bits
/// of the hash, so that hashes that share their top bits, as those of one partition of a run do, still
/// spread over all lines.
///
///     line(hash)     := low 32 bits of hash * lines / 2^32
///     mixed          := hash * 0x9E3779B97F4A7C15 mod 2^64
///     bit(hash, i)   := bits 16 + 6i to 21 + 6i of mixed, for word i from 0 to 7
enum HashFilter {
    /// Bytes of a line.
    static let lineCount = 64

    /// Bytes of the filter for `count` hashes: 12 bits each, and at least one line.
    static func byteCount(for count: Int) -> Int {
        max(1, (count * 12 + 511) / 512) * Self.lineCount
    }

    /// Adds `hash` to the filter of `byteCount` bytes that begins at `position`.
    @inline(__always)
    static func add(
        _ hash: UInt64, to bytes: borrowing ByteWriter, at position: Int, byteCount: Int
    ) {
        let line = position + Self.line(of: hash, byteCount: byteCount)
        var mixed = Self.mixed(hash)
        for word in 0..<8 {
            let at = line + word * 8
            bytes.store(bytes.load(at, as: UInt64.self) | 1 << (mixed & 63), at: at)
            mixed >>= 6
        }
    }

    /// Whether `hash` may have been added to the filter of `byteCount` bytes at `position`; false is
    /// certain.
    @inline(__always)
    static func mayContain(
        _ hash: UInt64, in bytes: RawSpan, at position: Int, byteCount: Int
    ) -> Bool {
        let line = position + Self.line(of: hash, byteCount: byteCount)
        var mixed = Self.mixed(hash)
        var isMissing: UInt64 = 0
        for word in 0..<8 {
            let bits = bytes.loadLittleEndian(line + word * 8, as: UInt64.self)
            isMissing |= ~(bits >> (mixed & 63)) & 1
            mixed >>= 6
        }
        return isMissing == 0
    }

    /// Where the line of `hash` begins, from the filter's start.
    @inline(__always)
    static func line(of hash: UInt64, byteCount: Int) -> Int {
        let lines = UInt64(byteCount / Self.lineCount)
        return Int(((hash & 0xFFFF_FFFF) &* lines) >> 32) * Self.lineCount
    }

    /// The hash's bits in another order, without the 16 lowest, which depend on few of them.
    @inline(__always)
    private static func mixed(_ hash: UInt64) -> UInt64 {
        (hash &* 0x9E37_79B9_7F4A_7C15) >> 16
    }
}
