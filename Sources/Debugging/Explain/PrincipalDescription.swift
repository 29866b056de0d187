package import Access
import LogModel
import WireProtocol

extension Principal {
    private static let members = ["subject", "claims", "scopes", "staff", "key"]

    /// Reads who somebody is, as JSON: `{"subject":"7","claims":{"lists":[1,2]},"scopes":["tasks:write"],"staff":true}`.
    ///
    /// All members can be missing; an object without any is nobody in particular. An API key is
    /// `{"subject":"ID","key":{"actions":["read"],"models":["todolist.Task"]}}`, without `models` one for all of them.
    package init(described json: String) throws(DescriptionError) {
        let document = try DescriptionError.object(json, "the principal")
        var subject = ""
        var claims: [String: Claim] = [:]
        var scopes: Set<String> = []
        var isStaff = false
        var grant: KeyGrant?
        let members = document.members(of: document.root)
        for member in members {
            switch member.key.string {
            case "subject":
                guard let scalar = document.scalar(member.value), scalar.kind != .null else {
                    throw DescriptionError("the principal's subject must be a string")
                }
                subject = scalar.text.string
            case "claims": claims = try Self.claims(member.value, document)
            case "scopes":
                scopes = Set(try Self.strings(member.value, document, "the principal's scopes"))
            case "staff":
                guard let value = document.boolean(member.value) else {
                    throw DescriptionError("the principal's staff must be true or false")
                }
                isStaff = value
            case "key": grant = try Self.grant(member.value, document)
            default:
                throw DescriptionError(
                    "a principal has no \"\(member.key)\"; there are "
                        + Self.members.map { "\"\($0)\"" }.joined(separator: ", "))
            }
        }
        self.init(
            origin: members.isEmpty ? .anonymous : grant == nil ? .token : .apiKey,
            subject: subject, claims: claims, scopes: scopes, isStaff: isStaff, grant: grant)
    }

    private static func claims(
        _ node: JSONDocument.Node, _ document: JSONDocument
    ) throws(DescriptionError) -> [String: Claim] {
        guard document.kind(of: node) == .object else {
            throw DescriptionError("the principal's claims must be an object")
        }
        var claims: [String: Claim] = [:]
        for member in document.members(of: node) {
            if let scalar = document.scalar(member.value) {
                claims[member.key.string] = .scalar(scalar)
                continue
            }
            let values = document.elements(of: member.value).map { document.scalar($0) }
            guard document.kind(of: member.value) == .array, !values.contains(nil) else {
                throw DescriptionError(
                    "the claim \"\(member.key)\" must be a value or a list of values: rules know no others"
                )
            }
            claims[member.key.string] = .list(values.compactMap { $0 })
        }
        return claims
    }

    private static func strings(
        _ node: JSONDocument.Node, _ document: JSONDocument, _ name: String
    ) throws(DescriptionError) -> [String] {
        let strings = document.elements(of: node).map { document.string($0) }
        guard document.kind(of: node) == .array, !strings.contains(nil) else {
            throw DescriptionError("\(name) must be a list of strings")
        }
        return strings.compactMap { $0 }
    }

    private static func grant(
        _ node: JSONDocument.Node, _ document: JSONDocument
    ) throws(DescriptionError) -> KeyGrant {
        var actions: Set<KeyGrant.Action> = []
        var models: Set<Text>?
        guard document.kind(of: node) == .object else {
            throw DescriptionError("the principal's key must be an object")
        }
        for member in document.members(of: node) {
            switch member.key {
            case "actions":
                for name in try self.strings(member.value, document, "the key's actions") {
                    guard let action = KeyGrant.Action(rawValue: name) else {
                        throw DescriptionError(
                            "\"\(name)\" is no action of a key; there are "
                                + KeyGrant.Action.allCases.map(\.rawValue).joined(separator: ", "))
                    }
                    actions.insert(action)
                }
            case "models":
                models = Set(
                    try self.strings(member.value, document, "the key's models").map { Text($0) })
            default:
                throw DescriptionError(
                    "a key has no \"\(member.key)\"; there are \"actions\" and \"models\"")
            }
        }
        return KeyGrant(actions: actions, models: models)
    }
}
