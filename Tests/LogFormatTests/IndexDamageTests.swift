import LogFormat
import LogModel
import TestSupport
import Testing

/// Whatever happens to the bytes of an index, it is found before they are believed.
struct IndexDamageTests {
    /// Small, but with all sections, and with a list that has a skip table.
    private static let file: [UInt8] = {
        var random = SeededGenerator(seed: 12)
        return IndexSample(recordCount: 150, &random).file()
    }()

    /// What opening `file` and checking it says.
    private func refusal(of file: RawSpan) -> FormatError.Code? {
        formatErrorCode { () throws(FormatError) in
            let view = IndexView(file, header: try IndexHeader(reading: file))
            try view.check()
        }
    }

    /// What is said of the file with `bytes` from `position` and a page checksum to match.
    private func refusal(with bytes: [UInt8], at position: Int) -> FormatError.Code? {
        var file = Self.file
        file.replaceSubrange(position..<position + bytes.count, with: bytes)
        let checksum = Checksum.crc32c(file.span.bytes.slice(0, 4092))
        for index in 0..<4 {
            file[4092 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index))
        }
        return self.refusal(of: file.span.bytes)
    }

    @Test func theFileItselfIsRight() {
        #expect(self.refusal(of: Self.file.span.bytes) == nil)
        #expect(self.refusal(with: [], at: 0) == nil)
    }

    @Test func everyFlippedBitIsFound() {
        var file = Self.file
        var passed: [Int] = []
        for bit in 0..<file.count * 8 {
            file[bit / 8] ^= 1 << (bit % 8)
            if self.refusal(of: file.span.bytes) == nil { passed.append(bit) }
            file[bit / 8] ^= 1 << (bit % 8)
        }
        #expect(passed.isEmpty)
    }

    @Test func everyTruncationIsRefused() {
        let isRefused = (0..<Self.file.count).allSatisfy {
            self.refusal(of: Self.file.span.bytes.slice(0, $0)) == .truncated
        }
        #expect(isRefused)
    }

    @Test func aLongerFileIsRefused() {
        #expect(self.refusal(of: (Self.file + [0]).span.bytes) == .wrongLength)
    }

    @Test func anotherFileOrVersionIsNamedAsSuch() {
        #expect(self.refusal(with: Array("LVLGSEG1".utf8), at: 0) == .wrongMagic)
        #expect(self.refusal(of: ExampleLog.segmentFile.span.bytes) == .wrongMagic)
        #expect(self.refusal(with: [2], at: 8) == .unknownVersion)
    }

    /// Numbers that a checksum over them cannot make right.
    @Test(
        arguments: [
            (12, [0, 32]),  // page bytes
            (48, [255, 255, 255, 255]),  // records
            (48, [1, 0]), (52, [1, 0]),  // records and entries that the sections are too long for
            (52, [255, 255, 255, 255]),  // entries
            (88, [1]),  // file bytes
            (96, [1]), (104, [1]),  // places
            (120, [1]), (128, [1]),  // directory
            (144, [1]), (152, [1]),  // buckets
            (168, [1]), (176, [1]),  // filter
            (192, [1]), (207, [1]),  // postings
        ] as [(Int, [UInt8])])
    func aFieldThatCannotBeIsRefused(position: Int, bytes: [UInt8]) {
        #expect(self.refusal(with: bytes, at: position) == .wrongField)
    }
}
