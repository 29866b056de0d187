package import LogModel
package import WireProtocol

/// What is asked: whether something holds of an instance, or of a group as a whole.
package struct BisectQuestion: Hashable, Sendable {
    /// A number that is made of all instances of a group.
    package enum Aggregate: Hashable, Sendable {
        /// How many there are.
        case count
        /// The sum of a property, of those in which it is a number.
        case sum(Text)
        /// The least value of a property, of those in which it is a number.
        case min(Text)
        /// The greatest one.
        case max(Text)
        /// The mean one.
        case average(Text)

        /// Reads `count`, `sum(total)`, `min(…)`, `max(…)` or `avg(…)`. Nil if it is none of these.
        package init?(_ text: String) {
            if text == "count" {
                self = .count
                return
            }
            guard text.hasSuffix(")"), let open = text.firstIndex(of: "(") else { return nil }
            let property = Text(String(text[open...].dropFirst().dropLast()))
            guard !property.bytes.isEmpty else { return nil }
            switch text[..<open] {
            case "sum": self = .sum(property)
            case "min": self = .min(property)
            case "max": self = .max(property)
            case "avg": self = .average(property)
            default: return nil
            }
        }

        /// The property that it is made of; nil for the count.
        package var property: Text? {
            switch self {
            case .count: nil
            case .sum(let property), .min(let property), .max(let property), .average(let property):
                property
            }
        }
    }

    /// The text of the question.
    package let text: String
    /// The condition: of an aggregate, its property is the aggregate's text.
    package let condition: Condition
    /// The aggregate, if the property is the name of one.
    package let aggregate: Aggregate?

    /// Reads `total < 0`, `state = "sent"`, `count > 10`, `sum(total) >= 1000`: a condition as filters have it.
    package init(_ text: String) throws(RequestError) {
        self.text = text
        self.condition = try FilterExpression(text).condition
        self.aggregate = Aggregate(self.condition.property.string)
    }

    /// Whether the condition holds of `value`. Unlike in filters, numbers are equal if their values are.
    ///
    /// What is not there, or no scalar, fulfils nothing.
    package func holds(of value: Scalar?) -> Bool {
        guard let value else { return false }
        switch self.condition.test {
        case .isIn(let values): return values.contains { Self.isEqual($0, value) }
        case .isNot(let values): return !values.contains { Self.isEqual($0, value) }
        case .order, .hasPrefix: return self.condition.test.isFulfilled(by: value)
        }
    }

    private static func isEqual(_ one: Scalar, _ other: Scalar) -> Bool {
        if one.isSameGroupValue(as: other) { return true }
        guard one.kind == .number, other.kind == .number,
            let left = PlainDecimal(one.text.string), let right = PlainDecimal(other.text.string)
        else { return false }
        return left.compare(to: right) == 0
    }
}
