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
            var cursor = try HashCursor(extent, hasher: log.hasher)
            try cursor.advance()
            cursors.append(cursor)
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

    private let segment: Segment
    private var index = 0
    /// Those of a segment that is not sealed; nil if it has an index.
    private var entries: [Entry]?
    private(set) var current: Entry?

    init(_ extent: SegmentExtent, hasher: GroupHasher) throws(StorageError) {
        self.segment = extent.segment
        guard extent.segment.sealed == nil else { return }
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
        var entries: [Entry] = []
        do throws(FormatError) {
            let view = IndexView(
                bytes.span.bytes, header: try IndexHeader(reading: bytes.span.bytes))
            for index in 0..<view.header.entryCount {
                entries.append(Entry(view.entry(index), base: base))
            }
        } catch {
            preconditionFailure("an index that was built just now: \(error.message)")
        }
        self.entries = entries
    }

    mutating func advance() throws(StorageError) {
        let at = self.index
        self.index += 1
        if let entries = self.entries {
            self.current = at < entries.count ? entries[at] : nil
            return
        }
        let base = self.segment.base
        self.current =
            try self.segment.sealed?.withView(of: self.segment) { view -> Entry? in
                at < view.header.entryCount ? Entry(view.entry(at), base: base) : nil
            } ?? nil
    }
}

extension HashCursor.Entry {
    fileprivate init(_ entry: IndexEntry, base: Offset) {
        self.init(
            hash: entry.hash, kind: entry.postings.kind, count: entry.postings.count,
            last: base.advanced(by: Int(entry.postings.last)))
    }

    /// Whether it comes before `other`.
    fileprivate func isBefore(_ other: Self) -> Bool {
        (self.hash, self.kind.rawValue) < (other.hash, other.kind.rawValue)
    }
}

/// The cursors of all segments, the one with the least hash first.
private struct CursorHeap {
    private var cursors: [HashCursor]

    init(_ cursors: [HashCursor]) {
        self.cursors = cursors.filter { $0.current != nil }
        for place in stride(from: self.cursors.count / 2 - 1, through: 0, by: -1) {
            self.sink(place)
        }
    }

    /// The least entry of all.
    var least: HashCursor.Entry? { self.cursors.first?.current }

    mutating func advanceLeast() throws(StorageError) {
        try self.cursors[0].advance()
        if self.cursors[0].current == nil {
            self.cursors.swapAt(0, self.cursors.count - 1)
            self.cursors.removeLast()
        }
        if !self.cursors.isEmpty { self.sink(0) }
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < self.cursors.count {
                if self.isBefore(child, least) { least = child }
            }
            if least == place { return }
            self.cursors.swapAt(place, least)
            place = least
        }
    }

    private func isBefore(_ one: Int, _ other: Int) -> Bool {
        guard let left = self.cursors[one].current, let right = self.cursors[other].current else {
            return false
        }
        return left.isBefore(right)
    }
}
