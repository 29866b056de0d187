import LogFormat
import LogModel
import TestSupport

/// What an index is made of, with a second way to the answers: dictionaries of arrays.
struct IndexSample {
    /// What a directory entry stands for.
    struct Name: Hashable {
        let hash: UInt64
        let kind: HashKind
    }

    static let binding = SegmentDigest(reading: [UInt8](0x60...0x7F).span.bytes, at: 0)

    private(set) var places: [UInt32] = []
    private(set) var notes: [[Name]] = []

    /// Adds a record. A place of 0 is that of one that compaction removed.
    mutating func add(place: UInt32, _ names: [Name]) {
        self.places.append(place)
        self.notes.append(names)
    }

    /// The ordinals of each name, ascending.
    var ordinals: [Name: [UInt32]] {
        var ordinals: [Name: [UInt32]] = [:]
        for (ordinal, names) in self.notes.enumerated() {
            for name in Set(names) { ordinals[name, default: []].append(UInt32(ordinal)) }
        }
        return ordinals
    }

    /// The names in the order of the directory.
    var sortedNames: [Name] {
        self.ordinals.keys.sorted {
            ($0.hash, $0.kind.rawValue) < ($1.hash, $1.kind.rawValue)
        }
    }

    /// The index file.
    func file() -> [UInt8] {
        var builder = IndexBuilder(recordCount: self.places.count)
        for (ordinal, names) in self.notes.enumerated() {
            builder.add(place: self.places[ordinal])
            for name in names { builder.note(name.hash, name.kind) }
        }
        return builder.finish(
            identity: ExampleLog.identity, epoch: ExampleLog.epoch, base: Offset(12),
            binding: Self.binding)
    }
}

extension IndexSample {
    /// Records like those of a log: one model group, a few large groups, many small ones, keys that
    /// come once or a few times, now and then a hash twice, and records that were removed.
    init(recordCount: Int, _ random: inout SeededGenerator) {
        let large = (0..<4).map { _ in random.next() }
        let small = (0..<recordCount / 8 + 1).map { _ in random.next() }
        let keys = (0..<recordCount / 2 + 1).map { _ in random.next() }
        for ordinal in 0..<recordCount {
            guard !random.chance(1, in: 10) else {
                self.add(place: 0, [])
                continue
            }
            var names = [
                Name(hash: large[0], kind: .group), Name(hash: random.pick(large), kind: .group),
                Name(hash: random.pick(small), kind: .group),
                Name(hash: random.pick(keys), kind: .key), Name(hash: random.next(), kind: .group),
            ]
            if random.chance(1, in: 3) { names.append(Name(hash: large[1], kind: .producer)) }
            self.add(place: UInt32(512 + ordinal * 30 + random.below(30)), names)
        }
    }

    /// One group with these ordinals, and nothing else.
    init(hash: UInt64, ordinals: [UInt32]) {
        let members = Set(ordinals)
        for ordinal in 0...(ordinals.last ?? 0) {
            let names = members.contains(ordinal) ? [Name(hash: hash, kind: .group)] : []
            self.add(place: 512 + ordinal, names)
        }
    }
}

extension PostingList {
    /// All ordinals, by walking a cursor.
    func ordinals(in file: RawSpan) -> [UInt32] {
        var ordinals: [UInt32] = []
        var cursor = PostingCursor(self, in: file)
        while let current = cursor.current {
            ordinals.append(current)
            cursor.advance(in: file)
        }
        return ordinals
    }
}
