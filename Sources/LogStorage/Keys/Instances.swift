import LogFormat
package import LogModel

/// What instances are and were: their records found by the hash of their key, and groups of them at any offset.
///
/// Nothing is kept in memory for it. As elsewhere a hash stands for a key, so every record that is found is
/// compared with the bytes of the key.
extension ChangeLog {
    /// The offset of the latest record of an instance below `end`, or below what is visible; nil if there is
    /// none. The record can say that the instance was deleted.
    ///
    /// Looks at one filter for each segment or run that does not have the instance. Throws `retained` if `end`
    /// lies where records were removed, so that nobody knows; or `corrupt`.
    package func latestRecord(
        model: Text, key: Text, before end: Offset? = nil
    ) throws(StorageError) -> Offset? {
        let visible = self.watermarks.visible
        let bound = min(end ?? visible, visible)
        let latest = try self.latest(model: model, key: key, before: bound)
        if bound < visible {
            try self.checkKnown(latest, model: model, key: key, before: bound)
        }
        return latest
    }

    /// The latest record of an instance below `bound` that is kept.
    private func latest(
        model: Text, key: Text, before bound: Offset
    ) throws(StorageError) -> Offset? {
        try HeldSegments(self).latestRecord(
            model: model, key: key, keyHash: self.keyHash(model: model, key: key), before: bound)
    }

    /// Throws `retained` if compaction may have removed a record between `latest`, the latest one that is kept,
    /// and `bound`.
    ///
    /// The next record of the instance knows which one came before it. Without one nothing was removed but
    /// what came before `latest`, or the whole instance, after it was deleted.
    private func checkKnown(
        _ latest: Offset?, model: Text, key: Text, before bound: Offset
    ) throws(StorageError) {
        let first = self.first
        guard bound >= first else { throw self.unknown(before: bound, until: first) }
        var reader = GroupReader(
            self, .any([self.keyHash(model: model, key: key)]), of: .key, from: bound)
        if let next = try reader.next(),
            let known = try self.withRecord(at: next, { $0.previousOfKey }),
            let previous = known, previous >= first
        {
            let isKept = try self.withRecord(at: previous, { _ in true }) ?? false
            guard previous < bound, isKept else {
                throw self.unknown(before: bound, until: next.next)
            }
        } else if latest == nil {
            let available = self.firstAvailable(of: self.hasher.groupHash(GroupKey(model: model)))
            guard bound >= available else { throw self.unknown(before: bound, until: available) }
        }
    }

    /// The offsets of the records of an instance from `start` on that are kept, ascending, at most `limit`.
    package func history(
        model: Text, key: Text, from start: Offset = .zero, limit: Int
    ) throws(StorageError) -> [Offset] {
        let hash = self.keyHash(model: model, key: key)
        var reader = GroupReader(self, .any([hash]), of: .key, from: max(start, self.first))
        var offsets: [Offset] = []
        while offsets.count < limit {
            let isThere = try reader.nextRecord { record in
                if record.isOf(model: model, key: key) { offsets.append(record.offset) }
            }
            guard isThere else { break }
        }
        return offsets
    }

    /// The record before the one at `offset` of the same instance: its before-image. Nil if it is the first,
    /// or if the one before is not kept.
    ///
    /// Throws `retained` if the record itself is not kept, or `corrupt`.
    package func previousRecord(of offset: Offset) throws(StorageError) -> Offset? {
        let own = try self.withRecord(at: offset) { record in
            (
                model: Text(bytes: record.model.copy()), key: Text(bytes: record.key.copy()),
                previous: record.previousOfKey
            )
        }
        guard let own else { return nil }
        var place = own.previous
        while let candidate = place, candidate >= self.first {
            let found = try self.withRecord(at: candidate) { record in
                (isOwn: record.isOf(model: own.model, key: own.key), previous: record.previousOfKey)
            }
            guard let found else { return nil }
            if found.isOwn { return candidate }
            place = found.previous
        }
        return nil
    }

