package import LogFormat
package import LogModel

/// A filter made ready for a log: with the hashes that the log's records carry.
package struct Predicate: Sendable {
    /// The filter.
    package let filter: Filter
    /// How records are found.
    package let plan: FilterPlan
    /// The hashes of the groups by which records are found: whatever concerns the filter carries at least one.
    package let driver: [UInt64]

    /// Makes `filter` ready.
    ///
    /// - Parameter rarity: about how many records carry a group with this hash. Asked only where there is a
    ///   choice.
    package init(_ filter: Filter, hasher: GroupHasher, rarity: (UInt64) -> Int = { _ in 0 }) {
        self.filter = filter
        var best: (hashes: [UInt64], count: Int)?
        let indexed = filter.conditions.filter { if case .isIn = $0.test { true } else { false } }
        for condition in indexed {
            guard case .isIn(let values) = condition.test else { continue }
            let hashes = values.map {
                hasher.groupHash(
                    GroupKey(model: filter.model, property: condition.property, value: $0))
            }
            let count = indexed.count == 1 ? 0 : hashes.reduce(0) { $0 + rarity($1) }
            if count < best?.count ?? .max { best = (hashes, count) }
        }
        self.driver = best?.hashes ?? [hasher.groupHash(GroupKey(model: filter.model))]
        self.plan =
            filter.group != nil ? .group : best == nil ? .scan : .residual
    }

    /// What `record` did to the set of instances that the filter wants; nil if it is no concern of theirs.
    package func change(by record: borrowing RecordView) -> SetChange? {
        guard record.model.isEqual(to: self.filter.model.bytes.span.bytes) else { return nil }
        var wasIn = true
        var isIn = true
        if self.filter.conditions.isEmpty {
            (wasIn, isIn) = Self.sides(of: record) { $0.propertyIsEmpty(of: $1) }
        }
        for condition in self.filter.conditions {
            let (before, after) = Self.sides(of: record) { record, entry in
                record.property(of: entry).isEqual(to: condition.property.bytes.span.bytes)
                    && condition.holds(for: entry.valueKind, record.value(of: entry))
            }
            wasIn = wasIn && before
            isIn = isIn && after
        }
        return SetChange(wasIn: wasIn, isIn: isIn, action: record.action)
    }

    private static func sides(
        of record: borrowing RecordView,
        where holds: (borrowing RecordView, GroupEntry) -> Bool
    ) -> (Bool, Bool) {
        var (before, after) = (false, false)
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            guard holds(record, entry) else { continue }
            if entry.membership != .entered { before = true }
            if entry.membership != .left { after = true }
        }
        return (before, after)
    }
}

extension RecordView {
    fileprivate func propertyIsEmpty(of entry: GroupEntry) -> Bool { entry.isModelGroup }
}

extension Condition {
    fileprivate func holds(for kind: Scalar.Kind, _ text: RawSpan) -> Bool {
        switch self.test {
        case .isIn(let values):
            values.contains {
                ($0.kind == .null) == (kind == .null)
                    && text.isEqual(to: $0.text.bytes.span.bytes)
            }
        case .isNot(let values):
            !values.contains {
                ($0.kind == .null) == (kind == .null)
                    && text.isEqual(to: $0.text.bytes.span.bytes)
            }
        case .order(let order, let bound):
            if kind == .number, let l = Int(String(decoding: text.copy2(), as: UTF8.self)), let r = Int(bound.text.string) {
                switch order { case .less: l < r; case .atMost: l <= r; case .greater: l > r; case .atLeast: l >= r }
            } else { false }
        case .hasPrefix(let prefix): kind == .string && Array(text.copy2().prefix(prefix.bytes.count)) == prefix.bytes
        }
    }
}

extension RawSpan { fileprivate func copy2() -> [UInt8] { (0..<self.byteCount).map { self.unsafeLoad(fromByteOffset: $0, as: UInt8.self) } } }
