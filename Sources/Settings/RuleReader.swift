import Access
import LogModel
import Yams

extension SettingsReader {
    private static let depthMax = 16
    private static let words = "everyone, authenticated, staff or nobody"
    private static let forms =
        "{scope: …}, {claim: …, equals: …}, {claim: …, contains: …}, {property: …, equals_claim: …}, "
        + "{property: …, in_claim: …}, {all: […]}, {any: […]}, {not: …} or {ask: …}"
    /// The most ways of a rule to admit an instance: each is looked at for records of its model.
    private static let alternativesMax = 64

    /// Whom a view is for: a rule, and perhaps what the application has to allow besides. That stands alone, or in
    /// an `all`.
    func viewRule(_ node: Node, _ path: String) -> (rule: Rule, question: String?)? {
        if let asked = self.question(node) {
            return self.text(asked, "\(path).ask", countMax: Self.questionBytesMax)
                .map { (.everyone, $0) }
        }
        guard case .mapping(let mapping) = node, mapping.count == 1, let all = node["all"],
            case .sequence(let elements) = all,
            elements.contains(where: { self.question($0) != nil })
        else { return self.rule(node, path).map { ($0, nil) } }
        let asked = elements.compactMap { self.question($0) }
        guard asked.count == 1 else {
            self.note(node, "\(path).all", "a view asks the application one thing")
            return nil
        }
        let question = self.text(asked[0], "\(path).all.ask", countMax: Self.questionBytesMax)
        let others = elements.enumerated().filter { self.question($0.element) == nil }
        let rules = others.compactMap { self.rule($0.element, "\(path).all[\($0.offset)]") }
        guard rules.count == others.count, let question else { return nil }
        return (.all(rules), question)
    }

    /// The most bytes of the name of what the application is asked.
    private static let questionBytesMax = 256

    private func question(_ node: Node) -> Node? {
        guard case .mapping(let mapping) = node, mapping.count == 1 else { return nil }
        return node["ask"]
    }

    /// A rule, which is checked to be small enough to be looked at for every record.
    func rule(_ node: Node, _ path: String) -> Rule? {
        guard let rule = self.rule(node, path, depth: 0) else { return nil }
        guard rule.alternativeCount(isNegated: false) <= Self.alternativesMax else {
            self.note(
                node, path,
                "this rule has more than \(Self.alternativesMax) ways to admit an instance: "
                    + "make it simpler, or several views of it")
            return nil
        }
        return rule
    }

    private func rule(_ node: Node, _ path: String, depth: Int) -> Rule? {
        guard depth < Self.depthMax else {
            self.note(node, path, "rules are nested more than \(Self.depthMax) deep")
            return nil
        }
        if case .scalar(let scalar) = node {
            switch scalar.string {
            case "everyone": return .everyone
            case "authenticated": return .authenticated
            case "staff": return .staff
            case "nobody": return .any([])
            default:
                self.note(
                    node, path,
                    "\"\(scalar.string.prefix(40))\" is no rule: it is \(Self.words), or \(Self.forms)"
                )
                return nil
            }
        }
        let pairs = self.pairs(node, path)
        let members = Dictionary(pairs.map { ($0.name, $0.value) }) { first, _ in first }
        switch (members.keys.sorted(), members) {
        case (["scope"], let members):
            return members["scope"].flatMap { self.text($0, "\(path).scope") }.map { .scope($0) }
        case (["claim", "equals"], let members):
            return self.claim(members, "equals", path) { .claim($0, equals: $1) }
        case (["claim", "contains"], let members):
            return self.claim(members, "contains", path) { .claimContains($0, $1) }
        case (["equals_claim", "property"], let members):
            return self.property(members, "equals_claim", path) { .property($0, equalsClaim: $1) }
        case (["in_claim", "property"], let members):
            return self.property(members, "in_claim", path) { .member($0, ofClaim: $1) }
        case (["all"], let members):
            return self.rules(members["all"], "\(path).all", depth).map { .all($0) }
        case (["any"], let members):
            return self.rules(members["any"], "\(path).any", depth).map { .any($0) }
        case (["not"], let members):
            return members["not"].flatMap { self.rule($0, "\(path).not", depth: depth + 1) }
                .map { .not($0) }
        case (["ask"], _):
            self.note(
                node, path,
                "the application is asked by a view's who, alone or in an all: not below any or not, "
                    + "and not of who publishes")
            return nil
        default:
            self.note(node, path, "this is no rule: it is \(Self.words), or \(Self.forms)")
            return nil
        }
    }

    private func claim(
        _ members: [String: Node], _ name: String, _ path: String,
        _ make: (String, Scalar) -> Rule
    ) -> Rule? {
        guard let claim = members["claim"].flatMap({ self.text($0, "\(path).claim") }),
            let value = members[name].flatMap({ self.scalar($0, "\(path).\(name)") })
        else { return nil }
        return make(claim, value)
    }

    private func property(
        _ members: [String: Node], _ name: String, _ path: String, _ make: (Text, String) -> Rule
    ) -> Rule? {
        guard let property = members["property"].flatMap({ self.property($0, "\(path).property") }),
            let claim = members[name].flatMap({ self.text($0, "\(path).\(name)") })
        else { return nil }
        return make(property, claim)
    }

    /// Nil if one of them is none: a list without it could admit more, or less.
    private func rules(_ node: Node?, _ path: String, _ depth: Int) -> [Rule]? {
        guard let node else { return nil }
        let elements = self.elements(node, path)
        guard !elements.isEmpty else {
            self.note(node, path, "a list of rules is not empty; for nobody write nobody")
            return nil
        }
        let rules = elements.enumerated().map { index, element in
            self.rule(element, "\(path)[\(index)]", depth: depth + 1)
        }
        let known = rules.compactMap { $0 }
        return known.count == rules.count ? known : nil
    }
}

extension Rule {
    /// The most alternatives that the rule can leave, for any principal.
    fileprivate func alternativeCount(isNegated: Bool) -> Int {
        switch self {
        case .everyone, .authenticated, .staff, .scope, .claim, .claimContains, .property, .member:
            return 1
        case .not(let rule): return rule.alternativeCount(isNegated: !isNegated)
        case .all(let rules), .any(let rules):
            let counts = rules.map { $0.alternativeCount(isNegated: isNegated) }
            let isProduct = if case .all = self { !isNegated } else { isNegated }
            let most = 1 << 20
            return isProduct
                ? counts.reduce(1) { min($0 * $1, most) } : min(counts.reduce(0, +), most)
        }
    }
}
