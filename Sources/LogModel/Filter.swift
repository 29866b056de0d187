/// What a subscription asks for: the instances of a model for which all conditions hold.
///
/// Conditions are about the groups that records carry, so that the log itself says for each record whether its
/// instance fulfilled the filter before and does after. A property that is not a group of an instance
/// (because the instance does not have it, or its value is too long) fulfils no condition, `isNot` included.
package struct Filter: Hashable, Sendable {
    /// The model's label.
    package let model: Text
    /// All must hold. In a canonical order, so that filters that mean the same by the same words are equal.
    package let conditions: [Condition]

    /// Creates the filter for the instances of `model` for which all `conditions` hold.
    package init(model: Text, conditions: [Condition] = []) {
        self.model = model
        self.conditions = conditions.sorted { $0.precedes($1) }
    }

    /// Creates the filter for the instances in one group.
    package init(group: GroupKey) {
        let isModelGroup = group.property.bytes.isEmpty
        self.init(
            model: group.model,
            conditions: isModelGroup
                ? [] : [Condition(property: group.property, test: .isIn([group.value]))])
    }

    /// The group that holds exactly the instances that the filter wants, if there is one.
    package var group: GroupKey? {
        guard let condition = self.conditions.first else { return GroupKey(model: self.model) }
        guard self.conditions.count == 1, case .isIn(let values) = condition.test,
            values.count == 1
        else { return nil }
        return GroupKey(model: self.model, property: condition.property, value: values[0])
    }
}

/// What must hold for one property of an instance.
package struct Condition: Hashable, Sendable {
    /// How two values are compared: numbers by their value, strings by their bytes. A number is never compared
    /// with a string, and `null`, `true` and `false` have no order.
    package enum Order: String, Hashable, Sendable, CaseIterable {
        case less = "<"
        case atMost = "<="
        case greater = ">"
        case atLeast = ">="
    }

    /// What the value must be.
    package enum Test: Hashable, Sendable {
        /// One of these, at least one. The only test that an index answers.
        case isIn([Scalar])
        /// None of these, at least one.
        case isNot([Scalar])
        /// In this order to a number or a string.
        case order(Order, Scalar)
        /// A string that begins with these bytes, not none.
        case hasPrefix(Text)
    }

    /// The property's name; not empty.
    package let property: Text
    /// What its value must be.
    package let test: Test

    /// Creates a condition. The values of a list are put in order, and those that are the same group value
    /// become one.
    package init(property: Text, test: Test) {
        self.property = property
        switch test {
        case .isIn(let values): self.test = .isIn(Self.canonical(values))
        case .isNot(let values): self.test = .isNot(Self.canonical(values))
        case .order, .hasPrefix: self.test = test
        }
    }

    private static func canonical(_ values: [Scalar]) -> [Scalar] {
        var distinct: [Scalar] = []
        for value in values where !distinct.contains(where: { $0.isSameGroupValue(as: value) }) {
            distinct.append(value)
        }
        return distinct.sorted { $0.precedes($1) }
    }

    fileprivate func precedes(_ other: Condition) -> Bool {
        if self.property != other.property {
            return self.property.bytes.lexicographicallyPrecedes(other.property.bytes)
        }
        return self.test.rank.lexicographicallyPrecedes(other.test.rank)
    }
}

extension Condition.Test {
    /// Bytes that put tests of one property in an order; what order does not matter.
    fileprivate var rank: [UInt8] {
        switch self {
        case .isIn(let values): [0] + values.flatMap { $0.text.bytes + [0] }
        case .isNot(let values): [1] + values.flatMap { $0.text.bytes + [0] }
        case .order(let order, let value): [2] + Array(order.rawValue.utf8) + value.text.bytes
        case .hasPrefix(let text): [3] + text.bytes
        }
    }
}

extension Scalar {
    fileprivate func precedes(_ other: Scalar) -> Bool {
        if self.text != other.text {
            return self.text.bytes.lexicographicallyPrecedes(other.text.bytes)
        }
        return self.kind.rawValue < other.kind.rawValue
    }
}

/// How a filter is answered, which its subscriber is told.
package enum FilterPlan: String, Hashable, Sendable, CaseIterable {
    /// By one group: an index finds exactly what is wanted.
    case group
    /// By the groups of one condition, and a look at the other conditions for each record that they find.
    case residual
    /// By a look at every record of the model: no condition can be found in an index.
    case scan
}
