import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// Cold segments from which compaction took records.
struct CompactedSegmentTests {
    /// What is found of `sample` without the records in `removed`.
    private static func expect(
        _ segment: ColdSegment, is sample: SealedSample, without removed: Set<Int>,
        _ comment: Comment
    ) throws {
        try segment.check()
        #expect(segment.header.facts == sample.facts, comment)
        #expect(segment.isComplete == removed.isEmpty, comment)
        var position = SegmentHeader.count
        for index in sample.positions.indices {
            let offset = segment.base.advanced(by: index)
            let record = sample.record(index)
            if removed.contains(index) {
                let removal = try #require(segment.removed(ordinal: index), comment)
                #expect(
                    removal.checksum == record.span.bytes.loadLittleEndian(4, as: UInt32.self))
                #expect(removal.marks == BatchMarks(of: record.span.bytes, at: 0), comment)
                #expect(try segment.position(of: offset) == nil, comment)
            } else {
                #expect(segment.removed(ordinal: index) == nil, comment)
                #expect(try segment.position(of: offset) == position, comment)
                let read = try segment.withRecord(atPosition: position, offset: offset) {
                    $0.bytes.copy()
                }
                #expect(read == record, comment)
                position += record.count
            }
        }
        #expect(Int(segment.header.streamEnd) == position, comment)
    }

    @Test(arguments: [0, 1, 50, 99, 100])
    func whatIsKeptIsReadAndWhatIsRemovedIsProved(percent: Int) throws {
        var random = SeededGenerator.ofThisRun()
        let sample = try SealedSample(random: &random, byteCount: 256 << 10)
        let removed = Set(sample.positions.indices.filter { _ in random.chance(percent, in: 100) })
        let segment = try sample.frozen { removed.contains($0) }.open()
        try Self.expect(segment, is: sample, without: removed, "\(random)")
    }

    @Test(arguments: [[0], [6], [0, 6], [1, 2, 3], [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5, 6]])
    func theEndsOfASegmentCanBeRemoved(removed: Set<Int>) throws {
        let sample = try SealedSample(count: 7)
        let segment = try sample.frozen { removed.contains($0) }.open()
        try Self.expect(segment, is: sample, without: removed, "\(removed)")
    }

    @Test func compactionCanGoOverAColdSegmentAgainAndAgain() throws {
        var random = SeededGenerator.ofThisRun()
        let sample = try SealedSample(random: &random, byteCount: 256 << 10)
        var removed: Set<Int> = []
        var segment = try sample.frozen().open()
        for generation in 1...6 as ClosedRange<UInt32> {
            removed.formUnion(
                sample.positions.indices.filter { _ in random.chance(1, in: 3) })
            let base = segment.base
            let gone = removed
            let file = MemoryFile()
            file.header = try segment.rewrite(
                generation: generation,
                keeping: { !gone.contains($0.offset.distance(from: base)) }, to: file.sink)
            segment = try file.open()
            #expect(segment.header.generation == generation)
            try Self.expect(segment, is: sample, without: removed, "\(random)")
        }
    }

    @Test func thawingWhatLacksRecordsIsADefectOfTheCaller() async throws {
        await #expect(processExitsWith: .failure) {
            let segment = try SealedSample(count: 7).frozen { $0 == 3 }.open()
            try segment.thaw(to: MemoryFile().sink)
        }
    }

    @Test func aSegmentThatLacksARecordIsNotTakenForWhole() throws {
        let sample = try SealedSample(count: 7)
        let base = sample.facts.header.base
        func error(adding indices: Range<Int>) -> StorageError? {
            storageError { () throws(StorageError) in
                var writer = ColdWriter(
                    sample.facts, generation: 0, path: "hot", sink: MemoryFile().sink)
                for index in indices { try writer.add(sample.record(index).span.bytes) }
                _ = try writer.finish()
            }
        }
        #expect(error(adding: 0..<7) == nil)
        #expect(error(adding: 0..<6)?.offset == base.advanced(by: 6))
        #expect(error(adding: 1..<7)?.offset == base)
        #expect(error(adding: 1..<7)?.code == .corrupt)
    }

    @Test func aDamagedSegmentDoesNotBecomeCold() throws {
        let sample = try SealedSample(count: 7)
        var passed: [Int] = []
        for position in SegmentHeader.count..<Int(sample.facts.endPosition) {
            var bytes = sample.bytes
            bytes[position] ^= 1 << UInt8(position % 8)
            let error = storageError { () throws(StorageError) in
                _ = try ColdWriter.freeze(
                    bytes.span.bytes, sample.facts, path: "hot", to: MemoryFile().sink)
            }
            if error?.code != .corrupt || error?.path != "hot" { passed.append(position) }
        }
        #expect(passed.isEmpty)
    }

    @Test func whatTheSinkThrowsEndsTheWriting() throws {
        let sample = try SealedSample(count: 7)
        let full = StorageError(.diskFull, "no space", path: "cold")
        for failing in 0..<3 {
            var calls = 0
            let error = storageError { () throws(StorageError) in
                _ = try ColdWriter.freeze(
                    sample.bytes.span.bytes, sample.facts, path: "hot"
                ) { _, _ throws(StorageError) in
                    calls += 1
                    if calls > failing { throw full }
                }
            }
            #expect(error == full)
            #expect(calls == failing + 1)
        }
    }
}
