/// Whether bytes that come in parts are UTF-8 (RFC 3629): known at the first byte that cannot be.
package struct UTF8Check: Sendable {
    /// Bytes that are missing of the character at hand, and what the next of them may be.
    private var missing: UInt8 = 0
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xBF

    package init() {}

    /// Whether what came ends with a whole character.
    package var isWhole: Bool { self.missing == 0 }

    /// Takes the next bytes. Returns false if they cannot be UTF-8, whatever follows.
    package mutating func take(_ bytes: ArraySlice<UInt8>) -> Bool {
        let bytes = bytes.span
        var place = 0
        while place < bytes.count {
            if self.missing == 0 {
                place = Self.endOfASCII(in: bytes.bytes, from: place)
                guard place < bytes.count else { break }
                guard self.begin(bytes[place]) else { return false }
            } else {
                guard self.lowest <= bytes[place], bytes[place] <= self.highest else {
                    return false
                }
                self.missing -= 1
                self.lowest = 0x80
                self.highest = 0xBF
            }
            place += 1
        }
        return true
    }

    /// Where the characters of one byte that begin at `place` end. Most of JSON is such characters, so they are
    /// passed 32 at a time.
    private static func endOfASCII(in bytes: RawSpan, from place: Int) -> Int {
        var place = place
        while place + 32 <= bytes.byteCount {
            let part = bytes.unsafeLoadUnaligned(
                fromByteOffset: place, as: SIMD4<UInt64>.self)
            guard (part & 0x8080_8080_8080_8080) == .zero else { break }
            place += 32
        }
        while place < bytes.byteCount,
            bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self) < 0x80
        {
            place += 1
        }
        return place
    }

    /// Takes the first byte of a character of several. The second byte's bounds keep out overlong forms,
    /// surrogates, and what is above U+10FFFF.
    private mutating func begin(_ byte: UInt8) -> Bool {
        switch byte {
        case 0xC2...0xDF: self.missing = 1
        case 0xE0...0xEF: self.missing = 2
        case 0xF0...0xF4: self.missing = 3
        default: return false
        }
        switch byte {
        case 0xE0: self.lowest = 0xA0
        case 0xED: self.highest = 0x9F
        case 0xF0: self.lowest = 0x90
        case 0xF4: self.highest = 0x8F
        default: break
        }
        return true
    }
}
