/// SipHash-1-3 with a 128-bit key: fast on short input, and a client that does not know the key cannot
/// choose values that collide (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
///
/// The input is a sequence of words and byte strings. Byte strings are not delimited: add their lengths.
public struct SipHash {
    /// The secret that the hash depends on; drawn once for a log and kept in its `meta` file.
    public struct Key: Hashable, Sendable {
        /// The first eight bytes, little-endian.
        public let low: UInt64
        /// The last eight bytes, little-endian.
        public let high: UInt64

        /// Creates a key from its two halves.
        public init(low: UInt64, high: UInt64) {
            self.low = low
            self.high = high
        }
    }

    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    /// Bytes that do not fill a word yet, the first in the lowest place.
    private var tail: UInt64 = 0
    private var count: UInt64 = 0

    /// Begins a hash under `key`.
    public init(key: Key) {
        self.v0 = key.low ^ 0x736F_6D65_7073_6575
        self.v1 = key.high ^ 0x646F_7261_6E64_6F6D
        self.v2 = key.low ^ 0x6C79_6765_6E65_7261
        self.v3 = key.high ^ 0x7465_6462_7974_6573
    }

    /// Adds the eight bytes of `word`, little-endian.
    @inline(__always)
    public mutating func add(_ word: UInt64) {
        let shift = (self.count & 7) * 8
        self.compress(self.tail | word << shift)
        self.tail = shift == 0 ? 0 : word >> (64 - shift)
        self.count &+= 8
    }

    /// Adds `bytes`.
    @inline(__always)
    public mutating func add(_ bytes: RawSpan) {
        var at = 0
        while at + 8 <= bytes.byteCount {
            self.add(bytes.loadLittleEndian(at, as: UInt64.self))
            at += 8
        }
        let rest = UInt64(truncatingIfNeeded: bytes.byteCount - at)
        let word = Self.word(of: bytes, from: at)
        let filled = self.count & 7
        self.tail |= word << (filled * 8)
        self.count &+= rest
        guard filled + rest >= 8 else { return }
        self.compress(self.tail)
        // At least one byte was there, or the rest would not have filled the word.
        self.tail = word >> (64 - filled * 8)
    }

    /// The bytes from `start` to the end, fewer than eight, in the lowest places of a word. Loads that overlap
    /// say the same, so that no loop over bytes is needed.
    @inline(__always)
    private static func word(of bytes: RawSpan, from start: Int) -> UInt64 {
        let count = bytes.byteCount - start
        func byte(_ at: Int) -> UInt64 {
            UInt64(bytes.loadLittleEndian(start + at, as: UInt8.self)) << UInt64(at * 8)
        }
        if count >= 4 {
            let low = UInt64(bytes.loadLittleEndian(start, as: UInt32.self))
            let high = UInt64(bytes.loadLittleEndian(start + count - 4, as: UInt32.self))
            return low | high << UInt64((count - 4) * 8)
        }
        return count == 0 ? 0 : byte(0) | byte(count / 2) | byte(count - 1)
    }

    /// Ends the hash.
    @inline(__always)
    public consuming func finish() -> UInt64 {
        self.compress(self.tail | self.count << 56)
        self.v2 ^= 0xFF
        for _ in 0..<3 { self.round() }
        return self.v0 ^ self.v1 ^ self.v2 ^ self.v3
    }

    @inline(__always)
    private mutating func compress(_ word: UInt64) {
        self.v3 ^= word
        self.round()
        self.v0 ^= word
    }

    @inline(__always)
    private mutating func round() {
        self.v0 &+= self.v1
        self.v1 = Self.rotate(self.v1, 13) ^ self.v0
        self.v0 = Self.rotate(self.v0, 32)
        self.v2 &+= self.v3
        self.v3 = Self.rotate(self.v3, 16) ^ self.v2
        self.v0 &+= self.v3
        self.v3 = Self.rotate(self.v3, 21) ^ self.v0
        self.v2 &+= self.v1
        self.v1 = Self.rotate(self.v1, 17) ^ self.v2
        self.v2 = Self.rotate(self.v2, 32)
    }

    @inline(__always)
    private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 {
        word << count | word >> (64 - count)
    }
}
