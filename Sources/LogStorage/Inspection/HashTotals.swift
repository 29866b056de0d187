import LogFormat
package import LogModel

/// How many records the groups, keys and producers of a log have, from the directories of its indexes: no
/// record is read but those that give the names.
package struct HashTotals: Sendable {
    /// One group and its records.
    package struct Group: Hashable, Sendable {
        /// Which group.
        package let key: GroupKey
        /// How many records carry it, those that say that an instance left it included.
        package let recordCount: Int
    }

    /// The groups with the most records, those of models left out.
    package private(set) var groups: [Group] = []
    /// The models by their records.
    package private(set) var models: [Group] = []
    /// How many groups there are.
    package private(set) var groupCount = 0
    /// How many instances there were ever, as far as they are kept.
    package private(set) var keyCount = 0
    /// How many producers and idempotency keys there were.
    package private(set) var producerCount = 0

    /// More hashes than are wanted are remembered, because some of them are those of models.
    private static let spare = 256

    private struct Candidate {
        let count: Int
        let last: Offset
        let hash: UInt64
    }

    /// Counts what `log` has, and names the `limit` largest groups. Takes time in proportion to the entries of
    /// all indexes, and memory for those of segments that are not sealed.
    ///
    /// What is damaged of segments that are not sealed is not counted. Throws `corrupt` if an index is of no use and the
    /// records are damaged.
    package init(_ log: ChangeLog, limit: Int) throws(StorageError) {
        var cursors: [HashCursor] = []
        for extent in log.extents {
            cursors.append(try HashCursor(extent, hasher: log.hasher))
        }
        var candidates: [Candidate] = []
        var heap = CursorHeap(cursors)
        while let first = heap.least {
            var count = 0
            var last = first.last
            while let other = heap.least, other.hash == first.hash, other.kind == first.kind {
                count += other.count
                last = max(last, other.last)
                try heap.advanceLeast()
            }
            switch first.kind {
            case .key: self.keyCount += 1
            case .producer: self.producerCount += 1
            case .group:
                self.groupCount += 1
                candidates.append(Candidate(count: count, last: last, hash: first.hash))
                if candidates.count >= 4 * (limit + Self.spare) {
                    Self.trim(&candidates, to: limit + Self.spare)
                }
            }
        }
        Self.trim(&candidates, to: limit + Self.spare)
        for candidate in candidates {
            guard let key = Self.name(candidate, log) else { continue }
            let group = Group(key: key, recordCount: candidate.count)
            if key.property.bytes.isEmpty {
                self.models.append(group)
            } else if self.groups.count < limit {
                self.groups.append(group)
            }
        }
    }

    private static func trim(_ candidates: inout [Candidate], to count: Int) {
        candidates.sort { ($0.count, $1.hash) > ($1.count, $0.hash) }
        if candidates.count > count { candidates.removeLast(candidates.count - count) }
    }

    /// Nil if the record that gives the name cannot be read.
    private static func name(_ candidate: Candidate, _ log: ChangeLog) -> GroupKey? {
        let found = try? log.withRecord(at: candidate.last) { record -> GroupKey? in
            for index in 0..<record.groupCount where record.groupHash(index) == candidate.hash {
                let entry = record.group(index)
                return GroupKey(
                    model: Text(bytes: record.model.copy()),
                    property: Text(bytes: record.property(of: entry).copy()),
                    value: Scalar(
                        kind: entry.valueKind, text: Text(bytes: record.value(of: entry).copy())))
            }
            return nil
        }
        return found ?? nil
    }
}

/// Goes through the hashes of one segment in ascending order, and by kind where they are equal.
private struct HashCursor {
    struct Entry {
        let hash: UInt64
        let kind: HashKind
        let count: Int
        let last: Offset
    }

    /// Entries that are read from an index at once.
    private static let aheadCount = 512

    private let segment: Segment
    /// The directory entry of the index behind those that were read ahead.
    private var index = 0
    /// Whether ``ahead`` is all that there is: of a segment that is not sealed.
    private let isWhole: Bool
    private var ahead: [Entry] = []
    private var place = 0

