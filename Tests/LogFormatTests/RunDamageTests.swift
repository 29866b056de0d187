import LogFormat
import LogModel
import TestSupport
import Testing

/// Whatever happens to the bytes of a hash run, it is found before they are believed.
struct RunDamageTests {
    /// Small, with four partitions, of which one has no entries.
    private static let file: [UInt8] = {
        var random = SeededGenerator(seed: 12)
        var sample = RunSample(count: 90, &random)
        sample.offsets = sample.offsets.filter { $0.key >> 62 != 2 }
        return sample.file(entryCountMax: 16_000)
    }()

    /// What opening `file` and checking it says.
    private func refusal(of file: RawSpan) -> FormatError.Code? {
        formatErrorCode { () throws(FormatError) in
            try RunView(file, header: try RunHeader(reading: file)).checkAll()
        }
    }

    /// What is said of the file with `bytes` from `position` and checksums of table and page to match.
    private func refusal(with bytes: [UInt8], at position: Int) -> FormatError.Code? {
        var file = Self.file
        file.replaceSubrange(position..<position + bytes.count, with: bytes)
        func set(_ checksum: UInt32, at position: Int) {
            for index in 0..<4 {
                file[position + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index))
            }
        }
        set(Checksum.crc32c(file.span.bytes.slice(file.count - 64, 64)), at: 80)
        set(Checksum.crc32c(file.span.bytes.slice(0, 4092)), at: 4092)
        return self.refusal(of: file.span.bytes)
    }

    @Test func theFileItselfIsRight() throws {
        #expect(self.refusal(of: Self.file.span.bytes) == nil)
        #expect(self.refusal(with: [], at: 0) == nil)
        #expect(try RunHeader(reading: Self.file.span.bytes).partitionCount == 4)
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

    /// Before the page is written there are zeros, or nothing.
    @Test func anUnfinishedFileIsNotTakenForOne() {
        var file = Self.file
        file.replaceSubrange(0..<4096, with: repeatElement(0, count: 4096))
        #expect(self.refusal(of: file.span.bytes) == .wrongMagic)
    }

    @Test func anotherFileOrVersionIsNamedAsSuch() {
        #expect(self.refusal(with: Array("LVLGIDX1".utf8), at: 0) == .wrongMagic)
        #expect(self.refusal(with: [2], at: 8) == .unknownVersion)
    }

    /// Numbers that a checksum over them cannot make right. The table is the last 64 bytes.
    @Test(
        arguments: [
            (12, [0, 32]),  // page bytes
            (32, [255, 255, 255, 255]),  // first offset
            (48, [0]), (55, [1]),  // entries
            (56, [3]),  // kind
            (60, [3]), (60, [32]),  // partition bits
            (64, [1]), (71, [255]),  // table position
            (Self.file.count - 64, [1]),  // place of partition 0
            (Self.file.count - 48, [1]),  // place of partition 1
            (Self.file.count - 56, [0]),  // entries of partition 0
            (Self.file.count - 5, [255]),  // entries of partition 3
        ] as [(Int, [UInt8])])
    func aFieldThatCannotBeIsRefused(position: Int, bytes: [UInt8]) {
        #expect(self.refusal(with: bytes, at: position) == .wrongField)
    }
}
