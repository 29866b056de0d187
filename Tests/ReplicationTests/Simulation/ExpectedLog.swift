import LogModel
import TestSupport

/// What a simulation has submitted, and what the log must have made of it: decided here once more, from the
/// promises, without the log's own code.
struct ExpectedLog {
    /// A group by what makes it one: the value's text, and whether it is `null`.
    struct Group: Hashable {
        let model: Text
        let property: Text
        let isNull: Bool
        let text: Text

        init(_ model: Text, _ property: Text, _ value: Scalar) {
            self.model = model
            self.property = property
            self.isNull = value.kind == .null
            self.text = value.text
        }
    }

    /// A group as a record carries it.
    struct Entry {
        let group: Group
        let value: Scalar
        let membership: Membership
    }

    struct Record {
        let action: Action
        let model: Text
        let key: Scalar
        let instance: String
        let entries: [Entry]
        let time: Int64
        let isLastOfBatch: Bool
    }

    /// An instance: `1` and `"1"` are the same key.
    private struct Instance: Hashable {
        let model: Text
        let key: Text
    }

    private(set) var records: [Record] = []
    /// What the instances are, as far as the log knows: the last record of each, and its groups.
    private var latest: [Instance: (offset: Offset, groups: [(group: Group, value: Scalar)]?)] = [:]
    /// The offset of the first record that is kept.
    private(set) var first = Offset.zero
    /// Records above that which compaction has removed.
    private var compacted: Set<Offset> = []

    /// The offset after the last record.
    var end: Offset { Offset(UInt64(self.records.count)) }

    /// Notes what a change of an instance does.
    mutating func append(
        _ action: Action, _ model: Text, key: Scalar, groups: [(Text, Scalar)], instance: String,
        time: Int64, isLastOfBatch: Bool
    ) {
        let name = Instance(model: model, key: key.text)
        // What an instance was is known only as long as the record that says so is kept.
        let before = self.latest[name].flatMap { $0.offset < self.first ? nil : $0.groups }
        let own =
            [(Group(model, "", .null), Scalar.null)] + groups.map { (Group(model, $0, $1), $1) }
        var entries: [Entry] = []
        if action == .deleted {
            for (group, value) in before ?? own {
                entries.append(Entry(group: group, value: value, membership: .left))
            }
        } else {
            for (group, value) in own {
                let wasIn = before?.contains { $0.group == group } ?? false
                entries.append(
                    Entry(group: group, value: value, membership: wasIn ? .stayed : .entered))
            }
            for (group, value) in before ?? [] where !own.contains(where: { $0.0 == group }) {
                entries.append(Entry(group: group, value: value, membership: .left))
            }
        }
        self.add(
            Record(
                action: action, model: model, key: key, instance: instance, entries: entries,
                time: time, isLastOfBatch: isLastOfBatch))
    }

    private mutating func add(_ record: Record) {
        // A record's own groups are those that it does not only mention because they were left.
        let groups = record.entries.filter { $0.membership != .left }.map { ($0.group, $0.value) }
        self.latest[Instance(model: record.model, key: record.key.text)] =
            (self.end, record.action == .deleted ? nil : groups)
        self.records.append(record)
    }

    /// Forgets the records from `end` on, which were lost before anybody saw them.
    mutating func cut(to end: Offset) {
        let kept = self.records.prefix(Int(end.rawValue))
        self.records = []
        self.latest = [:]
        for record in kept { self.add(record) }
    }

    // MARK: - What was removed

    /// Notes that retention has removed everything below `first`.
    mutating func retain(from first: Offset) { self.first = first }

    /// Notes that compaction has removed a record. Returns whether it was allowed to: there is a later one of the
    /// instance, or the instance was deleted.
    mutating func compact(_ offset: Offset) -> Bool {
        guard let record = self[offset] else { return false }
        self.compacted.insert(offset)
        let name = Instance(model: record.model, key: record.key.text)
        return record.action == .deleted || self.latest[name].map { $0.offset > offset } ?? false
    }

    /// Whether the record at `offset` is no longer kept.
    func isRemoved(_ offset: Offset) -> Bool {
        offset < self.first || self.compacted.contains(offset)
    }

    /// Whether a record from `start` on was removed that is found by the groups by which those of `filter` are: of
    /// one of its lists, or of its model.
    func hasLost(_ filter: Filter, from start: Offset) -> Bool {
        let lists = filter.conditions.filter { if case .isIn = $0.test { true } else { false } }
        return (min(start, self.end).rawValue..<self.end.rawValue).contains { number in
            guard self.isRemoved(Offset(number)), let record = self[Offset(number)],
                record.model == filter.model
            else { return false }
            return lists.isEmpty
                || lists.contains { list in
                    record.entries.contains {
                        $0.group.property == list.property && Self.holds(list.test, for: $0.value)
                    }
                }
        }
    }

    // MARK: - What readers get

