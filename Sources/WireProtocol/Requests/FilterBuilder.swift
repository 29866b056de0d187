import LogModel

/// Collects the conditions of a request, and refuses those that cannot be.
struct FilterBuilder {
    private let limits: RequestLimits
    private let rules: ModelRules
    private var conditions: [Condition] = []
    private var valueCount = 0

    /// - Parameter rules: what is configured of models, whose aliases stand for properties.
    init(limits: RequestLimits, rules: ModelRules = .none) {
        self.limits = limits
        self.rules = rules
    }

    /// The filter for the instances of `model` for which all conditions hold.
    func filter(of model: Text) throws(RequestError) -> Filter {
        guard let rules = self.rules[model], !rules.aliases.isEmpty else {
            return Filter(model: model, conditions: self.conditions)
        }
        // Only with the model is it known what a name stands for, and two names may stand for one property.
        var resolved = FilterBuilder(limits: self.limits)
        for condition in self.conditions {
            do throws(RequestError) {
                try resolved.add(rules.property(condition.property), condition.test, by: "")
            } catch {
                // Whoever may not see the model must not learn by this what its aliases are.
                throw .forbidden
            }
        }
        return Filter(model: model, conditions: resolved.conditions)
    }

    /// Adds the condition that `property` passes `test`.
    ///
    /// - Parameter name: the test's operator, as the client writes it.
    mutating func add(
        _ property: Text, _ test: Condition.Test, by name: String
    ) throws(RequestError) {
        try self.checkProperty(property)
        let property = (text: property, excerpt: RequestError.excerpt(property.string))
        try self.checkShape(of: test, property.excerpt, name)
        self.valueCount += test.texts.count
        guard self.valueCount <= self.limits.valueCountMax else {
            throw .tooLarge("there are more than \(self.limits.valueCountMax) values")
        }
        guard test.texts.allSatisfy({ $0.bytes.count <= self.limits.valueBytesMax }) else {
            throw .tooLarge(
                "a value for \(property.excerpt) has more than \(self.limits.valueBytesMax) bytes; "
                    + "the log keeps no groups for such values")
        }
        var condition = Condition(property: property.text, test: test)
        if let place = self.conditions.firstIndex(where: { condition.isSameKind(as: $0) }) {
            guard case .isNot(let first) = self.conditions[place].test, case .isNot(let more) = test
            else {
                throw .invalidFilter(
                    "\(property.excerpt) has \(name) twice; as all conditions hold, one is enough, "
                        + "and for one of several values there is \"in\"")
            }
            condition = Condition(property: property.text, test: .isNot(first + more))
            self.conditions.remove(at: place)
        }
        self.conditions.append(condition)
        guard self.conditions.count <= self.limits.conditionCountMax else {
            throw .tooLarge("there are more than \(self.limits.conditionCountMax) conditions")
        }
    }

    private func checkProperty(_ property: Text) throws(RequestError) {
        guard !property.bytes.isEmpty else {
            throw .invalidFilter("a condition is for a property, whose name is not empty")
        }
        guard property.bytes.count <= self.limits.propertyBytesMax else {
            throw .tooLarge(
                "the property \(RequestError.excerpt(property.string)) has more than "
                    + "\(self.limits.propertyBytesMax) bytes; the log keeps no groups for such "
                    + "properties")
        }
    }

    private func checkShape(
        of test: Condition.Test, _ property: String, _ name: String
    ) throws(RequestError) {
        switch test {
        case .isIn(let values), .isNot(let values):
            guard !values.isEmpty else {
                throw .invalidFilter("\(name) for \(property) takes at least one value")
            }
        case .order(_, let value):
            guard value.kind == .number || value.kind == .string else {
                throw .invalidFilter(
                    "\(name) for \(property) takes a number or a string; null, true and false "
                        + "have no order")
            }
        case .hasPrefix(let text):
            guard !text.bytes.isEmpty else {
                throw .invalidFilter("\(name) for \(property) takes a string that is not empty")
            }
        }
    }
}

extension Condition {
    /// Whether both ask the same of the same property, with whatever values.
    fileprivate func isSameKind(as other: Condition) -> Bool {
        guard self.property == other.property else { return false }
        return switch (self.test, other.test) {
        case (.isIn, .isIn), (.isNot, .isNot), (.hasPrefix, .hasPrefix): true
        case (.order(let order, _), .order(let otherOrder, _)): order == otherOrder
        default: false
        }
    }
}

extension Condition.Test {
    /// The text of each value.
    fileprivate var texts: [Text] {
        switch self {
        case .isIn(let values), .isNot(let values): values.map(\.text)
        case .order(_, let value): [value.text]
        case .hasPrefix(let text): [text]
        }
    }
}

extension RequestError {
    /// What whoever may not ask is answered, whatever the reason.
    static let forbidden = RequestError(
        code: .forbidden, member: "where", message: Livelog1Error.forbiddenMessage)

    /// A condition that cannot be.
    static func invalidFilter(_ message: String) -> RequestError {
        RequestError(code: .invalidFilter, member: "where", message: "where: " + message)
    }

    fileprivate static func tooLarge(_ message: String) -> RequestError {
        RequestError(code: .filterTooLarge, member: "where", message: "where: " + message)
    }
}
