import LogFormat
import LogModel
import TestSupport
import Testing

/// What went into a hash run comes back out, compared with a dictionary.
struct RunRoundTripTests {
    @Test(arguments: [0, 1, 2, 100, 4096, 4097, 60_000])
    func everyHashLeadsToItsOffset(count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        let sample = RunSample(count: count, &random)
        let file = sample.file()
        let view = RunView(file.span.bytes, header: try RunHeader(reading: file.span.bytes))
        try view.checkAll()

        let isComplete = sample.offsets.allSatisfy { view.offset(of: $0.key) == $0.value }
        #expect(isComplete)
        let strangers = (0..<20_000).map { _ in random.next() }
            .filter { sample.offsets[$0] == nil }
        let isExact = strangers.allSatisfy { view.offset(of: $0) == nil }
        #expect(isExact)
        #expect(try view.entries() == sample.entries)
    }

    @Test(arguments: [(0, 0), (4096, 0), (4097, 1), (60_000, 4), (1_000_000_000, 18)])
    func thereIsAPartitionForAbout4096Entries(count: Int, bits: Int) throws {
        var random = SeededGenerator(seed: 1)
        let sample = RunSample(count: 10, &random)
        let file = sample.file(entryCountMax: count)
        let header = try RunHeader(reading: file.span.bytes)
        #expect(header.partitionBits == bits)
        let view = RunView(file.span.bytes, header: header)
        try view.checkAll()
        #expect(try view.entries() == sample.entries)
        let isComplete = sample.offsets.allSatisfy { view.offset(of: $0.key) == $0.value }
        #expect(isComplete)
    }

    @Test func theHeaderSaysWhatTheRunIsOf() throws {
        var random = SeededGenerator(seed: 2)
        let file = RunSample(count: 5000, &random).file()
        let header = try RunHeader(reading: file.span.bytes)
        #expect(header.identity == ExampleLog.identity)
        #expect(header.kind == .key)
        #expect(header.first == Offset(12))
        #expect(header.end == Offset(1_000_000))
        #expect(header.entryCount == 5000)
        #expect(header.fileCount == file.count)
        #expect(Array(file[..<RunHeader.count]) == header.bytes)
    }

    /// Hashes that are not spread evenly make the guess wrong, not the answer.
    @Test(arguments: [1, 20, 40, 50] as [UInt64], [0, 0x7FFF, 0xFFFF] as [UInt64])
    func unevenHashesAreFound(topBits: UInt64, top: UInt64) throws {
        var random = SeededGenerator(seed: topBits)
        var sample = RunSample(
            count: 3000, top: topBits > 16 ? top << 48 : 0, topBits: topBits, &random)
        sample.offsets[.max] = 7
        sample.offsets[1] = 8
        let file = sample.file()
        let view = RunView(file.span.bytes, header: try RunHeader(reading: file.span.bytes))
        try view.checkAll()
        let isComplete = sample.offsets.allSatisfy { view.offset(of: $0.key) == $0.value }
        #expect(isComplete)
    }

    @Test(arguments: [0, 1, 5000])
    func aCursorBeginsAtAHash(count: Int) throws {
        var random = SeededGenerator(seed: 3)
        let sample = RunSample(count: count, &random)
        let file = sample.file(entryCountMax: 40_000)
        let view = RunView(file.span.bytes, header: try RunHeader(reading: file.span.bytes))
        let entries = sample.entries
        var targets = (0..<100).map { _ in random.next() } + [0, .max]
        targets += entries.prefix(200).map(\.hash)
        for target in targets {
            let expected = entries.first { $0.hash >= target }
            var cursor = try RunCursor(atLeast: target, in: view)
            #expect(try cursor.next(in: view) == expected)
        }
    }

    /// All that a sink may rely on: chunks of bounded size, one behind the other, the page last.
    @Test func theHeaderIsWrittenLast() {
        var random = SeededGenerator(seed: 4)
        let sample = RunSample(count: 30_000, &random)
        var chunks: [(position: Int, count: Int)] = []
        func take(_ bytes: RawSpan, _ position: Int) {
            chunks.append((position, bytes.byteCount))
        }
        var writer = RunWriter(
            identity: ExampleLog.identity, kind: .key, first: .zero, end: Offset(1_000_000),
            entryCountMax: 30_000)
        for entry in sample.entries { writer.add(entry, to: take) }
        let header = writer.finish(to: take)
        #expect(chunks.last?.position == 0)
        #expect(chunks.last?.count == RunHeader.count)
        var next = RunHeader.count
        for chunk in chunks.dropLast() {
            #expect(chunk.position == next)
            #expect(chunk.count < 100_000)
            next += chunk.count
        }
        #expect(next == header.fileCount)
    }

    /// An error of the sink ends the call that met it.
    @Test func anErrorOfTheSinkIsPassedOn() {
        struct DiskFull: Error {}
        var writer = RunWriter(
            identity: ExampleLog.identity, kind: .key, first: .zero, end: .zero, entryCountMax: 9000
        )
        func refuse(_ bytes: RawSpan, _ position: Int) throws(DiskFull) { throw DiskFull() }
        #expect(throws: DiskFull.self) {
            try writer.add(RunEntry(hash: 1, offset: 1), to: refuse)
            try writer.add(RunEntry(hash: .max, offset: 1), to: refuse)
        }
    }
}
