import LogFormat
import LogModel
import TestSupport
import Testing

/// Merging sources is what merging dictionaries gives: the largest offset of each hash.
struct RunMergeTests {
    /// The entries of a run file, in order.
    private func entries(_ file: [UInt8]) throws(FormatError) -> [RunEntry] {
        let view = RunView(file.span.bytes, header: try RunHeader(reading: file.span.bytes))
        var cursor = RunCursor()
        var entries: [RunEntry] = []
        while let entry = try cursor.next(in: view) { entries.append(entry) }
        return entries
    }

    private struct Source: RunEntrySource {
        var entries: ArraySlice<RunEntry>
        mutating func next() throws(FormatError) -> RunEntry? { self.entries.popFirst() }
    }

    private func merged(_ files: [[UInt8]]) throws(FormatError) -> [RunEntry] {
        var sources: [Source] = []
        for file in files { sources.append(Source(entries: try self.entries(file)[...])) }
        var merged: [RunEntry] = []
        try mergeRuns(sources) { (entry) throws(FormatError) in merged.append(entry) }
        return merged
    }

    @Test(arguments: [
        [], [0], [7], [0, 0], [0, 10], [1, 1], [3000, 2000], [200, 20_000, 50, 900],
    ])
    func mergingIsLikeMergingDictionaries(counts: [Int]) throws {
        var random = SeededGenerator(seed: UInt64(counts.reduce(0, +)))
        var samples = counts.map { RunSample(count: $0, &random) }
        // A third of the first one's hashes is in the last one too, with a smaller, an equal or a larger offset.
        for (hash, offset) in samples.first?.offsets ?? [:] where random.chance(1, in: 3) {
            samples[samples.count - 1].offsets[hash] = UInt64(
                max(0, Int(offset) + random.below(3) - 1))
        }
        let expected = samples.reduce(into: [:]) { all, sample in
            all.merge(sample.offsets, uniquingKeysWith: max)
        }
        let found = try self.merged(samples.map { $0.file() })
        #expect(found == RunSample(offsets: expected).entries)
    }

    @Test func mergingGivesTheSameFileInAnyOrder() throws {
        var random = SeededGenerator(seed: 5)
        let files = (0..<3).map { _ in RunSample(count: 900, &random).file() }
        #expect(try self.merged(files) == self.merged(files.reversed()))
        #expect(try self.merged([files[0], files[0]]) == self.entries(files[0]))
    }

    /// A damaged partition ends the reading: it must not become part of a new file.
    @Test func readingAllChecksWhatItReads() throws {
        var random = SeededGenerator(seed: 6)
        var file = RunSample(count: 10_000, &random).file()
        file[file.count / 2] ^= 1
        let code = formatErrorCode { () throws(FormatError) in _ = try self.entries(file) }
        #expect(code == .wrongChecksum)
    }
}
