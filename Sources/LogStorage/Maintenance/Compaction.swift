import LogFormat
import LogModel

/// Compaction: of the records in an old segment those go that a later record of the same instance makes
/// superfluous, and those of instances that were deleted long ago. Offsets stay as they are, and of a
/// removed record its checksum and marks, so that resume tokens still prove themselves.
///
/// In this order: the run of what was removed, the cold file, the index. A crash in between leaves a run that
/// knows too much, which makes some readers begin anew, or an index that is stale and built again.
extension Maintenance {
    /// A segment is written again when this part of its records can go.
    private static let worthwhilePart = 10

    /// Compacts the first segment that is old enough and has enough that can go.
    func compact(
        now: Int64, _ evaluations: inout Evaluations
    ) throws(StorageError) -> Step? {
        let upkeep = self.core.options.upkeep
        let sealed = self.sealed
        let old = self.sealed(olderThan: upkeep.compactAge, now: now)
        guard !old.isEmpty else { return nil }
        let lookup = SealedLookup(sealed.map(\.segment), self.core.log.runs)
        for (place, (segment, facts)) in old.enumerated() {
            let newer = sealed.count - place
            if let last = evaluations.segments[segment.base], newer < 2 * last.newer,
                now < last.time.addingReportingOverflow(max(upkeep.tombstoneAge, 1)).partialValue
            {
                continue
            }
            let removable = try self.removable(
                from: segment, facts, older: sealed[..<place].map(\.segment), lookup, now: now)
            let kept = segment.cold.map { Int($0.header.keptCount) } ?? facts.recordCount
            let count = removable.count { $0 }
            guard count > 0, count * Self.worthwhilePart >= kept else {
                evaluations.segments[segment.base] = (now, newer)
                continue
            }
            try self.remove(removable, from: segment, facts)
            return .compacted(segment.base, removed: count)
        }
        return nil
    }

    /// For each ordinal of the segment, whether its record is there and can go.
    private func removable(
        from segment: Segment, _ facts: SealedFacts, older: [Segment], _ lookup: SealedLookup,
        now: Int64
    ) throws(StorageError) -> [Bool] {
        var removable = [Bool](repeating: false, count: facts.recordCount)
        let entryCount = try segment.sealed?.withView(of: segment) { $0.header.entryCount } ?? 0
        for index in 0..<entryCount {
            let found = try self.postings(of: segment, entry: index)
            guard let (hash, ordinals) = found, let latest = try lookup.last(of: hash) else {
                continue
            }
            for ordinal in ordinals {
                let offset = segment.base.advanced(by: Int(ordinal))
                let canGo =
                    offset == latest
                    ? try self.isForgotten(segment, offset, hash, older: older, now: now)
                    : try self.core.log.isSameInstance(offset, latest)
                if canGo { removable[Int(ordinal)] = true }
            }
        }
        return removable
    }

    /// The hash and ordinals of a directory entry, if it is that of a key.
    private func postings(
        of segment: Segment, entry index: Int
    ) throws(StorageError) -> (hash: UInt64, ordinals: [UInt32])? {
        let found = try segment.sealed?.withView(of: segment) { view -> (UInt64, [UInt32])? in
            let entry = view.entry(index)
            guard entry.postings.kind == .key else { return nil }
            var ordinals: [UInt32] = []
            var cursor = PostingCursor(entry.postings, in: view.file)
            while let ordinal = cursor.current {
                ordinals.append(ordinal)
                cursor.advance(in: view.file)
            }
            return (entry.hash, ordinals)
        }
        return found ?? nil
    }

    /// Whether the latest record of an instance says that it was deleted, long enough ago, and nothing older
    /// is left in other segments that would come back to life without it.
    private func isForgotten(
        _ segment: Segment, _ offset: Offset, _ hash: UInt64, older: [Segment], now: Int64
    ) throws(StorageError) -> Bool {
        let found = try segment.withRecord(at: offset) { record in
            (isDeleted: record.action == .deleted, time: record.time)
        }
        guard let found, found.isDeleted,
            now.subtractingReportingOverflow(found.time).partialValue
                > self.core.options.upkeep.tombstoneAge
        else { return false }
        for other in older {
            let isThere = try other.sealed?.withView(of: other) { view in
                view.postings(of: hash, .key) != nil
            }
            if isThere ?? true { return false }
        }
        return true
    }

    private func remove(
        _ removable: [Bool], from segment: Segment, _ facts: SealedFacts
    ) throws(StorageError) {
        try self.noteRemoved(segment, facts) { removable[Int($0)] }
        try self.writeCold(segment, facts, generation: segment.generation + 1) { record in
            !removable[record.offset.distance(from: segment.base)]
        }
        let cold = try self.core.openCold(base: segment.base)
        let binding = cold.binding
        let compacted = Segment(
            cold: cold.path, cold, index: self.core.index(of: segment.base, binding: binding))
        let bytes = try IndexFile.build(
            of: compacted, facts: facts, binding: binding, hasher: self.core.log.hasher)
        try IndexFile.write(bytes, base: segment.base, in: self.core.directory)
        self.core.log.segments.replace(with: compacted)
        let name = SegmentFile.name(base: segment.base)
        if self.core.directory.has(name) { try self.core.directory.remove(name) }
    }
}

extension ColdSegment {
    /// What ties an index to these records: the digest of the segment as long as all are there, then that of
    /// this file's header, in which are the checksums of all the rest.
    var binding: SegmentDigest {
        self.header.generation == 0
            ? self.header.facts.digest
            : Machine.digest(of: self.header.bytes, after: .none)
    }
}
