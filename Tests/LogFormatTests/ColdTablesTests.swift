import LogFormat
import LogModel
import Testing

/// Finding and checking in the tables of a cold segment.
struct ColdTablesTests {
    /// Three blocks with the records 2 to 4, 7, and 8 to 9 of ten.
    private static let blocks = [
        ColdBlock(
            start: 4096, position: 4096, storedCount: 99, count: 360, checksum: 1, firstOrdinal: 2),
        ColdBlock(
            start: 4456, position: 4200, storedCount: 240, count: 240, checksum: 2, firstOrdinal: 7),
        ColdBlock(
            start: 4696, position: 4440, storedCount: 1, count: 8192, checksum: 3, firstOrdinal: 8),
    ]
    private static let removals = [0, 1, 5, 6].map {
        ColdRemoval(ordinal: $0, checksum: UInt32($0), marks: BatchMarks(flags: UInt8($0 % 4)))
    }

    private static func table(_ blocks: [ColdBlock]) -> [UInt8] {
        var bytes: [UInt8] = []
        for block in blocks { block.append(to: &bytes) }
        return bytes
    }

    private static func table(_ removals: [ColdRemoval]) -> [UInt8] {
        var bytes: [UInt8] = []
        for removal in removals { removal.append(to: &bytes) }
        return bytes
    }

    /// A header that fits the tables above, with the checksums of those given.
    private static func header(_ blocks: [UInt8], _ removals: [UInt8]) -> ColdHeader {
        ColdHeader(
            facts: SealedFacts(
                header: ExampleLog.header, end: ExampleLog.header.base.advanced(by: 10),
                endPosition: 20000, lastChecksum: 0, firstTime: 0, lastTime: 0, digest: .none,
                previousDigest: .none),
            generation: 1, keptCount: 6, blockCount: 3, streamEnd: 12888,
            blockTable: ColdHeader.Table(
                position: 4448, count: 72, checksum: Checksum.crc32c(blocks.span.bytes)),
            removedTable: ColdHeader.Table(
                position: 4520, count: 48, checksum: Checksum.crc32c(removals.span.bytes)),
            fileCount: 4568)
    }

    private static func refusal(_ blocks: [ColdBlock]) -> FormatError.Code? {
        let bytes = Self.table(blocks)
        return formatErrorCode { () throws(FormatError) in
            try ColdBlockTable(bytes.span.bytes).check(Self.header(bytes, []))
        }
    }

    private static func refusal(removed bytes: [UInt8]) -> FormatError.Code? {
        formatErrorCode { () throws(FormatError) in
            try ColdRemovedTable(bytes.span.bytes).check(Self.header([], bytes))
        }
    }

    @Test(arguments: zip(0...9, [2, 2, 2, 3, 4, 7, 7, 7, 8, 9]))
    func theNextOrdinalThatWasNotRemovedIsFound(ordinal: Int, next: Int) {
        let bytes = Self.table(Self.removals)
        #expect(ColdRemovedTable(bytes.span.bytes).firstOther(from: ordinal) == next)
        #expect(ColdRemovedTable([UInt8]().span.bytes).firstOther(from: ordinal) == ordinal)
    }

    @Test func aHeaderOfTheseTablesIsRight() throws {
        let header = Self.header(Self.table(Self.blocks), Self.table(Self.removals))
        #expect(try ColdHeader(reading: header.bytes.span.bytes) == header)
    }

    @Test(arguments: [
        (0, nil), (4095, nil), (4096, 0), (4455, 0), (4456, 1), (4695, 1), (4696, 2), (12887, 2),
    ])
    func theBlockAroundAPositionIsFound(position: Int, index: Int?) {
        let bytes = Self.table(Self.blocks)
        #expect(ColdBlockTable(bytes.span.bytes).index(atPosition: position) == index)
    }

    @Test(arguments: [(0, nil), (1, nil), (2, 0), (6, 0), (7, 1), (8, 2), (9, 2)])
    func theBlockOfARecordIsFound(ordinal: Int, index: Int?) {
        let bytes = Self.table(Self.blocks)
        #expect(ColdBlockTable(bytes.span.bytes).index(ofOrdinal: ordinal) == index)
    }

    @Test func whatIsRemovedIsFoundAndNothingElse() {
        let bytes = Self.table(Self.removals)
        let table = ColdRemovedTable(bytes.span.bytes)
        let found = (0..<10).compactMap { table.removal(ofOrdinal: $0) }
        #expect(found == Self.removals)
    }

    @Test func blocksThatFollowEachOtherAreRight() {
        #expect(Self.refusal(Self.blocks) == nil)
        for index in 0..<3 {
            let block = Self.blocks[index]
            func refusal(
                start: Int = 0, position: Int = 0, stored: Int = 0, count: Int = 0, ordinal: Int = 0
            ) -> FormatError.Code? {
                var blocks = Self.blocks
                blocks[index] = ColdBlock(
                    start: block.start + start, position: block.position + position,
                    storedCount: block.storedCount + stored, count: block.count + count,
                    checksum: block.checksum, firstOrdinal: block.firstOrdinal + ordinal)
                return Self.refusal(blocks)
            }
            #expect(refusal(start: 8) == .wrongField)
            #expect(refusal(position: 8) == .wrongField)
            #expect(refusal(stored: 8) == .wrongField)
            #expect(refusal(stored: -block.storedCount) == .wrongField)
            #expect(refusal(count: 8) == .wrongField)
            #expect(refusal(count: 4) == .wrongField)
            #expect(refusal(count: -block.count) == .wrongField)
            #expect(refusal(count: 16 << 20) == .wrongField)
            #expect(refusal(ordinal: 8) == .wrongField)
        }
        #expect(Self.refusal([Self.blocks[0], Self.blocks[2], Self.blocks[1]]) == .wrongField)
        #expect(Self.refusal(Array(Self.blocks[..<2])) == .wrongField)
    }

    @Test func removedRecordsHaveRisingOrdinalsAndKnownFlags() {
        let table = Self.table(Self.removals)
        #expect(Self.refusal(removed: table) == nil)
        #expect(Self.refusal(removed: Self.table(Self.removals.reversed())) == .wrongField)
        #expect(
            Self.refusal(removed: Self.table([Self.removals[0], Self.removals[0]])) == .wrongField)
        for (position, byte) in [(8, 4), (9, 1), (11, 1), (36, 10), (39, 1)] as [(Int, UInt8)] {
            var bytes = table
            bytes[position] = byte
            #expect(Self.refusal(removed: bytes) == .wrongField)
        }
    }

    @Test func aTableWithAnotherChecksumIsRefused() {
        let blocks = Self.table(Self.blocks)
        let removals = Self.table(Self.removals)
        let header = Self.header(removals, blocks)
        let code = formatErrorCode { () throws(FormatError) in
            try ColdBlockTable(blocks.span.bytes).check(header)
        }
        #expect(code == .wrongChecksum)
        let other = formatErrorCode { () throws(FormatError) in
            try ColdRemovedTable(removals.span.bytes).check(header)
        }
        #expect(other == .wrongChecksum)
    }
}
