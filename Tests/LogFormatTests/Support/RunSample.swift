import LogFormat
import LogModel
import TestSupport

/// What a hash run is made of.
struct RunSample {
    /// The offset of each hash.
    var offsets: [UInt64: UInt64] = [:]

    /// A run of these offsets.
    init(offsets: [UInt64: UInt64]) {
        self.offsets = offsets
    }

    /// A run of `count` hashes that are spread evenly, or of which each has the top bits of `top`.
    init(count: Int, top: UInt64 = 0, topBits: UInt64 = 0, _ random: inout SeededGenerator) {
        while self.offsets.count < count {
            self.offsets[top | random.next() >> topBits] = UInt64(random.below(1_000_000))
        }
    }

    /// The entries in the order of the file.
    var entries: [RunEntry] {
        self.offsets.map { RunEntry(hash: $0.key, offset: $0.value) }
            .sorted { $0.hash < $1.hash }
    }

    /// The run's file, made in memory. Traps if chunks do not follow each other.
    func file(entryCountMax: Int? = nil) -> [UInt8] {
        var file = [UInt8](repeating: 0, count: RunHeader.count)
        func take(_ bytes: RawSpan, _ position: Int) {
            guard position > 0 else {
                file.replaceSubrange(0..<RunHeader.count, with: bytes.copy())
                return
            }
            precondition(position == file.count, "a chunk out of place")
            file += bytes.copy()
        }
        var writer = RunWriter(
            identity: ExampleLog.identity, kind: .key, first: Offset(12), end: Offset(1_000_000),
            entryCountMax: entryCountMax ?? self.offsets.count)
        for entry in self.entries { writer.add(entry, to: take) }
        writer.finish(to: take)
        return file
    }
}

extension RunView {
    /// All entries, by walking a cursor.
    func entries() throws(FormatError) -> [RunEntry] {
        var entries: [RunEntry] = []
        var cursor = RunCursor()
        while let entry = try cursor.next(in: self) { entries.append(entry) }
        return entries
    }

    /// Checks the table and all partitions.
    func checkAll() throws(FormatError) {
        try self.checkTable()
        for index in 0..<self.header.partitionCount { try self.checkPartition(index) }
    }
}
