import LogFormat
import LogModel
import Testing

/// What is not exactly what was written is refused.
struct RecordDamageTests {
    private static let seed = ExampleLog.header.seed
    private static let records = ExampleLog.records.map { $0.encoded(seed: Self.seed).bytes }

    private static func refusal(
        of bytes: [UInt8], at position: Int = 0, seed: UInt32 = Self.seed
    ) -> FormatError.Code? {
        formatErrorCode { () throws(FormatError) in
            _ = try RecordView(checking: bytes.span.bytes, at: position, seed: seed)
        }
    }

    @Test(arguments: [0, 1])
    func everyFlippedBitIsRefused(record: Int) {
        var bytes = Self.records[record]
        #expect(Self.refusal(of: bytes) == nil)
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(Self.refusal(of: bytes) != nil, "bit \(bit)")
            bytes[bit / 8] ^= 1 << (bit % 8)
        }
        #expect(Self.refusal(of: bytes) == nil, "the bits are back")
    }

    /// A longer length must not pass because there are bytes behind the record.
    @Test func everyFlippedBitIsRefusedWithARecordBehind() {
        var bytes = Self.records[0] + Self.records[1]
        for bit in 0..<Self.records[0].count * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(Self.refusal(of: bytes) != nil, "bit \(bit)")
            bytes[bit / 8] ^= 1 << (bit % 8)
        }
    }

    @Test(arguments: [0, 1])
    func everyTruncationIsRefused(record: Int) {
        let bytes = Self.records[record]
        for count in 0..<bytes.count {
            #expect(Self.refusal(of: Array(bytes[..<count])) == .truncated, "\(count) bytes")
        }
    }

    /// A torn write leaves zeros where the file was reserved.
    @Test(arguments: [0, 1])
    func everyTornWriteIsRefused(record: Int) {
        let bytes = Self.records[record]
        // The padding is zero anyway: without it nothing is missing.
        let written = (bytes.lastIndex { $0 != 0 } ?? 0) + 1
        for count in 0..<written {
            let torn = bytes[..<count] + [UInt8](repeating: 0, count: bytes.count - count)
            #expect(Self.refusal(of: Array(torn)) != nil, "\(count) bytes written")
        }
    }

    @Test(arguments: [0, 8, 112, 121, 124, (8 << 20) + 8, 0xFFFF_FFF8] as [UInt32])
    func aLengthThatCannotBeIsRefused(length: UInt32) {
        var bytes = Self.records[0]
        for index in 0..<4 {
            bytes[index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index))
        }
        #expect(Self.refusal(of: bytes) == .wrongLength)
    }

    @Test func placesBeyondTheEndAreRefused() {
        let bytes = Self.records[0]
        #expect(Self.refusal(of: bytes, at: bytes.count) == .truncated)
        #expect(Self.refusal(of: bytes, at: bytes.count + 8) == .truncated)
        #expect(Self.refusal(of: bytes, at: 8) != nil)
    }

    @Test func anErrorSaysWhere() throws {
        var bytes = Self.records[0] + Self.records[1]
        let position = Self.records[0].count
        bytes[position + 30] ^= 0x10
        let error = #expect(throws: FormatError.self) {
            _ = try RecordView(checking: bytes.span.bytes, at: position, seed: Self.seed)
        }
        #expect(error?.code == .wrongChecksum)
        #expect(error?.position == position)
    }

    @Test func recordsOfAnotherLogOrEpochDoNotVerify() {
        let own = ExampleLog.header
        let others = [
            (LogIdentity(low: own.identity.low ^ 1, high: own.identity.high), own.epoch),
            (LogIdentity(low: own.identity.low, high: own.identity.high ^ 1 << 63), own.epoch),
            (LogIdentity(low: own.identity.high, high: own.identity.low), own.epoch),
            (own.identity, Epoch(own.epoch.rawValue + 1)),
        ]
        for (identity, epoch) in others {
            let other = SegmentHeader(
                identity: identity, epoch: epoch, base: own.base, fileCount: own.fileCount,
                previousEpoch: own.previousEpoch, previousChecksum: own.previousChecksum)
            #expect(Self.refusal(of: Self.records[0], seed: other.seed) == .wrongChecksum)
        }
    }

    @Test func recordsOfAnotherSegmentOfTheSameEpochVerify() {
        let other = SegmentHeader(
            identity: ExampleLog.identity, epoch: ExampleLog.epoch, base: Offset(99),
            fileCount: 1 << 20, previousEpoch: Epoch(1), previousChecksum: 2)
        #expect(Self.refusal(of: Self.records[0], seed: other.seed) == nil)
    }
}