    /// Begins at the first entry.
    init(_ extent: SegmentExtent, hasher: GroupHasher) throws(StorageError) {
        self.segment = extent.segment
        self.isWhole = extent.segment.sealed == nil
        guard self.isWhole else {
            try self.readAhead()
            return
        }
        // An index of what is there until now: that of a segment that was sealed here.
        let base = extent.segment.base
        var builder = IndexBuilder()
        var next = base
        // Whoever reads the records is told of those that are damaged.
        extent.segment.forEachReadableRecord(upTo: extent.end, damage: { _ in }) {
            record, position in
            while next < record.offset {
                builder.add(place: 0)
                next = next.next
            }
            builder.add(record, at: position, hasher: hasher)
            next = next.next
        }
        let bytes = builder.finish(
            identity: extent.segment.header.identity, epoch: extent.segment.epoch, base: base,
            binding: .none)
        do throws(FormatError) {
            let view = IndexView(
                bytes.span.bytes, header: try IndexHeader(reading: bytes.span.bytes))
            for index in 0..<view.header.entryCount {
                self.ahead.append(Entry(view.entry(index), base: base))
            }
        } catch {
            preconditionFailure("an index that was built just now: \(error.message)")
        }
    }

    /// The entry at hand; nil at the end.
    var current: Entry? { self.place < self.ahead.count ? self.ahead[self.place] : nil }

    mutating func advance() throws(StorageError) {
        self.place += 1
        if self.place == self.ahead.count, !self.isWhole { try self.readAhead() }
    }

    private mutating func readAhead() throws(StorageError) {
        self.ahead.removeAll(keepingCapacity: true)
        self.place = 0
        let (first, base) = (self.index, self.segment.base)
        try self.segment.sealed?.withView(of: self.segment) { view in
            for index in first..<min(first + Self.aheadCount, view.header.entryCount) {
                self.ahead.append(Entry(view.entry(index), base: base))
            }
        }
        self.index += self.ahead.count
    }
}

extension HashCursor.Entry {
    fileprivate init(_ entry: IndexEntry, base: Offset) {
        self.init(
            hash: entry.hash, kind: entry.postings.kind, count: entry.postings.count,
            last: base.advanced(by: Int(entry.postings.last)))
    }
}

/// The cursors of all segments, the one with the least hash first.
private struct CursorHeap {
    /// What the heap is ordered by, and whose it is: small, because it is moved for each entry.
    private struct Key: BitwiseCopyable {
        var hash: UInt64
        var kind: UInt8
        var cursor: Int32

        func isBefore(_ other: Key) -> Bool {
            self.hash != other.hash ? self.hash < other.hash : self.kind < other.kind
        }
    }

    private var cursors: [HashCursor]
    private var keys: [Key] = []

    init(_ cursors: [HashCursor]) {
        self.cursors = cursors
        for index in cursors.indices {
            if let key = self.key(of: index) { self.keys.append(key) }
        }
        for place in stride(from: self.keys.count / 2 - 1, through: 0, by: -1) {
            self.sink(place)
        }
    }

    private func key(of index: Int) -> Key? {
        self.cursors[index].current.map {
            Key(
                hash: $0.hash, kind: UInt8(truncatingIfNeeded: $0.kind.rawValue),
                cursor: Int32(index))
        }
    }

    /// The least entry of all.
    var least: HashCursor.Entry? {
        self.keys.first.flatMap { self.cursors[Int($0.cursor)].current }
    }

    mutating func advanceLeast() throws(StorageError) {
        let index = Int(self.keys[0].cursor)
        try self.cursors[index].advance()
        if let key = self.key(of: index) {
            self.keys[0] = key
        } else {
            self.keys.swapAt(0, self.keys.count - 1)
            self.keys.removeLast()
        }
        if !self.keys.isEmpty { self.sink(0) }
    }

    private mutating func sink(_ start: Int) {
        let count = self.keys.count
        var place = start
        let key = self.keys[start]
        while true {
            var child = 2 * place + 1
            guard child < count else { break }
            if child + 1 < count, self.keys[child + 1].isBefore(self.keys[child]) { child += 1 }
            guard self.keys[child].isBefore(key) else { break }
            self.keys[place] = self.keys[child]
            place = child
        }
        self.keys[place] = key
    }
}
