import LogFormat
import LogModel
import Testing

/// Fields that make no sense are refused even where the checksum is right: then a program was wrong, and
/// nobody is to follow it.
struct RecordFieldTests {
    private static let seed = ExampleLog.header.seed

    /// The second record of the example with `bytes` from `position`, and a checksum to match.
    private static func refusal(with bytes: [UInt8], at position: Int) -> FormatError.Code? {
        var record = ExampleLog.records[1].encoded(seed: self.seed).bytes
        record.replaceSubrange(position..<position + bytes.count, with: bytes)
        let length = Checksum.crc32c(record.span.bytes.slice(0, 4), continuing: self.seed)
        let checksum = Checksum.crc32c(
            record.span.bytes.slice(8, record.count - 8), continuing: length)
        for index in 0..<4 {
            record[4 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index))
        }
        return formatErrorCode { () throws(FormatError) in
            _ = try RecordView(checking: record.span.bytes, at: 0, seed: self.seed)
        }
    }

    @Test func theRecordItselfIsRight() {
        #expect(Self.refusal(with: [], at: 0) == nil)
    }

    /// Positions as in `docs/format/segment.md`; group entry 1 is at 88 + 24.
    @Test(
        arguments: [
            ("durable above the offset", 16, [14, 0]),
            ("previous of key not below the offset", 40, [13]),
            ("a sequence without a producer", 48, [UInt8](repeating: 0, count: 16) + [7]),
            ("instance bytes beyond the record", 72, [0xFF, 0xFF, 0xFF, 0xFF]),
            ("instance bytes one too few", 72, [20]),
            ("no groups", 76, [0, 0]),
            ("more groups than there is room for", 76, [0xFF, 0xFF]),
            ("one view more", 78, [2]),
            ("more views than there is room for", 78, [0xFF, 0xFF]),
            ("no views", 78, [0]),
            ("model bytes beyond the record", 80, [0xFF, 0xFF]),
            ("key bytes beyond the record", 82, [0xFF, 0xFF]),
            ("action 0", 84, [0]), ("action 4", 84, [4]),
            ("an unknown flag", 85, [4]),
            ("an unknown kind of key", 86, [4]),
            ("the zero after the kind of key", 87, [1]),
            ("a thread that leads before the log", 88 + 8, [14]),
            ("text of a group elsewhere", 112 + 12, [0]),
            ("a property beyond the record", 112 + 16, [0xFF, 0xFF]),
            ("a value beyond the record", 112 + 18, [0xFF, 0xFF]),
            ("membership 0", 112 + 20, [0]), ("membership 4", 112 + 20, [4]),
            ("an unknown kind of value", 112 + 21, [4]),
            ("the zeros of a group entry", 112 + 22, [0, 1]),
        ] as [(String, Int, [UInt8])])
    func aFieldThatCannotBeIsRefused(what: String, position: Int, bytes: [UInt8]) {
        #expect(Self.refusal(with: bytes, at: position) == .wrongField, "\(what)")
    }

    @Test func aViewBeyondTheRecordIsRefused() throws {
        let record = ExampleLog.records[1].encoded(seed: Self.seed).bytes
        let name = Array("public".utf8)
        let start = try #require(
            record.indices.first { record[$0...].starts(with: name) })
        #expect(Self.refusal(with: [0xFF, 0xFF, 0xFF, 0xFF], at: start - 8) == .wrongField)
        #expect(Self.refusal(with: [0xFF, 0xFF, 0xFF, 0xFF], at: start - 4) == .wrongField)
    }

    @Test func paddingThatIsNotZeroIsRefused() {
        let record = ExampleLog.records[1].encoded(seed: Self.seed).bytes
        #expect(record.last == 0)
        #expect(Self.refusal(with: [1], at: record.count - 1) == .wrongField)
    }
}
