/// What must hold for one property of an instance.
public struct Condition: Hashable, Sendable {
    /// How two values are compared: numbers by their value, strings by their bytes. A number is never compared
    /// with a string, and `null`, `true` and `false` have no order.
    public enum Order: String, Hashable, Sendable, CaseIterable {
        case less = "<"
        case atMost = "<="
        case greater = ">"
        case atLeast = ">="
    }

    /// What the value must be.
    public enum Test: Hashable, Sendable {
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
    public let property: Text
    /// What its value must be.
    public let test: Test

    /// Creates a condition. The values of a list are put in order, and those that are the same group value
    /// become one.
    public init(property: Text, test: Test) {
        self.property = property
        switch test {
        case .isIn(let values): self.test = .isIn(Self.canonical(values))
        case .isNot(let values): self.test = .isNot(Self.canonical(values))
        case .order, .hasPrefix: self.test = test
        }
    }

    private static func canonical(_ values: [Scalar]) -> [Scalar] {
        guard values.count > 1 else { return values }
        var distinct = values.sorted { $0.isOrdered(before: $1) }
        distinct.removeRepeated { $0.isSameGroupValue(as: $1) }
        return distinct
    }
}

// The order of conditions: total, so that a filter's conditions come in one order, and without a meaning.

extension Condition: Comparable {
    /// By property, then by what must hold of it.
    public static func < (left: Condition, right: Condition) -> Bool {
        if left.property != right.property {
            return left.property.bytes.lexicographicallyPrecedes(right.property.bytes)
        }
        return left.test.isOrdered(before: right.test)
    }
}

extension Condition.Test {
    private var rank: Int {
        switch self {
        case .isIn: 0
        case .isNot: 1
        case .order(.less, _): 2
        case .order(.atMost, _): 3
        case .order(.greater, _): 4
        case .order(.atLeast, _): 5
        case .hasPrefix: 6
        }
    }

    fileprivate func isOrdered(before other: Self) -> Bool {
        switch (self, other) {
        case (.isIn(let own), .isIn(let others)), (.isNot(let own), .isNot(let others)):
            own.lexicographicallyPrecedes(others) { $0.isOrdered(before: $1) }
        case (.order(let own, let value), .order(let other, let otherValue)) where own == other:
            value.isOrdered(before: otherValue)
        case (.hasPrefix(let own), .hasPrefix(let other)):
            own.bytes.lexicographicallyPrecedes(other.bytes)
        default: self.rank < other.rank
        }
    }
}

extension Scalar {
    /// `null` first: so values that are the same group value come together.
    fileprivate func isOrdered(before other: Scalar) -> Bool {
        if (self.kind == .null) != (other.kind == .null) { return self.kind == .null }
        if self.text != other.text {
            return self.text.bytes.lexicographicallyPrecedes(other.text.bytes)
        }
        return self.kind.rawValue < other.kind.rawValue
    }
}

extension Array {
    /// Keeps the first of elements next to each other that are the same.
    mutating func removeRepeated(_ isSame: (Element, Element) -> Bool) {
        guard self.count > 1 else { return }
        var kept: [Element] = []
        kept.reserveCapacity(self.count)
        for element in self {
            if let last = kept.last, isSame(last, element) { continue }
            kept.append(element)
        }
        self = kept
    }
}
