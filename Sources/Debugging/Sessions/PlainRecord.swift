import LogFormat
import LogModel

/// A record as plain values, for a judge that shares no code with the matcher.
struct PlainRecord {
    /// A group that the record carries.
    struct Group {
        let property: Text
        let value: Scalar
        let wasIn: Bool
        let isIn: Bool

        func isOn(_ side: Side) -> Bool { side == .before ? self.wasIn : self.isIn }
    }

    let offset: Offset
    let action: Action
    let model: Text
    let key: Scalar
    let groups: [Group]
    /// The instance as minified JSON, if it was asked for.
    let instance: [UInt8]
    /// The further renderings, with their names, if they were asked for.
    let renderings: [(name: Text, json: [UInt8])]

    /// - Parameter hasContent: whether the instance and its renderings are wanted, which are most of a record.
    init(_ record: borrowing RecordView, hasContent: Bool) {
        self.offset = record.offset
        self.action = record.action
        self.model = Text(bytes: record.model.copy())
        self.key = Scalar(kind: record.keyKind, text: Text(bytes: record.key.copy()))
        self.instance = hasContent ? record.instance.copy() : []
        var groups: [Group] = []
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            groups.append(
                Group(
                    property: Text(bytes: record.property(of: entry).copy()),
                    value: Scalar(
                        kind: entry.valueKind, text: Text(bytes: record.value(of: entry).copy())),
                    wasIn: entry.membership != .entered, isIn: entry.membership != .left))
        }
        self.groups = groups
        var renderings: [(name: Text, json: [UInt8])] = []
        for index in 0..<(hasContent ? record.viewCount : 0) {
            let entry = record.view(index)
            renderings.append(
                (Text(bytes: record.name(of: entry).copy()), record.json(of: entry).copy()))
        }
        self.renderings = renderings
    }

    // MARK: - What it is to a filter

    /// A side of the record.
    enum Side {
        case before, after
    }

    /// What the record did to the set of `filter`, group by group and condition by condition; nil if nothing.
    func change(of filter: PlainFilter) -> SetChange? {
        guard self.model == filter.model else { return nil }
        switch (self.isIn(filter, .before), self.isIn(filter, .after)) {
        case (false, false): return nil
        case (false, true): return .entered
        case (true, true): return .updated
        case (true, false): return self.action == .deleted ? .deleted : .left
        }
    }

    /// Whether the instance is in the set of `filter`, which is of the record's model.
    private func isIn(_ filter: PlainFilter, _ side: Side) -> Bool {
        // Where nothing is asked of a property, the group of the model says whether there is an instance.
        self.groups.contains {
            (!filter.conditions.isEmpty || $0.property.bytes.isEmpty) && $0.isOn(side)
        } && self.fulfils(filter.conditions, side)
            && filter.ways.contains { self.fulfils($0, side) }
    }

    /// The first clause of a sight that admits the instance.
    func clause(of sight: Sight, _ side: Side) -> Sight.Clause? {
        sight.clauses.first { clause in
            clause.alternatives.contains { self.fulfils($0, side) }
        }
    }

    private func fulfils(_ conditions: [Condition], _ side: Side) -> Bool {
        conditions.allSatisfy { condition in
            self.groups.contains {
                $0.isOn(side) && $0.property == condition.property
                    && condition.test.isFulfilled(by: $0.value)
            }
        }
    }
}

/// A filter, taken apart for a judge that looks at every record.
struct PlainFilter {
    let model: Text
    /// All must hold.
    let conditions: [Condition]
    /// And all of one of these.
    let ways: [[Condition]]

    init(_ filter: Filter) {
        self.model = filter.model
        self.conditions = filter.conditions
        self.ways = filter.sight.clauses.flatMap(\.alternatives)
    }
}
