import LogFormat
import LogModel
import TestSupport
import Testing

/// Walking, seeking and looking back in lists of all shapes: empty, alone, one block, on the edge of blocks, many blocks.
struct PostingCursorTests {
    /// A list of `count` ordinals, and the file that it is in.
    struct Sample {
        let ordinals: [UInt32]
        let file: [UInt8]
        let list: PostingList?

        /// Steps are 1 for `spread` 1; else they vary between short and long ones.
        init(count: Int, spread: Int) throws {
            var random = SeededGenerator(seed: UInt64(count * 1000 + spread))
            var ordinals: [UInt32] = []
            var next = random.below(spread)
            for _ in 0..<count {
                ordinals.append(UInt32(next))
                next += 1 + (random.chance(1, in: 4) ? random.below(spread) : 0)
            }
            self.ordinals = ordinals
            let hash = random.next()
            let file = IndexSample(hash: hash, ordinals: ordinals).file()
            let view = IndexView(
                file.span.bytes, header: try IndexHeader(reading: file.span.bytes))
            try view.check()
            self.list = view.postings(of: hash, .group)
            self.file = file
        }
    }

    @Test func aListWithoutOrdinalsIsNone() throws {
        #expect(try Sample(count: 0, spread: 5).list == nil)
    }

    @Test(arguments: [1, 2, 127, 128, 129, 255, 256, 257, 10_000], [1, 5, 400])
    func theCursorMeetsEveryOrdinalInOrder(count: Int, spread: Int) throws {
        let sample = try Sample(count: count, spread: spread)
        let list = try #require(sample.list)
        var met: [UInt32] = []
        var indices: [Int] = []
        var cursor = PostingCursor(list, in: sample.file.span.bytes)
        while let current = cursor.current {
            met.append(current)
            indices.append(cursor.index)
            cursor.advance(in: sample.file.span.bytes)
        }
        #expect(met == sample.ordinals)
        #expect(indices == Array(0..<count))
        #expect(cursor.index == count)
        cursor.advance(in: sample.file.span.bytes)
        #expect(cursor.current == nil, "the end is for good")
    }

    /// From every start to every place behind it, on both sides of each ordinal.
    @Test(arguments: [1, 2, 5, 127, 128, 129, 257, 300])
    func seekingFindsTheNextOrdinalFromAnywhere(count: Int) throws {
        let sample = try Sample(count: count, spread: 4)
        let list = try #require(sample.list)
        var wrong: [[UInt32?]] = []
        for start in stride(from: 0, to: count, by: 7) {
            var atStart = PostingCursor(list, in: sample.file.span.bytes)
            for _ in 0..<start { atStart.advance(in: sample.file.span.bytes) }
            var expected = 0
            for target in 0...list.last + 2 {
                while expected < count && sample.ordinals[expected] < target { expected += 1 }
                let place = max(expected, start)
                var cursor = atStart
                cursor.seek(atLeast: target, in: sample.file.span.bytes)
                let found = cursor.current
                cursor.advance(in: sample.file.span.bytes)
                let isRight =
                    found == (place < count ? sample.ordinals[place] : nil)
                    && cursor.current == (place + 1 < count ? sample.ordinals[place + 1] : nil)
                    && cursor.index == min(place + 1, count)
                if !isRight { wrong.append([UInt32(start), target, found]) }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test(arguments: [1, 2, 127, 128, 129, 256, 300, 10_000], [1, 5])
    func lookingBackFindsTheOrdinalBefore(count: Int, spread: Int) throws {
        let sample = try Sample(count: count, spread: spread)
        let list = try #require(sample.list)
        var expected: UInt32?
        var next = 0
        var wrong: [UInt32] = []
        for target in 0...list.last + 2 {
            while next < count && sample.ordinals[next] <= target {
                expected = sample.ordinals[next]
                next += 1
            }
            if list.last(atMost: target, in: sample.file.span.bytes) != expected {
                wrong.append(target)
            }
        }
        #expect(wrong.isEmpty)
        #expect(list.last(atMost: .max, in: sample.file.span.bytes) == list.last)
    }

    @Test func seekingInLongListsAgreesWithWalking() throws {
        let sample = try Sample(count: 10_000, spread: 30)
        let list = try #require(sample.list)
        var random = SeededGenerator(seed: 9)
        for _ in 0..<50 {
            var cursor = PostingCursor(list, in: sample.file.span.bytes)
            var target: UInt32 = 0
            while let current = cursor.current {
                #expect(current == sample.ordinals[cursor.index])
                target = current + UInt32(random.below(3000))
                cursor.seek(atLeast: target, in: sample.file.span.bytes)
            }
            #expect(target > list.last)
        }
    }

    /// The block that a seek jumps over may hold anything: it is not read.
    @Test func blocksBetweenAreNotDecoded() throws {
        let sample = try Sample(count: 1000, spread: 1)
        let list = try #require(sample.list)
        var file = sample.file
        let header = try IndexHeader(reading: file.span.bytes)
        // Steps of 0 but the first: a byte each. Bytes that go on for ever would lead elsewhere.
        let steps = header.fileCount - 1024
        for index in steps..<steps + 700 { file[index] = 0xFF }
        var cursor = PostingCursor(list, in: sample.file.span.bytes)
        cursor.seek(atLeast: 990, in: file.span.bytes)
        #expect(cursor.current == 990)
        #expect(list.last(atMost: 991, in: file.span.bytes) == 991)
    }
}
