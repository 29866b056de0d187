/// What a subscription asks for: the instances of a model for which all conditions hold.
///
/// Conditions are about the groups that records carry, so that the log itself says for each record whether its
/// instance fulfilled the filter before and does after. A property that is not a group of an instance
/// (because the instance does not have it, or its value is too long) fulfils no condition, `isNot` included.
public struct Filter: Hashable, Sendable {
    /// The model's label.
    public let model: Text
    /// All must hold. Each once and in a canonical order, so that filters that mean the same by the same words
    /// are equal.
    public let conditions: [Condition]
    /// What whoever asks may see. Part of the filter, so that nothing that is kept by filter is given to a reader of
    /// another sight.
    public let sight: Sight

    /// Creates the filter for the instances of `model` for which all `conditions` hold, as far as `sight` goes.
    public init(model: Text, conditions: [Condition] = [], sight: Sight = .everything) {
        self.model = model
        self.conditions = Self.canonical(conditions)
        self.sight = sight
    }

    /// The same, as far as `sight` goes.
    public func seen(by sight: Sight) -> Filter {
        Filter(model: self.model, conditions: self.conditions, sight: sight)
    }

    /// All that must hold besides what a sight with a choice asks for: ``conditions``, and those of a sight that has
    /// one way to see an instance.
    public var conjunction: [Condition] {
        let alternatives = self.sight.alternatives
        return alternatives.count == 1
            ? Self.canonical(self.conditions + alternatives[0]) : self.conditions
    }

    /// The ways to see an instance, of which one must hold besides ``conjunction``; nil if there is no choice.
    public var choice: [[Condition]]? {
        let alternatives = self.sight.alternatives
        return alternatives.count == 1 ? nil : alternatives
    }

    private static func canonical(_ conditions: [Condition]) -> [Condition] {
        var distinct = conditions.count < 2 ? conditions : conditions.sorted { $0 < $1 }
        distinct.removeRepeated { $0 == $1 }
        return distinct
    }

    /// Creates the filter for the instances in one group.
    public init(group: GroupKey) {
        let isModelGroup = group.property.bytes.isEmpty
        self.init(
            model: group.model,
            conditions: isModelGroup
                ? [] : [Condition(property: group.property, test: .isIn([group.value]))])
    }

    /// The group that holds exactly the instances that the filter wants, if there is one.
    public var group: GroupKey? {
        self.sight.isUnconditional ? self.requestedGroup : nil
    }

    /// The group that holds exactly the instances that are asked for, seen or not, if there is one.
    public var requestedGroup: GroupKey? {
        guard let condition = self.conditions.first else { return GroupKey(model: self.model) }
        guard self.conditions.count == 1, case .isIn(let values) = condition.test,
            values.count == 1
        else { return nil }
        return GroupKey(model: self.model, property: condition.property, value: values[0])
    }
}

/// How a filter is answered, which its subscriber is told.
public enum FilterPlan: String, Hashable, Sendable, CaseIterable {
    /// By one group: an index finds exactly what is wanted.
    case group
    /// By the groups of one condition, and a look at the other conditions for each record that they find.
    case residual
    /// By a look at every record of the model: no condition can be found in an index.
    case scan
}
