/// A digest of 32 bytes that ties what was derived from a segment to the bytes it was derived from.
///
/// Which digest it is, is decided where it is computed; here it is only kept and compared.
package struct SegmentBinding: Hashable, Sendable {
    /// Bytes of a binding.
    package static let count = 32

    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// Reads the 32 bytes from `position`. Traps if they do not lie within `bytes`.
    package init(reading bytes: RawSpan, at position: Int = 0) {
        self.first = bytes.loadLittleEndian(position, as: UInt64.self)
        self.second = bytes.loadLittleEndian(position + 8, as: UInt64.self)
        self.third = bytes.loadLittleEndian(position + 16, as: UInt64.self)
        self.fourth = bytes.loadLittleEndian(position + 24, as: UInt64.self)
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for word in [self.first, self.second, self.third, self.fourth] {
            bytes.appendLittleEndian(word)
        }
        return bytes
    }
}
