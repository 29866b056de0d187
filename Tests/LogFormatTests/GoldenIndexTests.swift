import LogFormat
import LogModel
import Testing

/// The bytes of index files and hash runs are a promise: values, fixtures and documents say the same.
struct GoldenIndexTests {
    @Test func theExamplesEncodeToTheFixtures() throws {
        #expect(
            try RepositoryFile.fixture("index-v1.hex") == HexListing.text(of: ExampleIndex.file))
        #expect(
            try RepositoryFile.fixture("index-long-list-v1.hex")
                == HexListing.text(of: ExampleIndex.longList))
        #expect(try RepositoryFile.fixture("run-v1.hex") == HexListing.text(of: ExampleIndex.run))
    }

    @Test func theIndexFixtureDecodesToTheExample() throws {
        let listing = try HexListing(RepositoryFile.fixture("index-v1.hex"))
        let file = try #require(listing.file(count: 4480))
        let header = try IndexHeader(reading: file.span.bytes)
        let view = IndexView(file.span.bytes, header: header)
        try view.check()
        #expect(header.identity == ExampleLog.identity)
        #expect(header.epoch == ExampleLog.epoch)
        #expect(header.base == Offset(12))
        #expect(header.binding == ExampleIndex.binding)
        #expect(view.place(0) == 512)
        #expect(view.place(1) == 535)

        var ordinals: [UInt64: [UInt32]] = [:]
        for (ordinal, record) in ExampleLog.records.enumerated() {
            for group in record.groups { ordinals[group.hash, default: []].append(UInt32(ordinal)) }
        }
        for (hash, expected) in ordinals {
            #expect(view.postings(of: hash, .group)?.ordinals(in: file.span.bytes) == expected)
        }
        let key = ExampleLog.records[0].keyHash
        #expect(view.postings(of: key, .key)?.ordinals(in: file.span.bytes) == [0, 1])
        #expect(header.entryCount == ordinals.count + 2)
    }

    @Test func theFixtureOfALongListDecodesToTheExample() throws {
        let listing = try HexListing(RepositoryFile.fixture("index-long-list-v1.hex"))
        let file = try #require(listing.file(count: ExampleIndex.longList.count))
        let view = IndexView(
            file.span.bytes, header: try IndexHeader(reading: file.span.bytes))
        try view.check()
        let found = view.postings(of: 1, .group)
        let list = try #require(found)
        #expect(list.ordinals(in: file.span.bytes) == Array(0..<129) + [400])
        #expect(view.place(128) == 512 + 128 * 15)
        #expect(view.place(129) == 0)
    }

    @Test func theRunFixtureDecodesToTheExample() throws {
        let listing = try HexListing(RepositoryFile.fixture("run-v1.hex"))
        let file = try #require(listing.file(count: ExampleIndex.run.count))
        let header = try RunHeader(reading: file.span.bytes)
        let view = RunView(file.span.bytes, header: header)
        try view.checkAll()
        #expect(header.kind == .key)
        #expect(header.first == .zero)
        #expect(header.end == Offset(14))
        #expect(header.partitionCount == 2)
        #expect(try view.entries() == ExampleIndex.runEntries)
    }

    @Test func theDocumentOfIndexesListsTheFixtures() throws {
        let document = try RepositoryFile.text("docs/format/index.md")
        let listing = try HexListing(document: document)
        #expect(listing.file(count: 4480) == ExampleIndex.file)
        for line in ExampleIndex.longListPostings.split(separator: "\n") {
            #expect(document.contains("\n    \(line)"))
        }
    }

    @Test func theDocumentOfRunsListsTheFixture() throws {
        let document = try RepositoryFile.text("docs/format/run.md")
        let listing = try HexListing(document: document)
        #expect(listing.file(count: ExampleIndex.run.count) == ExampleIndex.run)
    }
}
