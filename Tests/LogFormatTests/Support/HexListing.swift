/// Bytes of a file as text that people can read, in fixtures and in documents.
///
/// A line is a decimal position, two spaces, bytes of two hexadecimal digits with a space between, and
/// if it likes two spaces and an explanation. What no line lists is zero. `#` begins a comment line.
struct HexListing {
    /// A line that is not as it should be.
    struct Malformed: Error {
        let line: String
    }

    private(set) var bytes: [Int: UInt8] = [:]

    /// Reads a listing.
    init(_ text: some StringProtocol) throws(Malformed) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let columns = line.split(separator: "  ", maxSplits: 2)
            guard columns.count >= 2, var position = Int(columns[0].drop { $0 == " " }) else {
                throw Malformed(line: String(line))
            }
            for digits in columns[1].split(separator: " ") {
                guard digits.utf8.count == 2, let byte = UInt8(digits, radix: 16),
                    self.bytes.updateValue(byte, forKey: position) == nil
                else { throw Malformed(line: String(line)) }
                position += 1
            }
        }
    }

    /// Reads all blocks of a document that are fenced as `hex`, as one listing.
    init(document: String) throws(Malformed) {
        let blocks = document.split(separator: "```hex\n").dropFirst()
        try self.init(blocks.compactMap { $0.split(separator: "```").first }.joined())
    }

    /// The first `count` bytes of the file; nil if the listing has some beyond.
    func file(count: Int) -> [UInt8]? {
        guard self.bytes.keys.allSatisfy({ $0 < count }) else { return nil }
        var file = [UInt8](repeating: 0, count: count)
        for (position, byte) in self.bytes { file[position] = byte }
        return file
    }

    /// The listing of `bytes` in lines of 16, without those that are all zero.
    static func text(of bytes: [UInt8]) -> String {
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 16) {
            let row = bytes[start..<min(start + 16, bytes.count)]
            guard row.contains(where: { $0 != 0 }) else { continue }
            text += "\(start)  " + row.map(self.digits).joined(separator: " ") + "\n"
        }
        return text
    }

    private static func digits(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