    /// The instances that were in `group` before the record at `end`, or are now: the offset of the record of
    /// each that says so last, ascending.
    ///
    /// Reads every record of the group. Memory: about 16 bytes for each instance that was ever in it. Throws
    /// `retained` if `end` lies where records were removed that could have mattered; or `corrupt`.
    package func members(
        of group: GroupKey, before end: Offset? = nil
    ) throws(StorageError) -> [Offset] {
        let visible = self.watermarks.visible
        let bound = min(end ?? visible, visible)
        let hash = self.hasher.groupHash(group)
        let available = self.firstAvailable(of: hash)
        // Compaction may have removed the record with which an instance left, and kept an older one.
        let isComplete = available <= self.first
        guard bound == visible || isComplete && bound >= self.first else {
            throw self.unknown(before: bound, until: max(available, self.first))
        }
        var members: [UInt64: [Offset]] = [:]
        var reader = GroupReader(self, .any([hash]), from: self.first, to: bound)
        while let offset = try reader.next() {
            guard let extent = try self.extent(at: offset) else { break }
            let found = try extent.segment.withRecord(at: offset) { record in
                (keyHash: record.keyHash, membership: record.membership(in: group))
            }
            guard let found, let membership = found.membership else { continue }
            // Keys with the same hash share a place in the table; their records tell them apart.
            var others = members[found.keyHash] ?? []
            for (index, other) in others.enumerated()
            where try self.isSameInstance(other, offset) {
                others.remove(at: index)
                break
            }
            if membership != .left { others.append(offset) }
            members[found.keyHash] = others.isEmpty ? nil : others
        }
        let offsets = members.values.flatMap { $0 }.sorted()
        if isComplete { return offsets }
        // Whoever is in a group says so in each record.
        var latest: [Offset] = []
        for offset in offsets where try self.isLatest(offset, before: bound) {
            latest.append(offset)
        }
        return latest
    }

    /// Whether the record at `offset` is the latest of its instance below `bound`.
    private func isLatest(_ offset: Offset, before bound: Offset) throws(StorageError) -> Bool {
        let key = try self.withRecord(at: offset) { record in
            (model: Text(bytes: record.model.copy()), key: Text(bytes: record.key.copy()))
        }
        guard let key else { return false }
        return try self.latest(model: key.model, key: key.key, before: bound) == offset
    }

    /// Whether the records at two offsets are of the same instance, and not only of keys with the same hash.
    func isSameInstance(_ one: Offset, _ other: Offset) throws(StorageError) -> Bool {
        let key = try self.withRecord(at: one) { record in
            (model: Text(bytes: record.model.copy()), key: Text(bytes: record.key.copy()))
        }
        guard let key else { return false }
        return try self.withRecord(at: other) { $0.isOf(model: key.model, key: key.key) } ?? false
    }

    private func keyHash(model: Text, key: Text) -> UInt64 {
        self.hasher.keyHash(
            model: model.bytes.span.bytes, key: key.bytes.span.bytes)
    }

    /// The answer to a question for a state before `bound`, of which too much was removed.
    private func unknown(before bound: Offset, until first: Offset) -> StorageError {
        StorageError(
            .retained,
            "records below offset \(first) were removed: what was before offset \(bound) is not known any "
                + "more; ask for a later state", offset: bound)
    }
}

extension Segment {
    /// The last record below `bound` with the hash of a key; `visible` was the bound of what is visible at some
    /// time, not below `bound`.
    func last(
        ofKey hash: UInt64, before bound: Offset, visible: Offset
    ) throws(StorageError) -> Offset? {
        switch self.index {
        case .sealed(let index):
            let most = UInt32(clamping: bound.distance(from: self.base) - 1)
            let ordinal = try index.withView(of: self, having: hash) { view -> UInt32? in
                view.postings(of: hash, .key)?.last(atMost: most, in: view.file)
            }
            return (ordinal ?? nil).map { self.base.advanced(by: Int($0)) }
        case .growing(let index):
            // Heads are right for what is visible, and not for every bound below.
            var place = index.head(of: hash, visible: visible)
            while let offset = place, offset >= bound {
                let previous = try self.withRecord(at: offset) { $0.previousOfKey }
                place = (previous ?? nil).flatMap { $0 >= self.base ? $0 : nil }
            }
            return place
        }
    }
}

extension RecordView {
    /// Whether the record is of the instance `key` of `model`.
    func isOf(model: Text, key: Text) -> Bool {
        self.key.isEqual(to: key.bytes.span.bytes)
            && self.model.isEqual(to: model.bytes.span.bytes)
    }

    /// What the record did to `group`; nil if it does not carry it.
    fileprivate func membership(in group: GroupKey) -> Membership? {
        for index in 0..<self.groupCount {
            let entry = self.group(index)
            if self.isGroup(entry, group) { return entry.membership }
        }
        return nil
    }
}
