import LogFormat
import LogModel
import LogStorage
import TestSupport

/// The bytes of a segment that is sealed, and what is known of it.
struct SealedSample: Sendable {
    let bytes: [UInt8]
    let facts: SealedFacts
    /// Where each record begins.
    let positions: [Int]

    /// Describes the segment file `bytes`, which is whole.
    init(_ bytes: [UInt8]) throws(FormatError) {
        let header = try SegmentHeader(reading: bytes.span.bytes)
        var positions: [Int] = []
        var position = SegmentHeader.count
        var lastChecksum = header.previousChecksum
        var times: [Int64] = []
        while position + 4 <= bytes.count,
            bytes.span.bytes.loadLittleEndian(position, as: UInt32.self) != 0
        {
            let record = try RecordView(
                checking: bytes.span.bytes, at: position, seed: header.seed)
            positions.append(position)
            lastChecksum = record.checksum
            times.append(record.time)
            position += record.count
        }
        let digests = (0..<64).map { UInt8($0) }
        self.bytes = bytes
        self.positions = positions
        self.facts = SealedFacts(
            header: header, end: header.base.advanced(by: positions.count),
            endPosition: UInt64(position), lastChecksum: lastChecksum, firstTime: times.first ?? 0,
            lastTime: times.last ?? 0, digest: SegmentDigest(reading: digests.span.bytes, at: 0),
            previousDigest: SegmentDigest(reading: digests.span.bytes, at: 32))
    }

    /// The second segment of a log that `batch` fills: it gives batch after batch until there is a third.
    init(byteCount: Int, _ batch: (Int) -> [TestChange]) throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open(segmentByteCount: byteCount).writer
        var number = 0
        while try directory.segments().count < 3 {
            for _ in 0..<32 {
                try writer.append(batch(number), time: Int64(1000 + number))
                number += 1
            }
            try writer.commit()
        }
        try self.init(directory.bytes(try directory.segments()[1]))
    }

    /// A segment of random batches of random records: most of them short and alike, some long, some that
    /// do not compress.
    init(random generator: inout SeededGenerator, byteCount: Int = 512 << 10) throws {
        var random = generator
        try self.init(byteCount: byteCount) { _ in
            (0..<1 + random.below(4)).map { _ in TestChange(random: &random) }
        }
        generator = random
    }

    /// A segment of `count` records, from one writing, in batches of two and one in turn.
    init(count: Int) throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        var key = 0
        while key < count {
            let size = min(1 + (key + 1) % 3 % 2, count - key)
            try writer.append(
                (key..<key + size).map { TestChange(key: .number($0), instance: #"{"a":"bb"}"#) },
                time: Int64(1000 + key))
            key += size
        }
        try writer.commit()
        try self.init(directory.bytes(try directory.segments()[0]))
    }

    /// The record at `index`, as it lies in the file.
    func record(_ index: Int) -> [UInt8] {
        RecordView(trusting: self.bytes.span.bytes, at: self.positions[index]).bytes.copy()
    }

    /// The segment's cold file, without the records that `isRemoved` says yes to.
    func frozen(removing isRemoved: ((Int) -> Bool)? = nil) throws(StorageError) -> MemoryFile {
        let file = MemoryFile()
        let base = self.facts.header.base
        file.header = try ColdWriter.freeze(
            self.bytes.span.bytes, self.facts, generation: isRemoved == nil ? 0 : 1, path: "hot",
            keeping: { record throws(StorageError) in
                isRemoved.map { !$0(record.offset.distance(from: base)) } ?? true
            }, to: file.sink)
        return file
    }
}

extension TestChange {
    /// A random change.
    init(random: inout SeededGenerator) {
        let digits = (0..<random.below(random.chance(1, in: 8) ? 600 : 8)).map { _ in
            String(random.next(), radix: 16)
        }
        let words = (0..<random.below(random.chance(1, in: 40) ? 3000 : 20)).map { _ in
            random.pick(["alpha", "beta", "gamma"])
        }
        self.init(
            action: random.pick([.created, .updated, .deleted]),
            model: random.pick(["todo.Task", "todo.List"]), key: .number(random.below(300)),
            groups: (0..<random.below(3)).map {
                TestGroup(["list", "owner", "state"][$0], .number(random.below(5)))
            },
            instance: "{\"x\":\"\(digits.joined())\",\"y\":\"\(words.joined(separator: " "))\"}")
    }
}

/// A file in memory that a writer of cold files writes.
final class MemoryFile {
    var bytes: [UInt8]
    /// Where the writes were, in their order.
    private(set) var positions: [Int] = []
    /// What the writer returned.
    var header: ColdHeader?

    init(_ bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    /// Writes to the file.
    var sink: ByteSink {
        { bytes, position throws(StorageError) in
            self.positions.append(position)
            let end = position + bytes.byteCount
            if self.bytes.count < end {
                self.bytes += [UInt8](repeating: 0, count: end - self.bytes.count)
            }
            self.bytes.replaceSubrange(position..<end, with: bytes.copy())
        }
    }

    /// The table of blocks of what was written.
    var blocks: [ColdBlock] {
        guard let place = self.header?.blockTable else { return [] }
        let bytes = self.bytes
        let table = ColdBlockTable(
            bytes.span.bytes.slice(Int(place.position), Int(place.count)))
        return (0..<table.count).map { table[$0] }
    }

    /// Opens what was written.
    func open(_ cache: BlockCache = BlockCache()) throws(StorageError) -> ColdSegment {
        try ColdSegment(path: "cold", file: HeapBytes(self.bytes), cache: cache)
    }
}

/// Bytes as if a file were mapped.
final class HeapBytes: SharedBytes {
    nonisolated(unsafe) let base: UnsafeRawBufferPointer

    init(_ bytes: [UInt8]) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 4096)
        memory.copyBytes(from: bytes)
        self.base = UnsafeRawBufferPointer(memory)
    }

    deinit {
        self.base.deallocate()
    }
}

/// The error that `body` throws, or nil if it throws none.
func storageError(_ body: () throws(StorageError) -> Void) -> StorageError? {
    do throws(StorageError) {
        try body()
        return nil
    } catch {
        return error
    }
}
