/// UTF-8 text that is compared and hashed by its bytes.
///
/// `String` compares by canonical equivalence, so that two ways to write "é" are one value. In a log two
/// values are the same if, and only if, their bytes are.
public struct Text: Hashable, Sendable {
    /// The UTF-8 bytes. Valid UTF-8 by the checks at the edge.
    public let bytes: [UInt8]

    /// Creates text from bytes that are known to be valid UTF-8.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Creates the text of a string.
    public init(_ string: String) {
        self.bytes = Array(string.utf8)
    }

    /// The text as a string, for people.
    public var string: String { String(decoding: self.bytes, as: UTF8.self) }
}

extension Text: ExpressibleByStringLiteral, CustomStringConvertible {
    /// The text of a literal.
    public init(stringLiteral value: String) {
        self.init(value)
    }

    /// The text as a string.
    public var description: String { self.string }
}
