/// What the header pages of all files have in common: a magic number and a version first, a CRC32C last.
enum Page {
    /// Fills `bytes` with zeros to a page of `count` bytes that ends in its checksum.
    static func sealed(_ bytes: [UInt8], count: Int) -> [UInt8] {
        precondition(
            bytes.count <= count - 4, "\(bytes.count) bytes do not fit into a page of \(count)")
        var page = bytes
        page.append(contentsOf: repeatElement(0, count: count - 4 - bytes.count))
        page.appendLittleEndian(Checksum.crc32c(page.span.bytes))
        return page
    }

    /// Checks a page's size, magic number, version and checksum, in this order, so that the message names
    /// the most likely cause.
    static func check(
        _ bytes: RawSpan, count: Int, magic: UInt64, version: UInt32, of kind: String
    ) throws(FormatError) {
        guard bytes.byteCount >= count else {
            throw FormatError(
                .truncated, "a \(kind) begins with \(count) bytes, here are \(bytes.byteCount)",
                position: 0)
        }
        guard bytes.loadLittleEndian(0, as: UInt64.self) == magic else {
            throw FormatError(.wrongMagic, "this is not a \(kind) of a Livelog log", position: 0)
        }
        let found = bytes.loadLittleEndian(8, as: UInt32.self)
        guard found == version else {
            throw FormatError(
                .unknownVersion, "the \(kind) has version \(found), this program knows \(version)",
                position: 8)
        }
        let stored = bytes.loadLittleEndian(count - 4, as: UInt32.self)
        let computed = Checksum.crc32c(bytes.slice(0, count - 4))
        guard stored == computed else {
            throw FormatError(
                .wrongChecksum, "the \(kind)'s checksum is \(stored), the bytes give \(computed)",
                position: count - 4)
        }
    }
}

extension [UInt8] {
    /// Appends the bytes of `number`, the lowest first.
    mutating func appendLittleEndian(_ number: some FixedWidthInteger) {
        var rest = number
        for _ in 0..<number.bitWidth / 8 {
            self.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}
