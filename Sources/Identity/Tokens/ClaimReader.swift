import Access
import LogModel
import WireProtocol

/// What is said of somebody in a JSON object, as claims.
enum ClaimReader {
    /// The most claims of a principal.
    static let claimsMax = 64
    /// The most values of all lists of a principal.
    static let listValuesMax = 1_000

    /// The members of `node` that are scalars or flat lists of scalars, in order, up to the limits. The others are
    /// left out, and so is `null`, which says that there is no value. A list is taken whole or not at all.
    static func claims(
        of node: JSONDocument.Node, in document: JSONDocument
    ) -> [String: Claim] {
        var claims: [String: Claim] = [:]
        var room = Self.listValuesMax
        for member in document.members(of: node) where claims.count < Self.claimsMax {
            let name = member.key.string
            if document.kind(of: member.value) == .array {
                let elements = document.elements(of: member.value)
                let values = elements.compactMap(document.scalar).filter { $0.kind != .null }
                guard values.count == elements.count, values.count <= room else { continue }
                room -= values.count
                claims[name] = .list(values)
            } else if let value = document.scalar(member.value), value.kind != .null {
                claims[name] = .scalar(value)
            }
        }
        return claims
    }

    /// Names of what somebody may do: a list of strings, or words in one string.
    static func scopes(_ node: JSONDocument.Node?, in document: JSONDocument) -> Set<String> {
        guard let node else { return [] }
        if let words = document.string(node) {
            return Set(words.split(separator: " ").prefix(Self.listValuesMax).map(String.init))
        }
        return Set(
            document.elements(of: node).prefix(Self.listValuesMax).compactMap(document.string))
    }
}
