package import LogModel

extension Rule {
    /// What is left of the rule when all is filled in that is known of `principal`: the conditions of an instance under
    /// which it admits them. All of one of these have to hold: none is never, an empty one always.
    ///
    /// A property whose value nobody knows fulfils neither a condition nor its opposite, and so does one that is
    /// compared with a claim that the principal does not have: what is not known admits nobody.
    package func alternatives(for principal: Principal) -> [[Condition]] {
        self.alternatives(for: principal, isNegated: false)
    }

    private func alternatives(for principal: Principal, isNegated: Bool) -> [[Condition]] {
        switch self {
        case .everyone: return Self.constant(!isNegated)
        case .authenticated: return Self.constant(principal.isAuthenticated != isNegated)
        case .staff: return Self.constant(principal.isStaff != isNegated)
        case .scope(let scope):
            return Self.constant(principal.scopes.contains(scope) != isNegated)
        case .claim(let name, let value):
            let holds =
                if case .scalar(let own) = principal.claim(name) {
                    own.isSameGroupValue(as: value)
                } else { false }
            return Self.constant(holds != isNegated)
        case .claimContains(let name, let value):
            let holds =
                principal.claim(name)?.values.contains { $0.isSameGroupValue(as: value) } ?? false
            return Self.constant(holds != isNegated)
        case .property(let property, let name):
            guard case .scalar(let value) = principal.claim(name), value.kind != .null else {
                return []
            }
            return Self.condition(property, [value], isNegated)
        case .member(let property, let name):
            guard let claim = principal.claim(name) else { return [] }
            let values = claim.values.filter { $0.kind != .null }
            guard !values.isEmpty else { return Self.constant(isNegated) }
            return Self.condition(property, values, isNegated)
        case .all(let rules):
            return isNegated
                ? Self.union(rules, principal, isNegated)
                : Self.product(rules, principal, isNegated)
        case .any(let rules):
            return isNegated
                ? Self.product(rules, principal, isNegated)
                : Self.union(rules, principal, isNegated)
        case .not(let rule):
            return rule.alternatives(for: principal, isNegated: !isNegated)
        }
    }

    private static func constant(_ holds: Bool) -> [[Condition]] { holds ? [[]] : [] }

    private static func condition(
        _ property: Text, _ values: [Scalar], _ isNegated: Bool
    ) -> [[Condition]] {
        [[Condition(property: property, test: isNegated ? .isNot(values) : .isIn(values))]]
    }

    private static func union(
        _ rules: [Rule], _ principal: Principal, _ isNegated: Bool
    ) -> [[Condition]] {
        var result: [[Condition]] = []
        for rule in rules {
            let more = rule.alternatives(for: principal, isNegated: isNegated)
            if more == [[]] { return more }
            for alternative in more where !result.contains(alternative) {
                result.append(alternative)
            }
        }
        return result
    }

    private static func product(
        _ rules: [Rule], _ principal: Principal, _ isNegated: Bool
    ) -> [[Condition]] {
        var result: [[Condition]] = [[]]
        for rule in rules {
            let factors = rule.alternatives(for: principal, isNegated: isNegated)
            var next: [[Condition]] = []
            for left in result {
                for right in factors {
                    // In one order and each once, so that what means the same is the same.
                    let both = Filter(model: "", conditions: left + right).conditions
                    if !next.contains(both) { next.append(both) }
                }
            }
            result = next.contains([]) ? [[]] : next
            if result.isEmpty { return result }
        }
        return result
    }
}

extension Principal {
    /// A claim by name; `sub` is the subject. What is granted counts among the values of a claim that the principal
    /// brings.
    func claim(_ name: String) -> Claim? {
        let own =
            self.claims[name]
            ?? (name == "sub" && !self.subject.isEmpty ? .scalar(.string(self.subject)) : nil)
        guard let granted = self.granted[name] else { return own }
        return .list((own?.values ?? []) + granted)
    }
}
