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

    /// The last step of each key hash, which a later step of the batch follows.
    private var lastStep: [UInt64: Int] = [:]
    /// The groups that the instance at hand is in before its change.
    private var before: [PlannedGroup] = []

    mutating func removeAll() {
        self.steps.removeAll(keepingCapacity: true)
        self.groups.removeAll(keepingCapacity: true)
        self.lastStep.removeAll(keepingCapacity: true)
        self.byteCount = 0
    }

    /// Plans the changes `batch` of `changes`, of which the first gets the offset `base`.
    ///
    /// The text of groups that an instance leaves is added to `changes.text`.
    mutating func plan(
        _ batch: Range<Int>, of changes: inout Changes, base: Offset, history: borrowing KeyHistory,
        pending: borrowing PendingRecords, hasher: GroupHasher
    ) throws(StorageError) {
        self.removeAll()
        for index in batch {
            let change = changes.list[index]
            let keyHash = Self.keyHash(of: change, in: changes, hasher: hasher)
            let isAlive = try self.collectBefore(
                change, keyHash: keyHash, in: &changes, history: history, pending: pending)
            let start = self.groups.count
            if change.action == .deleted && isAlive {
                for group in self.before { self.add(group, as: .left) }
            } else {
                self.addGroups(of: change, in: changes, hasher: hasher)
            }
            let previous = self.lastStep[keyHash].map { base.advanced(by: $0) }
            self.lastStep[keyHash] = self.steps.count
            self.steps.append(
                Step(
                    change: change, keyHash: keyHash,
                    previousOfKey: previous ?? history.lastRecord(ofKeyHash: keyHash),
                    groups: start..<self.groups.count))
            self.byteCount += try self.checkedByteCount(of: change, in: changes, groupsFrom: start)
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

    /// Collects into `before` the groups that the instance of `change` is in just before it. Returns false,
    /// with nothing collected, if it is not known to exist.
    private mutating func collectBefore(
        _ change: Changes.Change, keyHash: UInt64, in changes: inout Changes,
        history: borrowing KeyHistory, pending: borrowing PendingRecords
    ) throws(StorageError) -> Bool {
        self.before.removeAll(keepingCapacity: true)
        var step = self.lastStep[keyHash]
        while let index = step {
            let earlier = self.steps[index]
            if Self.isSame(earlier.change, change, in: changes) {
                guard earlier.change.action != .deleted else { return false }
                for group in self.groups[earlier.groups] where group.membership != .left {
                    self.before.append(group)
                }
                return true
            }
            // Another key with the same hash: go back to the step before it.
            step = self.steps[..<index].lastIndex { $0.keyHash == keyHash }
        }
        return try history.collectGroups(
            of: change, keyHash: keyHash, in: &changes, pending: pending, into: &self.before)
    }

    private static func isSame(
        _ left: Changes.Change, _ right: Changes.Change, in changes: Changes
    ) -> Bool {
        let text = changes.text.span.bytes
        func isEqual(_ left: Changes.Slice, _ right: Changes.Slice) -> Bool {
            text.slice(left.start, left.count).isEqual(to: text.slice(right.start, right.count))
        }
        return isEqual(left.model, right.model) && isEqual(left.key.text, right.key.text)
    }

    /// Decides the membership of every group of `change`, given what is in `before`.
    ///
    /// | change | before | groups of the change | groups before that the change lacks |
    /// | --- | --- | --- | --- |
    /// | CREATED, UPDATED | alive | entered, or stayed if it was there | left |
    /// | CREATED, UPDATED | unknown or deleted | entered | |
    /// | DELETED | alive | not used: the log knows better | left, all that it was in |
    /// | DELETED | unknown or deleted | left | |
    private mutating func addGroups(
        of change: Changes.Change, in changes: Changes, hasher: GroupHasher
    ) {
        let start = self.groups.count
        let nothing = Changes.ScalarSlice(kind: .null, text: .empty)
        self.addGroup(.empty, nothing, of: change, in: changes, hasher: hasher)
        for group in changes.groups[change.groups] {
            self.addGroup(group.property, group.value, of: change, in: changes, hasher: hasher)
        }
        let end = self.groups.count
        let text = changes.text.span.bytes
        for old in self.before.indices {
            let isKept = (start..<end).contains {
                Self.isSameGroup(self.before[old], self.groups[$0], in: text)
            }
            if !isKept { self.add(self.before[old], as: .left) }
        }
    }

    private mutating func addGroup(
        _ property: Changes.Slice, _ value: Changes.ScalarSlice, of change: Changes.Change,
        in changes: Changes, hasher: GroupHasher
    ) {
        let text = changes.text.span.bytes
        let group = PlannedGroup(
            hash: hasher.groupHash(
                model: text.slice(change.model.start, change.model.count),
                property: text.slice(property.start, property.count),
                isNull: value.kind == .null,
                value: text.slice(value.text.start, value.text.count)),
            membership: .entered, property: property, value: value)
        let wasIn = self.before.indices.contains {
            Self.isSameGroup(self.before[$0], group, in: text)
        }
        self.add(group, as: change.action == .deleted ? .left : wasIn ? .stayed : .entered)
    }

    private mutating func add(_ group: PlannedGroup, as membership: Membership) {
        self.groups.append(
            PlannedGroup(
                hash: group.hash, membership: membership, property: group.property,
                value: group.value))
    }

    /// Whether two groups of one model are the same.
    private static func isSameGroup(
        _ left: PlannedGroup, _ right: PlannedGroup, in text: RawSpan
    ) -> Bool {
        func isEqual(_ left: Changes.Slice, _ right: Changes.Slice) -> Bool {
            text.slice(left.start, left.count).isEqual(to: text.slice(right.start, right.count))
        }
        return left.hash == right.hash
            && (left.value.kind == .null) == (right.value.kind == .null)
            && isEqual(left.property, right.property)
            && isEqual(left.value.text, right.value.text)
    }
}
