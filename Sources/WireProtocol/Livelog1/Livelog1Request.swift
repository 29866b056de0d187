import LogModel

/// What a client of the dialect `livelog.v1` asks for.
///
///     {"subscribe":7,"model":"todolist.Task","where":{"list_id":42},"from":"start"}
///     {"unsubscribe":7}
package enum Livelog1Request: Hashable, Sendable {
    case subscribe(id: UInt64, SubscriptionRequest)
    case unsubscribe(id: UInt64)

    /// Reads a message.
    package init(
        _ message: [UInt8], limits: RequestLimits = .default
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
                    id: id, SubscriptionRequest(document, besides: "subscribe", limits: limits))
            } catch {
                throw Livelog1Error(id: id, code: error.code, message: error.message)
            }
        } else if let node = document.member("unsubscribe", of: root) {
            let id = try Self.id(node, document, "unsubscribe")
            for member in document.members(of: root) where member.key != "unsubscribe" {
                throw Livelog1Error(
                    id: id, code: .unknownMember,
                    message: "\(RequestError.excerpt(member.key.string)) is not a member of this "
                        + "message; there is \"unsubscribe\"")
            }
            self = .unsubscribe(id: id)
        } else {
            throw Livelog1Error(
                code: .unknownMessage,
                message: "a message is an object with the member \"subscribe\" or \"unsubscribe\"")
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
