import LogFormat
import LogModel

/// A record as plain values, for a judge that shares no code with the matcher.
struct PlainRecord {
    let offset: Offset
    let action: Action
    let key: Scalar
    /// Its model, and the groups that it carries.
    let values: RecordValues
    /// The instance as minified JSON, if it was asked for.
    let instance: [UInt8]
    /// The further renderings, with their names, if they were asked for.
    let renderings: [(name: Text, json: [UInt8])]

    /// - Parameter hasContent: whether the instance and its renderings are wanted, which are most of a record.
    init(_ record: borrowing RecordView, hasContent: Bool) {
        self.offset = record.offset
        self.action = record.action
        self.key = Scalar(kind: record.keyKind, text: Text(bytes: record.key.copy()))
        self.values = RecordValues(record)
        self.instance = hasContent ? record.instance.copy() : []
        var renderings: [(name: Text, json: [UInt8])] = []
        for index in 0..<(hasContent ? record.viewCount : 0) {
            let entry = record.view(index)
            renderings.append(
                (Text(bytes: record.name(of: entry).copy()), record.json(of: entry).copy()))
        }
        self.renderings = renderings
    }

    // MARK: - What it is to a filter

    /// What the record did to the set of `filter`, group by group and condition by condition; nil if nothing.
    func change(of filter: PlainFilter) -> SetChange? {
        guard self.values.model == filter.model else { return nil }
        switch (self.isIn(filter, .before), self.isIn(filter, .after)) {
        case (false, false): return nil
        case (false, true): return .entered
        case (true, true): return .updated
        case (true, false): return self.action == .deleted ? .deleted : .left
        }
    }

    /// Whether the instance is in the set of `filter`, which is of the record's model.
    private func isIn(_ filter: PlainFilter, _ side: RecordSide) -> Bool {
        // A condition holds of an instance that exists; where there is none, that has to be asked for itself.
        (!filter.conditions.isEmpty || self.values.exists(side))
            && self.values.fulfil(filter.conditions, side)
            && filter.ways.contains { self.values.fulfil($0, side) }
    }

    /// The first clause of a sight that admits the instance.
    func clause(of sight: Sight, _ side: RecordSide) -> Sight.Clause? {
        sight.clauses.first { clause in
            clause.alternatives.contains { self.values.fulfil($0, side) }
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
