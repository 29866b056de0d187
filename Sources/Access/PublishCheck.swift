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

    /// What changes are read by. Of models of which the principal may publish nothing it learns nothing: their changes are
    /// read like those of models that do not exist, and then refused like them.
    package var rules: ModelRules {
        guard !self.policy.modelRules.isEmpty else { return .none }
        let (principal, policy) = (self.principal, self.policy)
        return policy.modelRules.limited { !policy.publishing(by: principal, on: $0).isEmpty }
    }

    /// What became of a look at changes.
    package enum Decision: Hashable, Sendable {
        /// All may be published, if the log finds that this holds of the instances before, where it is asked.
        case allowed(BeforeConditions?)
        /// The first change that may not be published, whatever the log has.
        case forbidden(index: Int)
    }

    /// Decides about `changes` as they are submitted. Takes time in proportion to the changes and their groups.
    package func decide(about changes: Changes) -> Decision {
        guard !self.policy.isUnlimited || self.principal.grant != nil else { return .allowed(nil) }
        var known: [Text: [[Condition]]] = [:]
        for (index, change) in changes.list.enumerated() {
            let model = changes.copy(change.model)
            let alternatives =
                known[model] ?? self.policy.publishing(by: self.principal, on: model)
            known[model] = alternatives
            let isAllowed = alternatives.contains { conditions in
                conditions.allSatisfy { condition in
                    condition.admits { Self.value(of: $0, in: change, of: changes) }
                }
            }
            if !isAllowed { return .forbidden(index: index) }
        }
        return .allowed(BeforeConditions(known))
    }

    private static func value(
        of property: Text, in change: Changes.Change, of changes: Changes
    ) -> Scalar? {
        let group = changes.groups[change.groups].first {
            changes.text[$0.property.range].elementsEqual(property.bytes)
        }
        return group.map { Scalar(kind: $0.value.kind, text: changes.copy($0.value.text)) }
    }
}
