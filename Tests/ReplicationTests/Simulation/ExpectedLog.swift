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
        let isLastOfBatch: Bool
    }

    /// An instance: `1` and `"1"` are the same key.
    private struct Instance: Hashable {
        let model: Text
        let key: Text
    }

    private(set) var records: [Record] = []
    private var alive: [Instance: [(group: Group, value: Scalar)]] = [:]

    /// The offset after the last record.
    var end: Offset { Offset(UInt64(self.records.count)) }

    /// Notes what a change of an instance does.
    mutating func append(
        _ action: Action, _ model: Text, key: Scalar, groups: [(Text, Scalar)], instance: String,
        isLastOfBatch: Bool
    ) {
        let name = Instance(model: model, key: key.text)
        let before = self.alive[name]
        let own =
            [(Group(model, "", .null), Scalar.null)] + groups.map { (Group(model, $0, $1), $1) }
        var entries: [Entry] = []
        if action == .deleted {
            for (group, value) in before ?? own {
                entries.append(Entry(group: group, value: value, membership: .left))
            }
            self.alive[name] = nil
        } else {
            for (group, value) in own {
                let wasIn = before?.contains { $0.group == group } ?? false
                entries.append(
                    Entry(group: group, value: value, membership: wasIn ? .stayed : .entered))
            }
            for (group, value) in before ?? [] where !own.contains(where: { $0.0 == group }) {
                entries.append(Entry(group: group, value: value, membership: .left))
            }
            self.alive[name] = own
        }
        self.records.append(
            Record(
                action: action, model: model, key: key, instance: instance, entries: entries,
                isLastOfBatch: isLastOfBatch))
    }

    /// Forgets the records from `end` on, which were lost before anybody saw them.
    mutating func cut(to end: Offset) {
        let kept = self.records.prefix(Int(end.rawValue))
        self.records = []
        self.alive = [:]
        for record in kept {
            // A record's own groups are those that it does not only mention because they were left.
            let groups = record.entries.filter {
                $0.membership != .left || record.action == .deleted
            }
            self.append(
                record.action, record.model, key: record.key,
                groups: groups.dropFirst().map { ($0.group.property, $0.value) },
                instance: record.instance, isLastOfBatch: record.isLastOfBatch)
        }
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
