package import LogModel

/// Who may see an instance, or publish a change, as data.
///
/// What a rule says of a principal is known when it connects. What it says of properties is known from the groups that
/// each record carries: a property that is named in a rule has to be a group, and a record that does not carry it is
/// shown to nobody by that rule, nor by its opposite.
package indirect enum Rule: Hashable, Sendable {
    /// Everybody.
    case everyone
    /// Whoever is known.
    case authenticated
    /// Whoever belongs to the staff.
    case staff
    /// Whoever has this scope.
    case scope(String)
    /// Whoever has this claim with this value.
    case claim(String, equals: Scalar)
    /// Whoever has this value among those of the claim, a list.
    case claimContains(String, Scalar)
    /// Whoever has the property's value as this claim: the owner.
    case property(Text, equalsClaim: String)
    /// Whoever has the property's value among those of the claim, a list: a member.
    case member(Text, ofClaim: String)
    /// Whom all of these admit.
    case all([Rule])
    /// Whom one of these admits.
    case any([Rule])
    /// Whom this does not admit.
    case not(Rule)

    /// Whether it says something of one of these claims.
    package func names(_ claims: Set<String>) -> Bool {
        switch self {
        case .everyone, .authenticated, .staff, .scope: false
        case .claim(let name, _), .claimContains(let name, _), .property(_, let name),
            .member(_, let name):
            claims.contains(name)
        case .all(let rules), .any(let rules): rules.contains { $0.names(claims) }
        case .not(let rule): rule.names(claims)
        }
    }
}
