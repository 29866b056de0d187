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
