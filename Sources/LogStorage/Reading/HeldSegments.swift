package import LogFormat
package import LogModel

/// The segments of a log as they were at one moment.
///
/// Whatever retention and compaction do meanwhile, what was kept then can be read as long as this is held; so
/// a reader that takes many steps sees one state. What it costs: a file that the log has removed keeps its
/// place on the disk until the last one that holds it lets go.
package struct HeldSegments: Sendable {
    /// The bound of what readers could see at that moment.
    package let visible: Offset
    /// Ascending; never none.
    private let segments: [Segment]

    /// Holds all segments of `log` that have something to see now.
    package init(_ log: ChangeLog) {
        // The bound comes first: whatever is below it is in segments that are listed already.
        self.visible = log.watermarks.visible
        self.segments = log.segments.all
    }

    /// How many segments there are.
    package var count: Int { self.segments.count }
    /// The offset of the first record that was kept.
    package var first: Offset { self.segments.first?.base ?? self.visible }

    /// The bound of the segments that were sealed. A record that compaction removed was superseded by one
    /// below it.
    package var sealedEnd: Offset {
        (self.segments.first { $0.facts == nil } ?? self.segments.last)?.base ?? .zero
    }

    /// Lends the record at `offset` to `body`, after a check of its checksum. Nil if it was removed, or was
    /// not visible. Throws `corrupt`.
    package func withRecord<Result>(
        at offset: Offset, _ body: (borrowing RecordView) throws(StorageError) -> Result
    ) throws(StorageError) -> Result? {
        guard offset < self.visible, offset >= self.first else { return nil }
        return try self.segments[self.index(of: offset)].withRecord(at: offset, body)
    }

    /// The place of the segment that holds `offset`, or of the first one if it is below all. O(log n).
    package func index(of offset: Offset) -> Int {
        var low = 0
        var high = self.segments.count
        while low < high {
            let middle = (low + high) / 2
            if self.segments[middle].base <= offset { low = middle + 1 } else { high = middle }
        }
        return max(low, 1) - 1
    }

    /// The segment at `index`.
    func segment(at index: Int) -> Segment { self.segments[index] }

    /// The offset at which the segment at `index` begins.
    package func base(of index: Int) -> Offset { self.segments[index].base }

    /// A walk through the records in `start ..< end` of the segment at `index` that carry a group with this
    /// hash. Takes one look at a filter if there is none.
    ///
    /// Throws `corrupt` if the segment's index has to be built again and a record is damaged.
    package func walk(
        of hash: UInt64, in index: Int, from start: Offset, to end: Offset
    ) throws(StorageError) -> GroupWalk {
        try GroupWalk(
            of: hash, in: self.segments[index], from: start, to: min(end, self.visible),
            visible: self.visible)
    }

    /// The offset of the latest record below `end` of the instance `key` of `model`, whose hash is `keyHash`;
    /// nil if none was kept. Looks at one filter for each segment from the last one down to the one that
    /// has it. Throws `corrupt`.
    package func latestRecord(
        model: Text, key: Text, keyHash: UInt64, before end: Offset
    ) throws(StorageError) -> Offset? {
        let bound = min(end, self.visible)
        for segment in self.segments.reversed() where segment.base < bound {
            var place = try segment.last(ofKey: keyHash, before: bound, visible: self.visible)
            // Another key can have the same hash: then the one before may be the one.
            while let offset = place {
                let found = try segment.withRecord(at: offset) { record in
                    (isOwn: record.isOf(model: model, key: key), previous: record.previousOfKey)
                }
                guard let found else { break }
                if found.isOwn { return offset }
                place = found.previous.flatMap { $0 >= segment.base ? $0 : nil }
            }
        }
        return nil
    }

    /// The first offset whose record was kept and has a time that is not before `time`, in microseconds since
    /// 1970; ``visible`` if there is none.
    ///
    /// Looks at a number of records that grows with the logarithm of all. The appender never lets times decrease
    /// from record to record. If they did nevertheless, this would be one of the places where they pass
    /// `time`, and perhaps not the first. Throws `corrupt` if a record that it looks at is damaged.
    package func offset(at time: Int64) throws(StorageError) -> Offset {
        var low = 0
        var high = self.segments.count
        while low < high {
            let middle = (low + high) / 2
            if try self.isOver(middle, before: time) { low = middle + 1 } else { high = middle }
        }
        // Compaction may have left nothing in the segment that reaches the time.
        for index in low..<self.segments.count {
            let segment = self.segments[index]
            let end = self.end(of: index)
            var first = segment.base
            var last = end
            while first < last {
                let middle = Offset((first.rawValue + last.rawValue) / 2)
                let kept = segment.firstKept(from: middle)
                let found = kept < end ? try segment.withRecord(at: kept, { $0.time }) : nil
                if let found, found < time { first = kept.next } else { last = middle }
            }
            let offset = first < end ? segment.firstKept(from: first) : end
            if offset < end { return offset }
        }
        return self.visible
    }

    /// About how many of the records carry a group with this hash: for a choice between groups, not for people.
    ///
    /// Looks at up to 64 records of the segments that are not sealed, and at the directories of the newest four
    /// that are; all others are taken to be like these. What is damaged counts as nothing.
    package func rarity(of hash: UInt64) -> Int {
        var found = 0
        var lookedAt = 0
        var recordsLeft = 64
        var directoriesLeft = 4
        for (index, segment) in self.segments.enumerated().reversed() {
            let end = self.end(of: index)
            guard segment.base < end else { continue }
            if let sealed = segment.sealed {
                guard directoriesLeft > 0 else { break }
                directoriesLeft -= 1
                found +=
                    (try? sealed.withView(of: segment) { view in
                        view.postings(of: hash, .group)?.count ?? 0
                    }) ?? 0
                lookedAt += end.distance(from: segment.base)
            } else if recordsLeft > 0 {
                let part = self.density(of: hash, in: index, recordsLeft: &recordsLeft)
                found += part.found
                lookedAt += end.distance(from: part.first)
            }
        }
        guard found > 0, lookedAt > 0 else { return 0 }
        let all = Double(self.visible.distance(from: self.first))
        return max(found, Int(Double(found) * all / Double(lookedAt)))
    }

    /// How many of the records from `first` on of a segment that is not sealed carry the group.
    func density(
        of hash: UInt64, in index: Int, recordsLeft: inout Int
    ) -> (found: Int, first: Offset) {
        let base = self.segments[index].base
        var found = 0
        var lowest = base
        do throws(StorageError) {
            var walk = try self.walk(of: hash, in: index, from: base, to: self.visible)
            while recordsLeft > 0, try walk.next({ lowest = $0.offset }) {
                recordsLeft -= 1
                found += 1
            }
            return (found, recordsLeft > 0 ? base : lowest)
        } catch {
            return (found, lowest)
        }
    }

    /// The first offset that is not in the segment at `index`, or not visible.
    func end(of index: Int) -> Offset {
        let next = index + 1 < self.segments.count ? self.segments[index + 1].base : self.visible
        return min(next, self.visible)
    }

    /// Whether all visible records of the segment at `index` are older than `time`.
    private func isOver(_ index: Int, before time: Int64) throws(StorageError) -> Bool {
        let segment = self.segments[index]
        let end = self.end(of: index)
        guard end > segment.base, let last = end.previous else { return end < self.visible }
        if let facts = segment.facts, facts.end == end { return facts.lastTime < time }
        return try segment.withRecord(at: last, { $0.time }).map { $0 < time } ?? false
    }
}

extension ChangeLog {
    /// The first offset whose record is kept and has a time that is not before `time`, in microseconds since
    /// 1970; what is visible if there is none. Its cost is logarithmic; see ``HeldSegments/offset(at:)``.
    package func offset(at time: Int64) throws(StorageError) -> Offset {
        try HeldSegments(self).offset(at: time)
    }

    /// About how many records carry a group with this hash: for a choice between groups, not for people. See
    /// ``HeldSegments/rarity(of:)``.
    package func rarity(of hash: UInt64) -> Int {
        HeldSegments(self).rarity(of: hash)
    }
}
