import LogFormat
import LogModel

/// What a batch will be in the log, decided before anything is written: for each change its key, the
/// previous record of the same instance, and the groups that it enters, stays in or leaves.
///
/// Planning changes nothing, so a batch that turns out not to fit leaves no trace.
struct BatchPlan {
    /// One change of the batch.
    struct Step {
        let change: Changes.Change
        let keyHash: UInt64
        /// The previous record with this key hash, of whatever key.
        let previousOfKey: Offset?
        /// The step's entries in ``BatchPlan/groups``.
        let groups: Range<Int>
    }

    private(set) var steps: [Step] = []
    var groups: [PlannedGroup] = []
    /// Bytes of all records.
    private(set) var byteCount = 0

    /// The last step of each key hash, which a later step of the batch follows. Not kept of a batch of one.
    private var lastStep = HashTable<Int>(filler: 0)
    /// The key hash of each change.
    private var keyHashes: [UInt64] = []
    /// The last record with each of them before the batch.
    private var lastRecords: [Offset?] = []

    /// Where it is written which groups an instance is in before a change.
    private enum Before {
        /// Nowhere: the instance is not known to exist.
        case nowhere
        /// In an earlier step of the batch: its entries in ``groups``.
        case step(Range<Int>)
        /// In the record with this offset.
        case record(Offset)

        /// Whether the instance exists.
        var isKnown: Bool { if case .nowhere = self { false } else { true } }
    }

    mutating func removeAll() {
        self.steps.removeAll(keepingCapacity: true)
        self.groups.removeAll(keepingCapacity: true)
        self.lastStep.removeAll()
        self.keyHashes.removeAll(keepingCapacity: true)
        self.byteCount = 0
    }

    /// Plans the changes `batch` of `changes`, of which the first gets the offset `base`.
    ///
    /// The text of groups that an instance leaves is added to `changes.text`. Throws `forbidden` if an instance exists for
    /// which `conditions` do not hold before its change: nobody changes it between this look and the append.
    mutating func plan(
        _ batch: Range<Int>, of changes: inout Changes, if conditions: BeforeConditions?,
        base: Offset, history: borrowing KeyIndex,
        pending: borrowing PendingRecords, hasher: GroupHasher
    ) throws(StorageError) {
        self.removeAll()
        for change in changes.list[batch] {
            self.keyHashes.append(Self.keyHash(of: change, in: changes, hasher: hasher))
        }
        try history.lastRecords(ofKeyHashes: self.keyHashes, into: &self.lastRecords)
        for index in batch {
            let change = changes.list[index]
            let keyHash = self.keyHashes[self.steps.count]
            let last = self.lastRecords[self.steps.count]
            let earlier = self.lastStep[keyHash]
            let later = self.steps.count + Segment.expectedCount
            if later < batch.count, let offset = self.lastRecords[later], offset < pending.base {
                history.expect(offset)
            }
            let before = try self.before(
                change, keyHash: keyHash, earlier: earlier, last: last, in: changes,
                history: history, pending: pending)
            let start = self.groups.count
            self.addGroups(of: change, in: changes, before: before, hasher: hasher)
            let own = start..<self.groups.count
            switch before {
            case .nowhere: break
            case .step(let groups): self.compare(own, with: groups, in: changes)
            case .record(let offset):
                _ = try history.withRecord(at: offset, pending: pending, isChecked: true) {
                    record in
                    self.compare(own, with: record, in: &changes)
                }
            }
            if let conditions, before.isKnown {
                try self.check(index, own: start..<self.groups.count, conditions, in: changes)
            }
            if batch.count > 1 { self.lastStep.update(keyHash) { $0 = self.steps.count } }
            self.steps.append(
                Step(
                    change: change, keyHash: keyHash,
                    previousOfKey: earlier.map { base.advanced(by: $0) } ?? last,
                    groups: start..<self.groups.count))
            self.byteCount += try self.checkedByteCount(of: change, in: changes, groupsFrom: start)
        }
    }

    /// Refuses the change at `index` of an instance that exists, unless `conditions` hold of it before the change: of the
    /// entries `own` those that stayed or left say what it was in.
    private func check(
        _ index: Int, own: Range<Int>, _ conditions: BeforeConditions, in changes: Changes
    ) throws(StorageError) {
        let model = changes.copy(changes.list[index].model)
        let isAllowed = conditions.allow(model) { property in
            let group = self.groups[own].first {
                $0.membership != .entered
                    && changes.text[$0.property.range].elementsEqual(property.bytes)
            }
            return group.map { Scalar(kind: $0.value.kind, text: changes.copy($0.value.text)) }
        }
        guard isAllowed else {
            throw StorageError(
                .forbidden,
                "change \(index + 1): you may not publish this change of \(model), because of what the instance is "
                    + "now; nothing of this batch was appended")
        }
    }

    /// Bytes of the record of `change`. What an instance leaves comes on top of what its producer sent, so
    /// that the limits of the edge do not bound a record by themselves.
    private func checkedByteCount(
        of change: Changes.Change, in changes: Changes, groupsFrom start: Int
    ) throws(StorageError) -> Int {
        let groups = self.groups[start...]
        guard groups.count <= Int(UInt16.max) else {
            throw StorageError(
                .batchTooLarge,
                "a change enters and leaves \(groups.count) groups and a record names at most "
                    + "\(UInt16.max): use fewer groups")
        }
        let count = RecordEncoder.count(of: change, in: changes, groups: groups)
        guard count <= RecordLayout.countMax else {
            throw StorageError(
                .batchTooLarge,
                "a record of \(count) bytes is longer than \(RecordLayout.countMax): submit a smaller "
                    + "instance")
        }
        return count
    }

