import Access
import LogModel

/// What a rule says of a principal and an instance, found by going through the rule: apart from what the server makes of
/// it, and in words.
struct RuleCheck {
    let principal: Principal

    /// Whether `rule`, or its opposite, admits the principal to the instance that `values` are of, at one side.
    func admits(
        by rule: Rule, _ values: RecordValues, _ side: RecordSide, isNegated: Bool = false
    ) -> Bool {
        func property(_ property: Text, _ wanted: [Scalar]) -> Bool {
            values.values(of: property, side).contains { value in
                wanted.contains { $0.isSameGroupValue(as: value) } != isNegated
            }
        }
        switch rule {
        case .everyone, .authenticated, .staff, .scope, .claim, .claimContains:
            return self.admits(by: rule) != isNegated
        case .property(let name, let claim):
            guard case .scalar(let own) = self.claim(claim), own.kind != .null else { return false }
            return property(name, [own])
        case .member(let name, let claim):
            guard let own = self.claim(claim) else { return false }
            let wanted = own.values.filter { $0.kind != .null }
            return wanted.isEmpty ? isNegated : property(name, wanted)
        case .all(let rules) where !isNegated, .any(let rules) where isNegated:
            return rules.allSatisfy { self.admits(by: $0, values, side, isNegated: isNegated) }
        case .all(let rules), .any(let rules):
            return rules.contains { self.admits(by: $0, values, side, isNegated: isNegated) }
        case .not(let rule): return self.admits(by: rule, values, side, isNegated: !isNegated)
        }
    }

    /// Whether a rule that says nothing of instances, and is made of no others, admits the principal.
    private func admits(by rule: Rule) -> Bool {
        switch rule {
        case .everyone: return true
        case .authenticated: return self.principal.origin != .anonymous
        case .staff: return self.principal.isStaff
        case .scope(let scope): return self.principal.scopes.contains(scope)
        case .claim(let name, let value):
            guard case .scalar(let own) = self.claim(name) else { return false }
            return own.isSameGroupValue(as: value)
        case .claimContains(let name, let value):
            return self.claim(name)?.values.contains { $0.isSameGroupValue(as: value) } ?? false
        case .property, .member, .all, .any, .not: return false
        }
    }

    /// What is known of the principal under `name`, with what the log grants.
    private func claim(_ name: String) -> Claim? {
        var own = self.principal.claims[name]
        if own == nil, name == "sub", !self.principal.subject.isEmpty {
            own = .scalar(.string(self.principal.subject))
        }
        guard let granted = self.principal.granted[name] else { return own }
        return .list((own?.values ?? []) + granted)
    }

    // MARK: - In words

    /// What is known of the principal as far as `rule` asks, a sentence for each of its parts.
    func facts(for rule: Rule) -> [String] {
        var facts: [String] = []
        self.addFacts(for: rule, to: &facts)
        return facts
    }

    private func addFacts(for rule: Rule, to facts: inout [String]) {
        let fact: String
        switch rule {
        case .everyone: return
        case .authenticated:
            fact = self.admits(by: rule) ? "it is known who this is" : "nobody knows who this is"
        case .staff:
            fact = self.admits(by: rule) ? "belongs to the staff" : "does not belong to the staff"
        case .scope(let scope):
            fact = (self.admits(by: rule) ? "has the scope " : "does not have the scope ") + scope
        case .claim(let name, _), .claimContains(let name, _), .property(_, let name),
            .member(_, let name):
            fact = self.fact(ofClaim: name)
        case .all(let rules), .any(let rules):
            for rule in rules { self.addFacts(for: rule, to: &facts) }
            return
        case .not(let rule): return self.addFacts(for: rule, to: &facts)
        }
        if !facts.contains(fact) { facts.append(fact) }
    }

    private func fact(ofClaim name: String) -> String {
        let granted = self.principal.granted[name].map {
            ", of which the log grants \($0.isEmpty ? "none" : Self.list($0))"
        }
        switch self.claim(name) {
        case nil: return "has no claim \(name)"
        case .scalar(let value): return "the claim \(name) is \(value.json)"
        case .list(let values):
            return "the claim \(name) is [\(Self.list(values))]\(granted ?? "")"
        }
    }

    /// The most values of a claim that are named.
    private static let valuesMax = 20

    private static func list(_ values: [Scalar]) -> String {
        let shown = values.prefix(Self.valuesMax).map(\.json).joined(separator: ",")
        let rest = values.count - Self.valuesMax
        return rest > 0 ? "\(shown) and \(rest) more" : shown
    }
}
