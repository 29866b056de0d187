package import LogModel

/// Which changes a principal may publish, for one request or connection.
package struct PublishCheck: Sendable {
    private let principal: Principal
    private let policy: AccessPolicy

    /// Creates the check for `principal`.
    package init(_ principal: Principal, under policy: AccessPolicy) {
        self.principal = principal
        self.policy = policy
    }

    /// The index of the first change that the principal may not publish; nil if it may publish all. Takes time in
    /// proportion to the changes and their groups.
    package func firstForbidden(of changes: Changes) -> Int? {
        guard !self.policy.isUnlimited || self.principal.grant != nil else { return nil }
        var known: [Text: [[Condition]]] = [:]
        for (index, change) in changes.list.enumerated() {
            let model = changes.copy(change.model)
            let alternatives =
                known[model] ?? self.policy.publishing(by: self.principal, on: model)
            known[model] = alternatives
            let isAllowed = alternatives.contains { conditions in
                conditions.allSatisfy { Self.holds($0, for: change, of: changes) }
            }
            if !isAllowed { return index }
        }
        return nil
    }

    private static func holds(
        _ condition: Condition, for change: Changes.Change, of changes: Changes
    ) -> Bool {
        for group in changes.groups[change.groups]
        where changes.text[group.property.range].elementsEqual(condition.property.bytes) {
            let value = Scalar(kind: group.value.kind, text: changes.copy(group.value.text))
            switch condition.test {
            case .isIn(let values): return values.contains { $0.isSameGroupValue(as: value) }
            case .isNot(let values): return !values.contains { $0.isSameGroupValue(as: value) }
            // No rule asks for these.
            case .order, .hasPrefix: return false
            }
        }
        return false
    }
}
