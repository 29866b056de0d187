package import LogModel

/// What a client of the dialect `livelog.v1` asks for.
///
///     {"subscribe":7,"model":"todolist.Task","where":{"list_id":42},"from":"start"}
///     {"unsubscribe":7}
package enum Livelog1Request: Hashable, Sendable {
    /// Where a subscription begins.
    package enum Start: Hashable, Sendable {
        /// With the records that become visible from now on.
        case now
        /// With the first record that is kept.
        case start
        /// With the first record that the reader who got this token has not taken.
        case token(ResumeToken)
    }

    case subscribe(id: UInt64, filter: Filter, from: Start)
    case unsubscribe(id: UInt64)

    /// Reads a message.
    package init(_ message: [UInt8]) throws(Livelog1Error) {
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
            do throws(Livelog1Error) {
                self = try .subscribe(
                    id: id, filter: Self.filter(document), from: Self.start(document))
            } catch {
                throw Livelog1Error(id: id, code: error.code, message: error.message)
            }
        } else if let node = document.member("unsubscribe", of: root) {
            self = .unsubscribe(id: try Self.id(node, document, "unsubscribe"))
        } else {
            throw Livelog1Error(
                code: "unknown-message",
                message: "a message is an object with the member \"subscribe\" or \"unsubscribe\"")
        }
    }

    private static func id(
        _ node: JSONDocument.Node, _ document: JSONDocument, _ name: String
    ) throws(Livelog1Error) -> UInt64 {
        guard let id = document.unsignedInteger(node) else {
            throw Livelog1Error(
                code: "invalid-id",
                message:
                    "\"\(name)\" is the client's number for the subscription, an integer from 0")
        }
        return id
    }

    private static func filter(_ document: JSONDocument) throws(Livelog1Error) -> Filter {
        let root = document.root
        guard
            let model = document.member("model", of: root).flatMap(document.stringBytes),
            !model.isEmpty
        else {
            throw Livelog1Error(
                code: "missing-model", message: "\"model\" is the label of a model, a string")
        }
        guard let node = document.member("where", of: root) else {
            return Filter(group: GroupKey(model: Text(bytes: model)))
        }
        guard document.kind(of: node) == .object else {
            throw Livelog1Error(
                code: "invalid-filter",
                message: "\"where\" is an object with a property and its value")
        }
        let conditions = document.members(of: node)
        guard let condition = conditions.first else {
            return Filter(group: GroupKey(model: Text(bytes: model)))
        }
        guard conditions.count == 1 else {
            throw Livelog1Error(
                code: "invalid-filter",
                message: "\"where\" has \(conditions.count) conditions; this server takes one")
        }
        guard let value = document.scalar(condition.value), !condition.key.bytes.isEmpty else {
            throw Livelog1Error(
                code: "invalid-filter",
                message:
                    "the value of \"\(condition.key)\" is a string, a number, true, false or null")
        }
        let limits = ChangeLimits.default
        guard condition.key.bytes.count <= limits.groupNameBytesMax else {
            throw Livelog1Error(
                code: "invalid-filter",
                message:
                    "the property in \"where\" has more than \(limits.groupNameBytesMax) bytes; the log "
                    + "keeps no groups for such properties")
        }
        guard value.text.bytes.count <= limits.groupValueBytesMax else {
            throw Livelog1Error(
                code: "invalid-filter",
                message:
                    "the value of \"\(condition.key)\" has more than \(limits.groupValueBytesMax) "
                    + "bytes; the log keeps no groups for such values")
        }
        return Filter(
            group: GroupKey(model: Text(bytes: model), property: condition.key, value: value))
    }

    private static func start(_ document: JSONDocument) throws(Livelog1Error) -> Start {
        guard let node = document.member("from", of: document.root) else { return .now }
        switch document.string(node) {
        case "now": return .now
        case "start": return .start
        case let text?:
            if let token = ResumeToken(text: text) { return .token(token) }
        case nil: break
        }
        throw Livelog1Error(
            code: "invalid-from",
            message: "\"from\" is \"now\", \"start\" or a token that this server has given")
    }
}

/// Why a message of a `livelog.v1` client was refused. The connection stays open.
package struct Livelog1Error: Error, Hashable, Sendable {
    /// The subscription that it is about, if that much was understood.
    package let id: UInt64?
    /// What is wrong: stable, for programs.
    package let code: String
    /// What is wrong and what is right, for people.
    package let message: String

    /// Creates an error.
    package init(id: UInt64? = nil, code: String, message: String) {
        self.id = id
        self.code = code
        self.message = message
    }
}
