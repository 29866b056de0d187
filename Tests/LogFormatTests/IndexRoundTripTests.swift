import LogFormat
import LogModel
import TestSupport
import Testing

/// What went into an index comes back out, compared with dictionaries of arrays.
struct IndexRoundTripTests {
    @Test(arguments: [0, 1, 2, 7, 100, 1000, 6000])
    func everyHashFindsItsRecords(recordCount: Int) throws {
        var random = SeededGenerator(seed: UInt64(recordCount))
        let sample = IndexSample(recordCount: recordCount, &random)
        let file = sample.file()
        let view = IndexView(
            file.span.bytes, header: try IndexHeader(reading: file.span.bytes))
        try view.check()

        var wrong: [IndexSample.Name] = []
        for (name, ordinals) in sample.ordinals {
            let list = view.postings(of: name.hash, name.kind)
            let isRight =
                list?.count == ordinals.count && list?.first == ordinals.first
                && list?.last == ordinals.last && list?.kind == name.kind
                && list?.ordinals(in: file.span.bytes) == ordinals
            if !isRight { wrong.append(name) }
        }
        #expect(wrong.isEmpty)
        let places = (0..<recordCount).map { view.place($0) }
        #expect(places == sample.places)
    }

    @Test(arguments: [0, 1, 100, 3000])
    func theDirectoryComesByHashAndKind(recordCount: Int) throws {
        var random = SeededGenerator(seed: 100 + UInt64(recordCount))
        let sample = IndexSample(recordCount: recordCount, &random)
        let file = sample.file()
        let header = try IndexHeader(reading: file.span.bytes)
        let view = IndexView(file.span.bytes, header: header)
        let entries = (0..<header.entryCount).map { view.entry($0) }
        let ordinals = sample.ordinals
        let names = sample.sortedNames
        #expect(
            entries.map { IndexSample.Name(hash: $0.hash, kind: $0.postings.kind) } == names)
        #expect(entries.map(\.postings.count) == names.map { ordinals[$0]?.count })
        #expect(entries.map(\.postings.last) == names.map { ordinals[$0]?.last })
    }

    @Test func theHeaderSaysWhatTheIndexIsOf() throws {
        var random = SeededGenerator(seed: 1)
        let sample = IndexSample(recordCount: 50, &random)
        let file = sample.file()
        let header = try IndexHeader(reading: file.span.bytes)
        #expect(header.identity == ExampleLog.identity)
        #expect(header.epoch == ExampleLog.epoch)
        #expect(header.base == Offset(12))
        #expect(header.binding == IndexSample.binding)
        #expect(header.binding.bytes == [UInt8](0x60...0x7F))
        #expect(header.recordCount == 50)
        #expect(header.entryCount == sample.ordinals.count)
        #expect(header.fileCount == file.count)
        #expect(Array(file[..<IndexHeader.count]) == header.bytes)
    }

    @Test func theOrderOfNotesDoesNotMatter() {
        var random = SeededGenerator(seed: 2)
        let sample = IndexSample(recordCount: 2000, &random)
        var shuffled = IndexSample()
        for (place, names) in zip(sample.places, sample.notes) {
            shuffled.add(place: place, names.shuffled(using: &random))
        }
        #expect(shuffled.file() == sample.file())
    }

    @Test func whatIsNotedTwiceIsStoredOnce() {
        var random = SeededGenerator(seed: 3)
        let sample = IndexSample(recordCount: 1500, &random)
        var doubled = IndexSample()
        for (place, names) in zip(sample.places, sample.notes) {
            doubled.add(place: place, names + names)
        }
        #expect(doubled.file() == sample.file())
    }

    /// Hashes in the same place to the radix sort and to the buckets: everything is left to comparison.
    @Test func hashesThatShareTheirTopBitsAreFound() throws {
        var random = SeededGenerator(seed: 4)
        var sample = IndexSample()
        let top = random.next() & ~0x7FFF_FFFF
        for ordinal in 0..<600 {
            sample.add(
                place: UInt32(512 + ordinal),
                (0..<4).map { _ in
                    IndexSample.Name(
                        hash: top | UInt64(random.below(500)),
                        kind: random.pick(HashKind.allCases))
                })
        }
        let file = sample.file()
        let view = IndexView(
            file.span.bytes, header: try IndexHeader(reading: file.span.bytes))
        let isRight = sample.ordinals.allSatisfy { name, ordinals in
            view.postings(of: name.hash, name.kind)?.ordinals(in: file.span.bytes) == ordinals
        }
        #expect(isRight)
    }

    @Test(arguments: [UInt64.min, 1, .max - 1, .max])
    func hashesAtTheEndsOfTheRangeAreFound(hash: UInt64) throws {
        var random = SeededGenerator(seed: 5)
        var sample = IndexSample(recordCount: 300, &random)
        sample.add(place: 99, [IndexSample.Name(hash: hash, kind: .key)])
        let file = sample.file()
        let view = IndexView(
            file.span.bytes, header: try IndexHeader(reading: file.span.bytes))
        #expect(view.postings(of: hash, .key)?.last == 300)
        #expect(view.postings(of: hash, .group) == nil)
    }

    @Test func aHashOfTwoKindsIsTwoLists() throws {
        var sample = IndexSample()
        sample.add(place: 1, [.init(hash: 42, kind: .producer), .init(hash: 42, kind: .group)])
        sample.add(place: 2, [.init(hash: 42, kind: .producer)])
        let file = sample.file()
        let view = IndexView(
            file.span.bytes, header: try IndexHeader(reading: file.span.bytes))
        #expect(view.postings(of: 42, .group)?.ordinals(in: file.span.bytes) == [0])
        #expect(view.postings(of: 42, .producer)?.ordinals(in: file.span.bytes) == [0, 1])
        #expect(view.postings(of: 42, .key) == nil)
    }
}
