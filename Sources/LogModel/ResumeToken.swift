/// A place in a log that proves itself: the epoch, the next offset and the checksum of the record before it.
///
/// Opaque to clients. Documented and worked through in `docs/format/resume-token.md`. Its text is base64url without padding of 21 bytes:
///
///     0      1              9              17        21
///     +------+--------------+--------------+---------+
///     | 0x01 | epoch  u64le | next   u64le | crc u32 |
///     +------+--------------+--------------+---------+
///
/// A log whose record before `next` has another checksum or epoch is not the log that gave the token.
public struct ResumeToken: Hashable, Sendable {
    /// The epoch of the record before `next`, or of the log's start.
    public let epoch: Epoch
    /// The first offset that the reader has not taken.
    public let next: Offset
    /// The CRC32C of the record before `next`; 0 at offset 0.
    public let checksum: UInt32

    /// The number of characters of ``text``.
    public static let textCount = 28

    private static let version: UInt8 = 1

    /// Creates a token from its parts.
    public init(epoch: Epoch, next: Offset, checksum: UInt32) {
        self.epoch = epoch
        self.next = next
        self.checksum = checksum
    }

    /// The form in messages and URLs.
    public var text: String {
        var bytes: [UInt8] = [Self.version]
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: self.epoch.rawValue >> UInt64(shift)))
        }
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: self.next.rawValue >> UInt64(shift)))
        }
        for shift in stride(from: 0, to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: self.checksum >> UInt32(shift)))
        }
        return Base64URL.encode(bytes)
    }

    /// Reads a token back from its text, or returns nil if it is not one.
    public init?(text: String) {
        guard text.utf8.count == Self.textCount, let bytes = Base64URL.decode(text),
            bytes[0] == Self.version
        else { return nil }
        func number(_ range: Range<Int>) -> UInt64 {
            range.reversed().reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
        }
        self.init(
            epoch: Epoch(number(1..<9)),
            next: Offset(number(9..<17)),
            checksum: UInt32(number(17..<21))
        )
    }
}

/// Base64 with the URL alphabet and no padding (RFC 4648 section 5).
enum Base64URL {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var bitCount = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(self.alphabet[Int(bits >> UInt32(bitCount) & 63)])
            }
        }
        if bitCount > 0 {
            text.append(self.alphabet[Int(bits << UInt32(6 - bitCount) & 63)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for character in text.utf8 {
            guard let value = Self.alphabet.firstIndex(of: character) else { return nil }
            bits = (bits << 6 | UInt32(value)) & 0xFFFF
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        // What is left over must be zero, so that each token has one text.
        guard bitCount < 6, bits & (1 << UInt32(bitCount) - 1) == 0 else { return nil }
        return bytes
    }
}