    private static func keyHash(
        of change: Changes.Change, in changes: Changes, hasher: GroupHasher
    ) -> UInt64 {
        let text = changes.text.span.bytes
        return hasher.keyHash(
            model: text.slice(change.model.start, change.model.count),
            key: text.slice(change.key.text.start, change.key.text.count))
    }

    /// Finds where it is written which groups the instance of `change` is in just before it.
    private func before(
        _ change: Changes.Change, keyHash: UInt64, earlier: Int?, last: Offset?,
        in changes: Changes, history: borrowing KeyIndex, pending: borrowing PendingRecords
    ) throws(StorageError) -> Before {
        var step = earlier
        while let index = step {
            let earlier = self.steps[index]
            if Self.isSame(earlier.change, change, in: changes) {
                return earlier.change.action == .deleted ? .nowhere : .step(earlier.groups)
            }
            // Another key with the same hash: go back to the step before it.
            step = self.steps[..<index].lastIndex { $0.keyHash == keyHash }
        }
        let offset = try history.lastRecord(
            of: change, from: last, in: changes, pending: pending)
        return offset.map { .record($0) } ?? .nowhere
    }

    private static func isSame(
        _ left: Changes.Change, _ right: Changes.Change, in changes: Changes
    ) -> Bool {
        let text = changes.text.span.bytes
        return self.isEqual(left.model, right.model, in: text)
            && self.isEqual(left.key.text, right.key.text, in: text)
    }

    /// Adds the groups of `change` as if the instance had not existed, unless the log knows its groups better.
    ///
    /// Together with `compare` this decides membership:
    ///
    /// | change | before | groups of the change | groups before that the change lacks |
    /// | --- | --- | --- | --- |
    /// | CREATED, UPDATED | alive | entered, or stayed if it was there | left |
    /// | CREATED, UPDATED | unknown or deleted | entered | |
    /// | DELETED | alive | not used: the log knows better | left, all that it was in |
    /// | DELETED | unknown or deleted | left | |
    private mutating func addGroups(
        of change: Changes.Change, in changes: Changes, before: Before, hasher: GroupHasher
    ) {
        let membership: Membership
        switch (change.action, before) {
        case (.deleted, .step), (.deleted, .record): return
        case (.deleted, .nowhere): membership = .left
        case (.created, _), (.updated, _): membership = .entered
        }
        let text = changes.text.span.bytes
        let model = text.slice(change.model.start, change.model.count)
        self.groups.append(
            PlannedGroup(
                hash: hasher.groupHash(
                    model: model, property: text.slice(0, 0), isNull: true, value: text.slice(0, 0)
                ), membership: membership, property: .empty,
                value: Changes.ScalarSlice(kind: .null, text: .empty)))
        for index in change.groups {
            let group = changes.groups[index]
            let hash = hasher.groupHash(
                model: model, property: text.slice(group.property.start, group.property.count),
                isNull: group.value.kind == .null,
                value: text.slice(group.value.text.start, group.value.text.count))
            self.groups.append(
                PlannedGroup(
                    hash: hash, membership: membership, property: group.property,
                    value: group.value))
        }
    }

    /// Marks those of the groups `own` in which the instance was before as stayed, and adds the others in
    /// which it was as left. This is for a change of an earlier step of the batch.
    private mutating func compare(_ own: Range<Int>, with before: Range<Int>, in changes: Changes) {
        let text = changes.text.span.bytes
        for old in before where self.groups[old].membership != .left {
            let group = self.groups[old]
            let kept = own.first {
                self.groups[$0].hash == group.hash
                    && (self.groups[$0].value.kind == .null) == (group.value.kind == .null)
                    && Self.isEqual(self.groups[$0].property, group.property, in: text)
                    && Self.isEqual(self.groups[$0].value.text, group.value.text, in: text)
            }
            if let kept {
                self.groups[kept].membership = .stayed
            } else {
                self.groups.append(
                    PlannedGroup(
                        hash: group.hash, membership: .left, property: group.property,
                        value: group.value))
            }
        }
    }

    /// The same for the instance's last record. The text of groups that it leaves is added to `changes.text`.
    private mutating func compare(
        _ own: Range<Int>, with record: borrowing RecordView, in changes: inout Changes
    ) {
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            guard entry.membership != .left else { continue }
            if let kept = self.find(entry, of: record, among: own, in: changes) {
                self.groups[kept].membership = .stayed
            } else {
                let property = changes.add(record.property(of: entry))
                let value = changes.add(record.value(of: entry))
                self.groups.append(
                    PlannedGroup(
                        hash: entry.hash, membership: .left, property: property,
                        value: Changes.ScalarSlice(kind: entry.valueKind, text: value)))
            }
        }
    }

    private func find(
        _ entry: GroupEntry, of record: borrowing RecordView, among own: Range<Int>,
        in changes: Changes
    ) -> Int? {
        let text = changes.text.span.bytes
        for index in own where self.groups[index].hash == entry.hash {
            let group = self.groups[index]
            let isSame =
                (group.value.kind == .null) == (entry.valueKind == .null)
                && record.property(of: entry)
                    .isEqual(to: text.slice(group.property.start, group.property.count))
                && record.value(of: entry)
                    .isEqual(to: text.slice(group.value.text.start, group.value.text.count))
            if isSame { return index }
        }
        return nil
    }

    private static func isEqual(
        _ left: Changes.Slice, _ right: Changes.Slice, in text: RawSpan
    ) -> Bool {
        text.slice(left.start, left.count).isEqual(to: text.slice(right.start, right.count))
    }
}
