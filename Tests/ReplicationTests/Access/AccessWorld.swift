import Access
import LogModel
import TestSupport

/// A change as it was published, and what it says in plain words.
struct PlainChange {
    var action: Action
    var key: Int
    /// The instance's properties in the order of its JSON; what is JSON text stands as it is.
    var properties: [(name: String, json: String)]

    var json: String {
        "{" + self.properties.map { "\"\($0.name)\":\($0.json)" }.joined(separator: ",") + "}"
    }

    /// The value of a property as text without quotes; nil if it is not there.
    func value(_ name: String) -> String? {
        self.properties.first { $0.name == name }.map {
            $0.json.hasPrefix("\"") ? String($0.json.dropFirst().dropLast()) : $0.json
        }
    }

    /// What an instance with only `fields` looks like.
    func json(of fields: [String]?) -> String {
        guard let fields else { return self.json }
        var shown = self
        shown.properties = self.properties.filter { fields.contains($0.name) }
        return shown.json
    }
}

/// Random tasks that people own, in lists that people are members of.
struct TaskMill {
    var random: SeededGenerator
    private var alive: [Int: PlainChange] = [:]

    init(seed: UInt64) { self.random = SeededGenerator(seed: seed) }

    static let owners = ["alice", "bob", "carol"]

    mutating func change() -> PlainChange {
        let key = self.random.below(8)
        if let current = self.alive[key], self.random.chance(1, in: 6) {
            self.alive[key] = nil
            return PlainChange(action: .deleted, key: key, properties: current.properties)
        }
        var properties: [(String, String)] = [("id", "\(key)")]
        // Now and then nobody knows whose it is.
        if self.random.chance(7, in: 8) {
            properties.append(("owner", "\"\(self.random.pick(Self.owners))\""))
        }
        properties.append(("list", "\(1 + self.random.below(3))"))
        properties.append(("state", self.random.pick(["\"open\"", "\"done\"", "null"])))
        properties.append(("text", "\"a \\\"text\\\" of {\(self.random.below(100))}\""))
        properties.append(("secret", "{\"pin\":[\(self.random.below(1000)),\"}\"]}"))
        let change = PlainChange(
            action: self.alive[key] == nil ? .created : .updated, key: key, properties: properties)
        self.alive[key] = change
        return change
    }
}

/// Who may see what, said a second time and in the plainest way: one principal, one instance, all rules one after
/// the other.
struct AccessOracle {
    let policy: [(fields: [String]?, rule: Rule)]

    private enum Verdict { case yes, no, unknown }

    /// Which of the views `principal` has of `instance`; nil if it is not their business.
    func view(of instance: PlainChange, for principal: Principal) -> Int? {
        self.policy.firstIndex { Self.verdict($0.rule, principal, instance) == .yes }
    }

    private static func verdict(
        _ rule: Rule, _ principal: Principal, _ instance: PlainChange
    ) -> Verdict {
        func known(_ holds: Bool) -> Verdict { holds ? .yes : .no }
        func values(_ name: String) -> [String]? {
            if name == "sub", !principal.subject.isEmpty { return [principal.subject] }
            return principal.claims[name]?.values.map(\.text.string)
        }
        switch rule {
        case .everyone: return .yes
        case .authenticated: return known(principal.origin != .anonymous)
        case .staff: return known(principal.isStaff)
        case .scope(let scope): return known(principal.scopes.contains(scope))
        case .claim(let name, let value): return known(values(name) == [value.text.string])
        case .claimContains(let name, let value):
            return known(values(name)?.contains(value.text.string) == true)
        case .property(let property, let claim):
            guard let own = values(claim)?.first, let value = instance.value(property.string) else {
                return .unknown
            }
            return known(own == value)
        case .member(let property, let claim):
            guard let own = values(claim) else { return .unknown }
            if own.isEmpty { return .no }
            guard let value = instance.value(property.string) else { return .unknown }
            return known(own.contains(value))
        case .all(let rules):
            let verdicts = rules.map { Self.verdict($0, principal, instance) }
            return verdicts.contains(.no) ? .no : verdicts.contains(.unknown) ? .unknown : .yes
        case .any(let rules):
            let verdicts = rules.map { Self.verdict($0, principal, instance) }
            return verdicts.contains(.yes) ? .yes : verdicts.contains(.unknown) ? .unknown : .no
        case .not(let rule):
            switch Self.verdict(rule, principal, instance) {
            case .yes: return .no
            case .no: return .yes
            case .unknown: return .unknown
            }
        }
    }
}
