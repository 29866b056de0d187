import LogFormat
import LogModel
import TestSupport
import Testing

/// Merging two sources is what two dictionaries give: the larger offset of each hash.
struct RunMergeTests {
    private func merged(
        _ left: [UInt8], _ right: [UInt8], droppingBelow bound: Offset = .zero
    ) throws(FormatError) -> [RunEntry] {
        let leftView = RunView(left.span.bytes, header: try RunHeader(reading: left.span.bytes))
        let rightView = RunView(right.span.bytes, header: try RunHeader(reading: right.span.bytes))
        var leftCursor = RunCursor()
        var rightCursor = RunCursor()
        var entries: [RunEntry] = []
        try mergeRuns(
            { () throws(FormatError) in try leftCursor.next(in: leftView) },
            { () throws(FormatError) in try rightCursor.next(in: rightView) },
            droppingBelow: bound
        ) { (entry: RunEntry) throws(FormatError) in entries.append(entry) }
        return entries
    }

    @Test(arguments: [(0, 0), (0, 10), (10, 0), (1, 1), (3000, 2000), (200, 20_000)])
    func mergingIsLikeMergingDictionaries(leftCount: Int, rightCount: Int) throws {
        var random = SeededGenerator(seed: UInt64(leftCount + rightCount))
        let left = RunSample(count: leftCount, &random)
        var right = RunSample(count: rightCount, &random)
        // A third of the left hashes is in both, with a smaller, an equal or a larger offset.
        for (hash, offset) in left.offsets where random.chance(1, in: 3) {
            right.offsets[hash] = UInt64(max(0, Int(offset) + random.below(3) - 1))
        }
        for bound in [0, 400_000, 2_000_000] as [UInt64] {
            let expected = RunSample(
                offsets: left.offsets.merging(right.offsets, uniquingKeysWith: max)
                    .filter { $0.value >= bound })
            let found = try self.merged(
                left.file(), right.file(), droppingBelow: Offset(bound))
            #expect(found == expected.entries)
        }
    }

    @Test func mergingGivesTheSameFileInAnyOrder() throws {
        var random = SeededGenerator(seed: 5)
        let left = RunSample(count: 900, &random).file()
        let right = RunSample(count: 900, &random).file()
        #expect(try self.merged(left, right) == self.merged(right, left))
        #expect(try self.merged(left, left) == self.merged(left, RunSample(offsets: [:]).file()))
    }

    /// A damaged partition ends the merge: it must not become part of a new file.
    @Test func mergingChecksWhatItReads() throws {
        var random = SeededGenerator(seed: 6)
        let left = RunSample(count: 10_000, &random).file()
        var right = RunSample(count: 10_000, &random).file()
        right[right.count / 2] ^= 1
        let code = formatErrorCode { () throws(FormatError) in
            _ = try self.merged(left, right)
        }
        #expect(code == .wrongChecksum)
    }

    @Test(arguments: HashKind.allCases)
    func theDirectoryOfAnIndexIsASource(kind: HashKind) throws {
        var random = SeededGenerator(seed: 7)
        let sample = IndexSample(recordCount: 2000, &random)
        let file = sample.file()
        let view = IndexView(
            file.span.bytes, header: try IndexHeader(reading: file.span.bytes))
        var cursor = LastRecordCursor(kind)
        var found: [RunEntry] = []
        while let entry = cursor.next(in: view) { found.append(entry) }
        let ordinals = sample.ordinals
        let expected = sample.sortedNames.filter { $0.kind == kind }.map { name in
            RunEntry(hash: name.hash, offset: 12 + UInt64(ordinals[name]?.last ?? 0))
        }
        #expect(found == expected)
        #expect(!found.isEmpty)
    }
}