    /// The first record below `visible` that is kept and is not older than `time`, or `visible`.
    func offset(at time: Int64, visible: Offset) -> Offset {
        (0..<visible.rawValue).map { Offset($0) }.first { offset in
            !self.isRemoved(offset) && (self[offset]?.time ?? 0) >= time
        } ?? visible
    }

    /// Whether no batch goes across `offset`.
    func isBoundary(_ offset: Offset) -> Bool {
        offset == .zero
            || (offset <= self.end && self.records[Int(offset.rawValue) - 1].isLastOfBatch)
    }

    /// The offsets in `range` of the records that carry `group`, by looking at every one.
    func offsets(of group: Group, in range: Range<Offset>) -> [Offset] {
        (range.lowerBound.rawValue..<range.upperBound.rawValue).filter { offset in
            self.records[Int(offset)].entries.contains { $0.group == group }
        }.map { Offset($0) }
    }

    /// Where the batch begins that the record `offset` is in, or the end.
    func batchStart(of offset: Offset) -> Offset {
        var start = offset
        while !self.isBoundary(start), let previous = start.previous { start = previous }
        return start
    }

    /// What the record at `offset` did to the set of `filter`, if that is its concern.
    func change(of filter: Filter, at offset: Offset) -> SetChange? {
        guard let record = self[offset], record.model == filter.model else { return nil }
        let wasIn = Self.holds(filter, for: record.entries.filter { $0.membership != .entered })
        let isIn = Self.holds(filter, for: record.entries.filter { $0.membership != .left })
        return switch (wasIn, isIn) {
        case (false, false): nil
        case (false, true): .entered
        case (true, true): .updated
        case (true, false): record.action == .deleted ? .deleted : .left
        }
    }

    /// What the records in `range` did to the set of `filter`, by looking at every one.
    func changes(
        of filter: Filter, in range: Range<Offset>
    ) -> [(offset: Offset, change: SetChange)] {
        (range.lowerBound.rawValue..<range.upperBound.rawValue).compactMap { number in
            let offset = Offset(number)
            return self.change(of: filter, at: offset).map { (offset, $0) }
        }
    }

    /// What the records in `range` did to the set of `filter` in all: of each instance the last record, and
    /// whether the instance was in the set before the range and is in it afterwards.
    func netChanges(
        of filter: Filter, in range: Range<Offset>
    ) -> [(offset: Offset, change: SetChange)] {
        var wasIn: [Instance: Bool] = [:]
        var last: [Instance: (offset: Offset, change: SetChange)] = [:]
        for (offset, change) in self.changes(of: filter, in: range) {
            guard let record = self[offset] else { continue }
            let instance = Instance(model: record.model, key: record.key.text)
            wasIn[instance] = wasIn[instance] ?? (change != .entered)
            last[instance] = (offset, change)
        }
        return last.compactMap { instance, found in
            let isIn = found.change == .entered || found.change == .updated
            return switch (wasIn[instance] ?? false, isIn) {
            case (false, false): nil
            case (false, true): (found.offset, .entered)
            case (true, true): (found.offset, .updated)
            case (true, false): found
            }
        }.sorted { $0.offset < $1.offset }
    }

    /// The instances that are in the set of `filter` before the record `end`: their last records there.
    func snapshot(of filter: Filter, at end: Offset) -> [(offset: Offset, change: SetChange)] {
        self.netChanges(of: filter, in: .zero..<end).compactMap { offset, change in
            change == .entered || change == .updated ? (offset, .entered) : nil
        }
    }

    /// Whether all conditions of `filter` hold for what `entries` say; without conditions, whether there are any.
    private static func holds(_ filter: Filter, for entries: [Entry]) -> Bool {
        guard !filter.conditions.isEmpty else { return !entries.isEmpty }
        return filter.conditions.allSatisfy { condition in
            entries.contains { entry in
                entry.group.property == condition.property
                    && Self.holds(condition.test, for: entry.value)
            }
        }
    }

    /// The few kinds of values that are submitted here are compared the simple way.
    private static func holds(_ test: Condition.Test, for value: Scalar) -> Bool {
        switch test {
        case .isIn(let values): values.contains { $0.isSameGroupValue(as: value) }
        case .isNot(let values): !values.contains { $0.isSameGroupValue(as: value) }
        case .hasPrefix(let text):
            value.kind == .string && value.text.string.hasPrefix(text.string)
        case .order(let order, let bound):
            if value.kind == .number, bound.kind == .number, let left = Int(value.text.string),
                let right = Int(bound.text.string)
            {
                switch order {
                case .less: left < right
                case .atMost: left <= right
                case .greater: left > right
                case .atLeast: left >= right
                }
            } else {
                false
            }
        }
    }

    /// The record at `offset`, if it was submitted.
    subscript(offset: Offset) -> Record? {
        offset < self.end ? self.records[Int(offset.rawValue)] : nil
    }
}
