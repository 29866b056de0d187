import CCRC32C
import LogFormat
import TestSupport
import Testing

struct ChecksumTests {
    @Test func theKnownInputHasTheKnownChecksum() {
        #expect(Checksum.crc32c(Array("123456789".utf8).span.bytes) == 0xE306_9283)
    }

    /// The examples of RFC 3720 section B.4.
    @Test(
        arguments: [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            ([UInt8](0..<32), 0x46DD_794E),
            ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
        ] as [([UInt8], UInt32)])
    func theExamplesOfTheStandardHold(bytes: [UInt8], expected: UInt32) {
        #expect(Checksum.crc32c(bytes.span.bytes) == expected)
        #expect(livelog_crc32c_table(0, bytes, bytes.count) == expected)
    }

    @Test func nothingHasTheChecksumZero() {
        #expect(Checksum.crc32c([UInt8]().span.bytes) == 0)
        #expect(Checksum.crc32c([UInt8]().span.bytes, continuing: 77) == 77)
    }

    @Test func instructionAndTableAgree() {
        var random = SeededGenerator.ofThisRun()
        for count in Array(0..<400) + [767, 768, 769, 1151, 1152, 5000] {
            let bytes = random.bytes(count)
            let start = UInt32(truncatingIfNeeded: random.next())
            #expect(
                livelog_crc32c(start, bytes, count) == livelog_crc32c_table(start, bytes, count),
                "\(count) bytes of \(random)")
        }
    }

    @Test func theChecksumOfAConcatenationIsContinued() {
        var random = SeededGenerator.ofThisRun()
        let bytes = random.bytes(50)
        let whole = Checksum.crc32c(bytes.span.bytes)
        for split in 0...bytes.count {
            let first = Checksum.crc32c(bytes.span.bytes.slice(0, split))
            let rest = bytes.span.bytes.slice(split, bytes.count - split)
            #expect(Checksum.crc32c(rest, continuing: first) == whole, "split at \(split)")
        }
    }
}
