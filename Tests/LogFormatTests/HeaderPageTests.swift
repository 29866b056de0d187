import LogFormat
import LogModel
import Testing

/// The first pages of segments, hot and cold, and the pages of `meta`, which are checked in the same way.
struct HeaderPageTests {
    /// A kind of page.
    enum Kind: CaseIterable {
        case segment
        case meta
        case cold

        var page: [UInt8] {
            switch self {
            case .segment: ExampleLog.header.bytes
            case .meta: ExampleLog.metaPages[0].bytes
            case .cold: ExampleLog.coldHeader.bytes
            }
        }

        func refusal(of bytes: [UInt8]) -> FormatError.Code? {
            formatErrorCode { () throws(FormatError) in
                switch self {
                case .segment: _ = try SegmentHeader(reading: bytes.span.bytes)
                case .meta: _ = try MetaPage(reading: bytes.span.bytes)
                case .cold: _ = try ColdHeader(reading: bytes.span.bytes)
                }
            }
        }

        /// What is said of the page with `bytes` from `position` and a checksum to match.
        func refusal(with bytes: [UInt8], at position: Int) -> FormatError.Code? {
            var page = self.page
            page.replaceSubrange(position..<position + bytes.count, with: bytes)
            let checksum = Checksum.crc32c(page.span.bytes.slice(0, 4092))
            for index in 0..<4 {
                page[4092 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index))
            }
            return self.refusal(of: page)
        }
    }

    @Test(arguments: Kind.allCases)
    func thePageItselfIsRight(kind: Kind) {
        #expect(kind.page.count == 4096)
        #expect(kind.refusal(of: kind.page) == nil)
        #expect(kind.refusal(of: kind.page + [1, 2, 3]) == nil, "what follows is not its business")
    }

    @Test(arguments: Kind.allCases)
    func everyFlippedBitIsRefused(kind: Kind) {
        var page = kind.page
        var passed: [Int] = []
        for bit in 0..<page.count * 8 {
            page[bit / 8] ^= 1 << (bit % 8)
            if kind.refusal(of: page) == nil { passed.append(bit) }
            page[bit / 8] ^= 1 << (bit % 8)
        }
        #expect(passed.isEmpty)
    }

    @Test(arguments: Kind.allCases)
    func everyTruncationIsRefused(kind: Kind) {
        let page = kind.page
        let refused = (0..<page.count).allSatisfy {
            kind.refusal(of: Array(page[..<$0])) == .truncated
        }
        #expect(refused)
    }

    @Test(arguments: Kind.allCases)
    func anotherFileIsNamedAsSuch(kind: Kind) {
        #expect(kind.refusal(with: Array("LVLGXXXX".utf8), at: 0) == .wrongMagic)
        #expect(kind.refusal(of: [UInt8](repeating: 0, count: 4096)) == .wrongMagic)
    }

    @Test func thePagesAreNotTakenForEachOther() {
        #expect(Kind.segment.refusal(of: Kind.meta.page) == .wrongMagic)
        #expect(Kind.meta.refusal(of: Kind.segment.page) == .wrongMagic)
        #expect(Kind.cold.refusal(of: Kind.segment.page) == .wrongMagic)
    }

    @Test(arguments: Kind.allCases, [0, 3, 255] as [UInt8])
    func anotherVersionIsNamedAsSuch(kind: Kind, version: UInt8) {
        #expect(kind.refusal(with: [version], at: 8) == .unknownVersion)
    }

    @Test func aFieldThatCannotBeIsRefused() {
        #expect(Kind.segment.refusal(with: [0, 32], at: 12) == .wrongField)
        #expect(Kind.meta.refusal(with: [4], at: 12) == .wrongField)
        #expect(Kind.meta.refusal(with: [0, 0, 0, 0x80], at: 12) == .wrongField)
    }

    /// The example's cold segment holds one record of two in one block.
    @Test(
        arguments: [
            (12, 8192), (48, 4519), (48, 2 << 30), (52, 1), (72, 11), (72, 12), (76, 1), (80, 4095),
            (80, 4335), (80, 65537), (168, 0), (172, 0), (172, 3), (172, 2), (176, 0), (176, 2),
            (180, 1), (184, 4095), (184, 4521), (192, 4088), (192, 4337), (192, 8192), (200, 48),
            (208, 4352), (212, 1), (216, 0), (216, 24), (224, 4371), (224, 4373), (228, 1),
            (232, 1), (4088, 1),
        ])
    func numbersOfAColdSegmentThatContradictEachOtherAreRefused(
        position: Int, number: UInt32
    ) {
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        #expect(Kind.cold.refusal(with: bytes, at: position) == .wrongField)
    }

    @Test(arguments: [false, true], [false, true])
    func theFlagsOfMetaComeBack(isVisibleAhead: Bool, isClosed: Bool) throws {
        var page = ExampleLog.metaPages[0]
        page.isVisibleAheadOfDurable = isVisibleAhead
        page.isClosedCleanly = isClosed
        #expect(try MetaPage(reading: page.bytes.span.bytes) == page)
    }

    /// Lengths that no segment has, though the page's checksum is right.
    @Test(arguments: [0, 256, 4096, 8192, (1 << 30) + 1, 1 << 63, .max] as [UInt64])
    func aSegmentsLengthThatCannotBeIsRefused(count: UInt64) {
        let header = SegmentHeader(
            identity: LogIdentity(low: 1, high: 2), epoch: Epoch(1), base: Offset(0),
            fileCount: count, previousEpoch: Epoch(0), previousChecksum: 0)
        #expect(Kind.segment.refusal(of: header.bytes) == .wrongField)
    }

    /// A last page that says of more records than there is room for, though its checksum is right.
    @Test func aSegmentsLastPageThatSaysOfTooManyRecordsIsRefused() throws {
        let header = SegmentHeader(
            identity: LogIdentity(low: 1, high: 2), epoch: Epoch(1), base: Offset(7),
            fileCount: 65536, previousEpoch: Epoch(0), previousChecksum: 0)
        func facts(_ count: UInt64) -> SealedFacts {
            SealedFacts(
                header: header, end: Offset(7 + count), endPosition: 4096 + 1200, lastChecksum: 1,
                firstTime: 2, lastTime: 3,
                digest: SegmentDigest(reading: header.bytes.span.bytes, at: 0),
                previousDigest: SegmentDigest(reading: header.bytes.span.bytes, at: 0))
        }
        func read(_ count: UInt64) throws(FormatError) -> SealedFacts {
            let bytes = SegmentFooter.bytes(of: facts(count))
            return try SegmentFooter.facts(reading: bytes.span.bytes, header: header)
        }
        #expect(try read(10).recordCount == 10)
        for count in [11, 1 << 40, .max - 7] as [UInt64] {
            #expect(throws: FormatError.self) { try read(count) }
        }
    }

    @Test func theLargestNumbersComeBack() throws {
        let header = SegmentHeader(
            identity: LogIdentity(low: .max, high: .max), epoch: Epoch(.max), base: Offset(.max),
            fileCount: 1 << 30, previousEpoch: Epoch(.max), previousChecksum: .max)
        #expect(try SegmentHeader(reading: header.bytes.span.bytes) == header)
        let meta = MetaPage(
            generation: .max, identity: header.identity,
            hashKey: SipHash.Key(low: .max, high: .max), epoch: Epoch(.max),
            boot: header.identity, isVisibleAheadOfDurable: true, isClosedCleanly: true)
        #expect(try MetaPage(reading: meta.bytes.span.bytes) == meta)
    }
}
