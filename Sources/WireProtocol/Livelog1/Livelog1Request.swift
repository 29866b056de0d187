package import LogModel

/// What a client of the dialect `livelog.v1` asks for.
///
///     {"subscribe":7,"model":"todolist.Task","where":{"list_id":42},"from":"start"}
///     {"unsubscribe":7}
///     {"authenticate":"TOKEN"}
package enum Livelog1Request: Hashable, Sendable {
    case subscribe(id: UInt64, SubscriptionRequest)
    case unsubscribe(id: UInt64)
    case authenticate(token: String)

    /// Reads a message.
    package init(
        _ message: [UInt8], limits: RequestLimits = .default, rules: ModelRules = .none
    ) throws(Livelog1Error) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: message)
        } catch {
            throw Livelog1Error(
                code: error.code.rawValue, message: "byte \(error.position): \(error.message)")
        }
        let root = document.root
        if let node = document.member("subscribe", of: root) {
            let id = try Self.id(node, document, "subscribe")
            do throws(RequestError) {
                self = try .subscribe(
                    id: id,
                    SubscriptionRequest(
                        document, besides: "subscribe", limits: limits, rules: rules))
            } catch {
                throw Livelog1Error(id: id, code: error.code, message: error.message)
            }
        } else if let node = document.member("unsubscribe", of: root) {
            let id = try Self.id(node, document, "unsubscribe")
            try Self.check(document, has: "unsubscribe", id)
            self = .unsubscribe(id: id)
        } else if let node = document.member("authenticate", of: root) {
            try Self.check(document, has: "authenticate", nil)
            guard let token = document.string(node),
                token.utf8.count <= limits.tokenByteCountMax
            else {
                throw Livelog1Error(
                    code: .unauthenticated,
                    message: "authenticate is a string of at most \(limits.tokenByteCountMax) bytes"
                )
            }
            self = .authenticate(token: token)
        } else {
            throw Livelog1Error(
                code: .unknownMessage,
                message:
                    "a message is an object with the member \"subscribe\", \"unsubscribe\" or \"authenticate\""
            )
        }
    }

    /// Checks that the message has one member.
    private static func check(
        _ document: JSONDocument, has name: String, _ id: UInt64?
    ) throws(Livelog1Error) {
        for member in document.members(of: document.root) where member.key.string != name {
            throw Livelog1Error(
                id: id, code: .unknownMember,
                message: "\(RequestError.excerpt(member.key.string)) is not a member of this "
                    + "message; there is \"\(name)\"")
        }
    }

    private static func id(
        _ node: JSONDocument.Node, _ document: JSONDocument, _ name: String
    ) throws(Livelog1Error) -> UInt64 {
        guard let id = document.unsignedInteger(node) else {
            throw Livelog1Error(
                code: .invalidID,
                message: "\(name) must be an integer from 0 to \(UInt64.max), "
                    + "the client's number for the subscription")
        }
        return id
    }
}
