package import LogModel

/// Somebody who reads: who they are, and what the configuration of this moment lets them see.
package struct Reader: Sendable {
    /// Who they are.
    package let principal: Principal
    /// What may be seen by whom.
    package let policy: AccessPolicy

    /// Creates a reader.
    package init(_ principal: Principal, under policy: AccessPolicy) {
        self.principal = principal
        self.policy = policy
    }

    /// Who may see everything.
    package static let unlimited = Reader(.anonymous, under: .open)

    /// Whether they see everything, as everybody does.
    package var isUnlimited: Bool { self.policy.isUnlimited && self.principal.grant == nil }

    /// The same reader with what the log grants them, in place of what it did before.
    package func granting(_ granted: [String: [Scalar]]) -> Reader {
        Reader(self.principal.granting(granted), under: self.policy)
    }

    /// `filter` as far as they may see, or nil if they may not ask for it.
    package func filter(_ filter: Filter) -> Filter? {
        self.policy.filter(filter, for: self.principal)
    }
}
