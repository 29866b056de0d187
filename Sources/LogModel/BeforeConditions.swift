/// What has to hold of instances as they are before a change of them, for the change to be appended.
public struct BeforeConditions: Hashable, Sendable {
    /// For each model of which something is asked: all conditions of one of these have to hold. None is never.
    public let alternatives: [Text: [[Condition]]]

    /// Creates conditions. Nil if `alternatives` ask nothing.
    public init?(_ alternatives: [Text: [[Condition]]]) {
        let asking = alternatives.filter { !$0.value.contains([]) }
        guard !asking.isEmpty else { return nil }
        self.alternatives = asking
    }

    /// Whether a change of an instance of `model` is allowed, of which `value` says the value of a property; nil if
    /// that is not known.
    public func allow(_ model: Text, _ value: (Text) -> Scalar?) -> Bool {
        guard let alternatives = self.alternatives[model] else { return true }
        return alternatives.contains { conditions in conditions.allSatisfy { $0.admits(value) } }
    }
}

extension Condition {
    /// Whether a rule's condition holds of an instance, of which `value` says the value of a property. What is not known
    /// admits nobody, nor does a test that no rule has.
    public func admits(_ value: (Text) -> Scalar?) -> Bool {
        guard let value = value(self.property) else { return false }
        return switch self.test {
        case .isIn(let values): values.contains { $0.isSameGroupValue(as: value) }
        case .isNot(let values): !values.contains { $0.isSameGroupValue(as: value) }
        case .order, .hasPrefix: false
        }
    }
}
