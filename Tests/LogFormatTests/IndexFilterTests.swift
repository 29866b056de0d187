import LogFormat
import LogModel
import TestSupport
import Testing

/// The filter never says no to what is there, and seldom yes to what is not.
struct IndexFilterTests {
    @Test(arguments: [1, 3, 50, 5000, 20_000])
    func theFilterOfAnIndexKnowsItsHashes(count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        var sample = IndexSample()
        let hashes = (0..<count).map { _ in random.next() }
        for hash in hashes { sample.add(place: 1, [.init(hash: hash, kind: .key)]) }
        let file = sample.file()
        let view = IndexView(
            file.span.bytes, header: try IndexHeader(reading: file.span.bytes))
        let isComplete = hashes.allSatisfy { view.mayContain($0) }
        #expect(isComplete)

        var wrongCount = 0
        for _ in 0..<100_000 where view.mayContain(random.next()) { wrongCount += 1 }
        #expect(wrongCount < 800, "about 0.4 per cent of hashes that are not there")
    }

    /// All hashes of a partition share their top bits; that must not make them share lines.
    @Test func hashesWithTheSameTopBitsAreToldApart() throws {
        var random = SeededGenerator(seed: 77)
        var sample = IndexSample()
        let top: UInt64 = 0xABCD_E000_0000_0000
        let hashes = (0..<10_000).map { _ in top | random.next() >> 20 }
        for hash in hashes { sample.add(place: 1, [.init(hash: hash, kind: .key)]) }
        let file = sample.file()
        let view = IndexView(
            file.span.bytes, header: try IndexHeader(reading: file.span.bytes))
        let isComplete = hashes.allSatisfy { view.mayContain($0) }
        #expect(isComplete)
        var wrongCount = 0
        for _ in 0..<100_000 where view.mayContain(top | random.next() >> 20) { wrongCount += 1 }
        #expect(wrongCount < 800)
    }

    @Test func anEmptyIndexHasNothing() throws {
        let file = IndexSample().file()
        let view = IndexView(
            file.span.bytes, header: try IndexHeader(reading: file.span.bytes))
        try view.check()
        var random = SeededGenerator(seed: 6)
        let isEmpty = (0..<1000).allSatisfy { _ in !view.mayContain(random.next()) }
        #expect(isEmpty)
        #expect(view.header.recordCount == 0)
        #expect(view.header.entryCount == 0)
    }
}
