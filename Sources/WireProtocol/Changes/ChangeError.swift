/// Why a request with changes was refused. Nothing of a refused request is taken.
package struct ChangeError: Error, Equatable, Sendable {
    /// The kind of fault, for programs; part of the protocol.
    package let code: String
    /// What is wrong and what to do, for people.
    package let message: String
    /// The line, counted from 1, of the change; or, where the JSON itself is wrong, of the fault.
    package let line: Int
    /// The byte of the body at which the fault was noticed, counted from 0, where there is one.
    package let position: Int?
    /// Which change of the body is to blame, counted from 0, where the fault is a change's.
    package let change: Int?

    /// Creates an error.
    package init(code: String, message: String, line: Int, position: Int?, change: Int? = nil) {
        self.code = code
        self.message = message
        self.line = line
        self.position = position
        self.change = change
    }
}

/// A fault in a change, before it is known which line that is.
struct ChangeRefusal: Error {
    let code: String
    let message: String
    /// The byte at which it was noticed.
    let position: Int
    /// A byte on the line to be named.
    let lineAnchor: Int
    /// The change that it is in, from 0, once that is known.
    var change: Int?

    init(code: String, message: String, position: Int, lineAnchor: Int) {
        self.code = code
        self.message = message
        self.position = position
        self.lineAnchor = lineAnchor
    }

    /// A fault in the JSON, `start` bytes into which the document began.
    init(_ error: JSONError, start: Int) {
        let position = start + error.position
        let code = error.code == .emptyDocument ? "empty-body" : error.code.rawValue
        self.init(code: code, message: error.message, position: position, lineAnchor: position)
    }

    /// The error for the sender of `body`.
    func error(in body: [UInt8]) -> ChangeError {
        let newlines = body[..<min(self.lineAnchor, body.count)].count { $0 == UInt8(ascii: "\n") }
        return ChangeError(
            code: self.code, message: self.message, line: newlines + 1, position: self.position,
            change: self.change)
    }
}
