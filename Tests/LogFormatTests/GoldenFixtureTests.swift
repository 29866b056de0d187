import LogFormat
import LogModel
import Testing

/// The bytes on disk are a promise: values, fixtures and documents say the same.
struct GoldenFixtureTests {
    @Test func theExampleSegmentEncodesToTheFixture() throws {
        let fixture = try RepositoryFile.fixture("segment-v2.hex")
        #expect(fixture == HexListing.text(of: ExampleLog.segmentFile))
    }

    @Test func theSegmentFixtureDecodesToTheExample() throws {
        let listing = try HexListing(RepositoryFile.fixture("segment-v2.hex"))
        let file = try #require(listing.file(count: 65536))
        let header = try SegmentHeader(reading: file.span.bytes)
        #expect(header == ExampleLog.header)

        var position = SegmentHeader.count
        for expected in ExampleLog.records {
            #expect(try RecordSample(checking: file, at: position, seed: header.seed) == expected)
            position += RecordView(trusting: file.span.bytes, at: position).count
        }
        let footer = file.span.bytes.slice(header.recordsEnd, SegmentFooter.count)
        #expect(try SegmentFooter.facts(reading: footer, header: header) == ExampleLog.facts)
        let end = position
        let code = formatErrorCode { () throws(FormatError) in
            _ = try RecordView(checking: file.span.bytes, at: end, seed: header.seed)
        }
        #expect(code == .wrongLength, "nothing was written there")
    }

    @Test func theDocumentOfSegmentsListsTheFixture() throws {
        let document = try RepositoryFile.text("docs/format/segment.md")
        let listing = try HexListing(document: document)
        #expect(listing.file(count: 65536) == ExampleLog.segmentFile)
        let recordsEnd = Int(ExampleLog.facts.endPosition)
        let isComplete = (SegmentHeader.count..<recordsEnd).allSatisfy { listing.bytes[$0] != nil }
        #expect(isComplete, "every byte of the records has its line")
    }

    @Test func theExampleMetaFileEncodesToTheFixture() throws {
        #expect(
            try RepositoryFile.fixture("meta-v2.hex") == HexListing.text(of: ExampleLog.metaFile))
    }

    @Test func theMetaFixtureDecodesToTheExample() throws {
        let listing = try HexListing(RepositoryFile.fixture("meta-v2.hex"))
        let file = try #require(listing.file(count: 2 * MetaPage.count))
        for (index, expected) in ExampleLog.metaPages.enumerated() {
            let page = file.span.bytes.slice(index * MetaPage.count, MetaPage.count)
            #expect(try MetaPage(reading: page) == expected)
        }
    }

    @Test func theDocumentOfMetaListsTheFixture() throws {
        let document = try RepositoryFile.text("docs/format/meta.md")
        let listing = try HexListing(document: document)
        #expect(listing.file(count: 2 * MetaPage.count) == ExampleLog.metaFile)
    }

    @Test func theExampleColdSegmentEncodesToTheFixture() throws {
        #expect(
            try RepositoryFile.fixture("cold-v1.hex") == HexListing.text(of: ExampleLog.coldFile))
    }

    @Test func theColdFixtureDecodesToTheExample() throws {
        let listing = try HexListing(RepositoryFile.fixture("cold-v1.hex"))
        let file = try #require(listing.file(count: 4372))
        let header = try ColdHeader(reading: file.span.bytes)
        #expect(header == ExampleLog.coldHeader)
        let blocks = ColdBlockTable(file.span.bytes.slice(4336, 24))
        try blocks.check(header)
        let block = blocks[0]
        #expect(block == ExampleLog.coldBlock)
        let removed = ColdRemovedTable(file.span.bytes.slice(4360, 12))
        try removed.check(header)
        let removal = removed[0]
        #expect(removal == ExampleLog.coldRemoval)
        #expect(removal.marks.isFirstOfBatch && !removal.marks.isLastOfBatch)
        let record = try RecordSample(
            checking: file, at: block.position, seed: header.facts.header.seed)
        #expect(record == ExampleLog.records[1])
    }

    @Test func theDocumentOfColdSegmentsListsTheFixture() throws {
        let document = try RepositoryFile.text("docs/format/cold.md")
        let listing = try HexListing(document: document)
        #expect(listing.file(count: 4372) == ExampleLog.coldFile)
    }

    @Test func theDocumentOfResumeTokensShowsTheTokenAfterTheExample() throws {
        let document = try RepositoryFile.text("docs/format/resume-token.md")
        #expect(document.contains("\n    \(ExampleLog.token.text)\n"))
        let listing = try HexListing(document: document)
        let bytes = try #require(listing.file(count: 21))
        let checksum = bytes.span.bytes.loadLittleEndian(17, as: UInt32.self)
        #expect(bytes[0] == 1)
        #expect(bytes.span.bytes.loadLittleEndian(1, as: UInt64.self) == ExampleLog.epoch.rawValue)
        #expect(bytes.span.bytes.loadLittleEndian(9, as: UInt64.self) == 14)
        #expect(checksum == ExampleLog.token.checksum)
    }

    @Test(arguments: [
        ("docs/format/segment.md", "Sources/LogFormat/SegmentHeader.swift"),
        ("docs/format/segment.md", "Sources/LogFormat/RecordLayout.swift"),
        ("docs/format/cold.md", "Sources/LogFormat/ColdHeader.swift"),
        ("docs/format/cold.md", "Sources/LogFormat/ColdTables.swift"),
        ("docs/format/meta.md", "Sources/LogFormat/MetaPage.swift"),
        ("docs/format/index.md", "Sources/LogFormat/Index/IndexHeader.swift"),
        ("docs/format/index.md", "Sources/LogFormat/Index/IndexLayout.swift"),
        ("docs/format/index.md", "Sources/LogFormat/Index/PostingCode.swift"),
        ("docs/format/index.md", "Sources/LogFormat/HashFilter.swift"),
        ("docs/format/index.md", "Sources/LogFormat/HashKind.swift"),
        ("docs/format/run.md", "Sources/LogFormat/Run/RunHeader.swift"),
        ("docs/format/run.md", "Sources/LogFormat/Run/RunLayout.swift"),
        ("docs/format/resume-token.md", "Sources/LogModel/ResumeToken.swift"),
    ])
    func documentAndCodeNameEachOther(document: String, code: String) throws {
        #expect(try RepositoryFile.text(document).contains(code))
        #expect(try RepositoryFile.text(code).contains(document))
    }
}
