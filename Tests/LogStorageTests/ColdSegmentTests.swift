import LogFormat
import LogModel
import LogStorage
import Synchronization
import TestSupport
import Testing

/// What a cold segment says is what the segment said that it was made from.
@Suite(.timeLimit(.minutes(1))) struct ColdSegmentTests {
    /// How many records threads found right and wrong.
    private final class Outcome: Sendable {
        let counts = Mutex((right: 0, wrong: 0))
    }

    @Test(arguments: 0..<4)
    func thawingGivesTheSegmentBackByteForByte(_: Int) throws {
        var random = SeededGenerator.ofThisRun()
        let sample = try SealedSample(random: &random)
        let frozen = try sample.frozen()
        #expect(frozen.bytes.count < sample.bytes.count, "\(random)")
        let segment = try frozen.open()
        try segment.check()
        #expect(segment.header == frozen.header)
        #expect(segment.header.facts == sample.facts)

        let thawed = MemoryFile([UInt8](repeating: 0, count: sample.bytes.count))
        try segment.thaw(to: thawed.sink)
        #expect(thawed.bytes == sample.bytes, "\(random)")
        #expect(thawed.positions.last == 0, "the header makes it a segment, so it comes last")
    }

    @Test func theHeaderIsWrittenLast() throws {
        let frozen = try SealedSample(count: 20).frozen()
        #expect(frozen.positions.count > 2)
        #expect(frozen.positions.firstIndex(of: 0) == frozen.positions.count - 1)
    }

    @Test func recordsAreReadInAnyOrderThroughACacheOfAFewBlocks() throws {
        var random = SeededGenerator.ofThisRun()
        let sample = try SealedSample(random: &random)
        let cache = BlockCache(byteCountMax: 3 * ColdWriter.blockByteCount)
        let segment = try sample.frozen().open(cache)
        for _ in 0..<3000 {
            let index = random.below(sample.positions.count)
            let offset = segment.base.advanced(by: index)
            let bytes = try segment.withRecord(
                atPosition: sample.positions[index], offset: offset
            ) { $0.bytes.copy() }
            #expect(bytes == sample.record(index), "\(random)")
        }
        let statistics = cache.statistics
        #expect(statistics.evictions > 0 && statistics.hits > 0)
        #expect(statistics.byteCount <= 3 * ColdWriter.blockByteCount)
    }

    @Test func recordsAreFoundWithoutAnIndex() throws {
        var random = SeededGenerator.ofThisRun()
        let sample = try SealedSample(random: &random)
        let segment = try sample.frozen().open()
        for index in sample.positions.indices {
            let position = try segment.position(of: segment.base.advanced(by: index))
            #expect(position == sample.positions[index], "\(random)")
        }
    }

    @Test func goingThroughAllRecordsPassesTheCacheBy() throws {
        var random = SeededGenerator.ofThisRun()
        let sample = try SealedSample(random: &random)
        let cache = BlockCache()
        let segment = try sample.frozen().open(cache)
        var index = 0
        try segment.forEachRecord { record, position throws(StorageError) in
            #expect(position == sample.positions[index])
            #expect(record.bytes.copy() == sample.record(index), "\(random)")
            index += 1
        }
        #expect(index == sample.positions.count)
        #expect(cache.statistics.misses == 0)
        #expect(cache.statistics.byteCount == 0)
    }

    @Test func readersOnManyThreadsKeepTheirRecordsWhileOthersEvictThem() throws {
        var random = SeededGenerator.ofThisRun()
        let sample = try SealedSample(random: &random)
        let cache = BlockCache(byteCountMax: 2 * ColdWriter.blockByteCount)
        let segment = try sample.frozen().open(cache)
        let outcome = Outcome()
        let threads = try (0..<4).map { number in
            let seed = random.next()
            return try DedicatedThread {
                var random = SeededGenerator(seed: seed)
                var held: [(index: Int, record: ColdRecord)] = []
                var counts = (right: 0, wrong: 0)
                for _ in 0..<2000 {
                    let index = random.below(sample.positions.count)
                    let record = try? segment.record(atPosition: sample.positions[index])
                    if let record { held.append((index, record)) } else { counts.wrong += 1 }
                    guard held.count > 10 + number else { continue }
                    let (heldIndex, heldRecord) = held.removeFirst()
                    if heldRecord.view.bytes.copy() == sample.record(heldIndex) {
                        counts.right += 1
                    } else {
                        counts.wrong += 1
                    }
                }
                outcome.counts.withLock {
                    $0.right += counts.right
                    $0.wrong += counts.wrong
                }
            }
        }
        for thread in threads { thread.join() }
        let (right, wrong) = outcome.counts.withLock { $0 }
        #expect(wrong == 0, "\(random)")
        // Each thread still held its last ones: 10, 11, 12, 13.
        #expect(right == 4 * 2000 - 46)
        #expect(cache.statistics.evictions > 100)
    }

    @Test func whatDoesNotCompressIsStoredAsItIs() throws {
        var random = SeededGenerator.ofThisRun()
        let noise = random.bytes(200_000)
        // One long text of a bit less than eight bits of chance in each byte.
        let changes = [
            TestChange(instance: String(decoding: noise.map { $0 % 94 + 33 }, as: UTF8.self))
        ]
        let sample = try SealedSample(byteCount: 1 << 20) { number in
            var list = changes
            list[0].key = .number(number)
            return list
        }
        let frozen = try sample.frozen()
        let segment = try frozen.open()
        let blocks = frozen.blocks
        #expect(blocks.count == sample.positions.count, "each record has a block of its own")
        #expect(blocks.allSatisfy { !$0.isCompressed })
        try segment.check()
        let read = try segment.withRecord(atPosition: sample.positions[1]) { $0.bytes.copy() }
        #expect(read == sample.record(1))
    }

    @Test func aRecordOfSeveralMegabytesIsABlockByItself() throws {
        let long = String(repeating: "0123456789abcdef", count: 5 << 16)
        let sample = try SealedSample(byteCount: 16 << 20) { number in
            [
                TestChange(key: .number(3 * number)),
                TestChange(key: .number(3 * number + 1), instance: "\"\(long)\""),
                TestChange(key: .number(3 * number + 2)),
            ]
        }
        // The longest block is longer than the cache.
        let cache = BlockCache(byteCountMax: 1 << 20)
        let segment = try sample.frozen().open(cache)
        try segment.check()
        for index in 0..<3 {
            let read = try segment.withRecord(atPosition: sample.positions[index]) {
                $0.bytes.copy()
            }
            #expect(read == sample.record(index))
        }
        #expect(sample.record(1).count > 5 << 20)
        #expect(cache.statistics.byteCount < 1 << 20)
    }

    @Test func aSegmentWithoutRecordsHasAColdForm() throws {
        let header = try SealedSample(count: 1).facts.header
        let count = Int(header.fileCount)
        let page = header.bytes
        let sample = try SealedSample(page + [UInt8](repeating: 0, count: count - page.count))
        let segment = try sample.frozen().open()
        try segment.check()
        #expect(segment.base == segment.end)
        let thawed = MemoryFile([UInt8](repeating: 0, count: count))
        try segment.thaw(to: thawed.sink)
        #expect(thawed.bytes == sample.bytes)
    }

    @Test func namesAreOfTwentyDigits() {
        #expect(ColdFile.name(base: Offset(12)) == "00000000000000000012.cold")
        #expect(ColdFile.base(inName: "00000000000000000012.cold") == Offset(12))
        #expect(ColdFile.base(inName: "+0000000000000000012.cold") == nil)
        #expect(ColdFile.base(inName: "00000000000000000012.segment") == nil)
        #expect(ColdFile.base(inName: "00000000000000000012.cold.tmp") == nil)
    }
}
