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

    /// Creates the filter for the instances of `model` for which all `conditions` hold.
    public init(model: Text, conditions: [Condition] = []) {
        self.model = model
        var distinct = conditions.count < 2 ? conditions : conditions.sorted { $0 < $1 }
        distinct.removeRepeated { $0 == $1 }
        self.conditions = distinct
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
