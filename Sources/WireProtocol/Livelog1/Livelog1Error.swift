/// Why a message of a `livelog.v1` client was refused. The connection stays open.
package struct Livelog1Error: Error, Hashable, Sendable {
    /// The subscription that it is about, if that much was understood.
    package let id: UInt64?
    /// What is wrong: stable, for programs. A ``RequestErrorCode`` or a ``JSONError/Code``.
    package let code: String
    /// What is wrong and what is right, for people.
    package let message: String

    /// Creates an error.
    package init(id: UInt64? = nil, code: String, message: String) {
        self.id = id
        self.code = code
        self.message = message
    }

    /// Creates an error.
    package init(id: UInt64? = nil, code: RequestErrorCode, message: String) {
        self.init(id: id, code: code.rawValue, message: message)
    }
}

// MARK: - What a session refuses

extension Livelog1Error {
    /// A binary frame came.
    package static let notText = Livelog1Error(
        code: .notText, message: "messages are text frames with JSON")

    /// There is a subscription with this number.
    package static func duplicateSubscription(_ id: UInt64) -> Livelog1Error {
        Livelog1Error(
            id: id, code: .duplicateSubscription,
            message: "there is a subscription \(id) already: end it first, or use another number")
    }

    /// There is no subscription with this number.
    package static func unknownSubscription(_ id: UInt64) -> Livelog1Error {
        Livelog1Error(
            id: id, code: .unknownSubscription, message: "there is no subscription \(id) to end")
    }

    /// What a filter that may not be asked for is answered, whatever the reason.
    package static let forbiddenMessage =
        "there is no such model here, or you may not see it, or not by these conditions: say who you are, or ask for "
        + "what you may see"

    /// The client may not ask for this.
    package static func forbidden(_ id: UInt64) -> Livelog1Error {
        Livelog1Error(id: id, code: .forbidden, message: self.forbiddenMessage)
    }

    /// The client's token is not accepted.
    package static func unauthenticated(_ message: String) -> Livelog1Error {
        Livelog1Error(code: .unauthenticated, message: message)
    }

    /// The session has as many subscriptions as it may.
    package static func tooManySubscriptions(_ id: UInt64, countMax: Int) -> Livelog1Error {
        Livelog1Error(
            id: id, code: .tooManySubscriptions,
            message: "a session can have \(countMax) subscriptions")
    }
}
