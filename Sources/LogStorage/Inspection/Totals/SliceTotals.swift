import LogFormat

/// All hashes, cut into slices of the same width.
struct HashSlices {
    /// How many entries of all directories a slice has, on the average: the tables for them stay in the processor's
    /// cache.
    private static let entryCount = 4096

    /// There are 2 to this power.
    private let bits: UInt64

    /// Slices for so many entries.
    init(entryCount: Int) {
        self.bits = UInt64(Int.bitWidth - (entryCount / Self.entryCount).leadingZeroBitCount)
    }

    /// One of `count` parts of them that are about equal.
    func part(_ part: Int, of count: Int) -> Range<UInt64> {
        let all = UInt64(1) << self.bits
        return UInt64(part) * all / UInt64(count)..<UInt64(part + 1) * all / UInt64(count)
    }

    /// The hashes of one slice.
    func hashes(of slice: UInt64) -> ClosedRange<UInt64> {
        let shift = 64 - self.bits
        return slice << shift...(slice + 1) << shift &- 1
    }
}

/// What some slices of all hashes have.
struct SliceTotals: Sendable {
    private(set) var keyCount = 0
    private(set) var producerCount = 0
    private(set) var groupCount = 0
    private(set) var largest: LargestGroups

    /// Of no slice.
    init(limit: Int) {
        self.largest = LargestGroups(count: limit)
    }

    /// Adds up `slices` of the directories of all segments, and remembers the `limit` largest groups.
    init(
        _ all: [HashDirectory], _ slices: HashSlices, _ part: Range<UInt64>, limit: Int
    ) throws(StorageError) {
        self.init(limit: limit)
        var directories = all
        if part.lowerBound > 0 {
            let first = slices.hashes(of: part.lowerBound).lowerBound
            for place in directories.indices { try directories[place].seek(first) }
        }
        var tallies = HashTallies()
        for slice in part {
            let last = slices.hashes(of: slice).upperBound
            for place in directories.indices {
                try directories[place].forEachEntry(upTo: last) {
                    tallies.add($0, inDirectory: place)
                }
            }
            self.keyCount += tallies.keyCount
            self.producerCount += tallies.producerCount
            self.groupCount += tallies.groupCount
            tallies.forEachGroup { self.largest.add($0) }
            tallies.removeAll()
        }
    }

    /// Adds what other slices have.
    mutating func add(_ other: SliceTotals) {
        self.keyCount += other.keyCount
        self.producerCount += other.producerCount
        self.groupCount += other.groupCount
        self.largest.add(other.largest)
    }
}

/// How many records a group has, and where its name can be found.
struct GroupTally: Sendable {
    let hash: UInt64
    let recordCount: Int
    /// The last directory that has it, and its entry there.
    let directory: Int
    let entry: Int
}

/// What a slice of all hashes has.
struct HashTallies {
    private struct Sum: BitwiseCopyable {
        var recordCount: Int
        var directory: Int32
        var entry: Int32
    }

    private var groups = HashTable(filler: Sum(recordCount: 0, directory: 0, entry: 0))
    private var keys = HashTable(filler: false)
    private var producers = HashTable(filler: false)

    var groupCount: Int { self.groups.count }
    var keyCount: Int { self.keys.count }
    var producerCount: Int { self.producers.count }

    mutating func add(_ entry: HashDirectory.Entry, inDirectory directory: Int) {
        switch entry.contents.kind {
        case .key: self.keys.update(entry.contents.hash) { $0 = true }
        case .producer: self.producers.update(entry.contents.hash) { $0 = true }
        case .group:
            self.groups.update(entry.contents.hash) { sum in
                sum.recordCount += entry.contents.count
                sum.directory = Int32(truncatingIfNeeded: directory)
                sum.entry = Int32(truncatingIfNeeded: entry.index)
            }
        }
    }

    func forEachGroup(_ body: (GroupTally) -> Void) {
        self.groups.forEach { hash, sum in
            body(
                GroupTally(
                    hash: hash, recordCount: sum.recordCount, directory: Int(sum.directory),
                    entry: Int(sum.entry)))
        }
    }

    mutating func removeAll() {
        self.groups.removeAll()
        self.keys.removeAll()
        self.producers.removeAll()
    }
}

/// The groups with the most records of all that come along, and of those with as many the ones with the least hashes.
struct LargestGroups: Sendable {
    private let count: Int
    private var found: [GroupTally] = []
    /// Who has fewer records is not one of them.
    private var least = 0

    init(count: Int) {
        self.count = count
    }

    mutating func add(_ tally: GroupTally) {
        guard tally.recordCount >= self.least else { return }
        self.found.append(tally)
        if self.found.count >= 4 * self.count { self.trim() }
    }

    /// The largest first.
    consuming func sorted() -> [GroupTally] {
        self.trim()
        return self.found
    }

    mutating func add(_ others: LargestGroups) {
        for tally in others.found { self.add(tally) }
    }

    private mutating func trim() {
        self.found.sort { ($0.recordCount, $1.hash) > ($1.recordCount, $0.hash) }
        guard self.found.count > self.count else { return }
        self.found.removeLast(self.found.count - self.count)
        self.least = self.found.last?.recordCount ?? 0
    }
}
