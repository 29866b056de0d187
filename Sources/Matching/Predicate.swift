package import LogFormat
package import LogModel

/// A filter made ready for a log: with the hashes that the log's records carry.
package struct Predicate: Sendable {
    /// The filter.
    package let filter: Filter
    /// How records are found.
    package let plan: FilterPlan
    /// The hashes of the groups by which records are found, each once: whatever concerns the filter carries at
    /// least one.
    package let driver: [UInt64]
    /// The filter's ``FilterProgram``.
    let program: [UInt64]
    /// The view by which everything is seen; nil if that depends on the instance.
    package let onlyView: View?
    /// Whether what is seen depends on what the application says: then ``verdict(on:by:)`` says it, and
    /// ``change(by:)`` only what it would be if the application allowed everything.
    package let hasQuestions: Bool
    /// For each clause of the filter's sight, if it matters which one admits an instance, the program of the instances
    /// that it admits.
    let clausePrograms: [[UInt64]]

    /// Makes `filter` ready.
    ///
    /// - Parameter rarity: about how many records carry a group with this hash. Asked only where there is a
    ///   choice.
    package init(_ filter: Filter, hasher: GroupHasher, rarity: (UInt64) -> Int = { _ in 0 }) {
        self.init(filter, rarity: rarity) { hasher.groupHash($0) }
    }

    /// Makes `filter` ready for records whose groups have the hashes that `hash` gives.
    package init(
        _ filter: Filter, rarity: (UInt64) -> Int = { _ in 0 },
        hash: @escaping (GroupKey) -> UInt64
    ) {
        self.filter = filter
        let best = Self.driver(of: filter, rarity: rarity, hash: hash)
        self.driver = best?.hashes ?? [hash(GroupKey(model: filter.model))]
        self.plan = filter.group != nil ? .group : best == nil ? .scan : .residual
        self.program = FilterProgram.words(of: filter, driver: best?.condition, hash: hash)
        self.onlyView = filter.sight.onlyView
        self.hasQuestions = filter.sight.hasQuestions
        self.clausePrograms =
            filter.sight.clauses.count < 2 && !self.hasQuestions
            ? []
            : filter.sight.clauses.map { clause in
                let admitted = Filter(model: filter.model, sight: Sight([clause]))
                return FilterProgram.words(of: admitted, driver: nil, hash: hash)
            }
    }

    /// What is seen of `record`, which did `change` to the set: by the instance after it, or before it if it is no
    /// longer in the set. To be asked if nobody else is.
    package func view(of record: borrowing RecordView, _ change: SetChange) -> View {
        if let onlyView { return onlyView }
        let isBefore = change == .left || change == .deleted
        for (place, program) in self.clausePrograms.enumerated() {
            let sides = FilterProgram.sides(of: record, program.span.bytes, at: 0)
            if isBefore ? sides?.wasIn == true : sides?.isIn == true {
                return self.filter.sight.clauses[place].view
            }
        }
        return .nothing
    }

    /// What `record` did to the set of instances that the filter wants; nil if it is no concern of theirs.
    ///
    /// It is known from the record alone: of each group it says whether the instance was in it before and is in
    /// it after. A value has one type in a record, so where a producer changes only the type, `1` to `"1"`, a
    /// comparison judges both sides by the new one.
    package func change(by record: borrowing RecordView) -> SetChange? {
        guard
            let (wasIn, isIn) = FilterProgram.sides(of: record, self.program.span.bytes, at: 0)
        else { return nil }
        return SetChange(wasIn: wasIn, isIn: isIn, action: record.action)
    }

    /// The list of a condition that the fewest records are in, by its hashes; nil if no condition is a list. Conditions
    /// that were asked for come before those of the sight: by the group that finds a record a client of rest-live 1
    /// knows what it asked for.
    private static func driver(
        of filter: Filter, rarity: (UInt64) -> Int, hash: (GroupKey) -> UInt64
    ) -> (condition: Condition, hashes: [UInt64])? {
        self.driver(among: filter.conditions, of: filter.model, rarity: rarity, hash: hash)
            ?? self.driver(among: filter.conjunction, of: filter.model, rarity: rarity, hash: hash)
    }

    private static func driver(
        among conditions: [Condition], of model: Text, rarity: (UInt64) -> Int,
        hash: (GroupKey) -> UInt64
    ) -> (condition: Condition, hashes: [UInt64])? {
        var candidates: [(condition: Condition, hashes: [UInt64])] = []
        for condition in conditions {
            guard case .isIn(let values) = condition.test else { continue }
            var hashes = values.map {
                hash(GroupKey(model: model, property: condition.property, value: $0))
            }
            // A hash that values share is one: postings are read, and subscribers found, by it once.
            var seen: Set<UInt64> = []
            if hashes.count > 1 { hashes.removeAll { !seen.insert($0).inserted } }
            candidates.append((condition, hashes))
        }
        guard candidates.count > 1 else { return candidates.first }
        var best = candidates[0]
        var bestCount = Int.max
        for candidate in candidates {
            var count = 0
            for hash in candidate.hashes {
                let (sum, isOver) = count.addingReportingOverflow(max(0, rarity(hash)))
                count = isOver ? .max : sum
            }
            // Of lists that are as rare the shorter one costs less to follow.
            if count < bestCount
                || (count == bestCount && candidate.hashes.count < best.hashes.count)
            {
                best = candidate
                bestCount = count
            }
        }
        return best
    }
}
