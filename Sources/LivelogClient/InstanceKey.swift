import WireProtocol

/// The key of an instance, by its text: the number `1` and the string `"1"` are one key, as they are to the log.
///
/// Keys are compared byte by byte. Two ways in which Unicode writes the same letter are two keys, although
/// Swift's strings are equal.
public struct InstanceKey: Hashable, Sendable {
    /// The text in UTF-8: what a string contains, or the JSON text of another scalar.
    public let utf8: [UInt8]

    /// Creates the key with this text.
    public init(_ text: String) {
        self.utf8 = Array(text.utf8)
    }

    /// Creates the key that is this scalar's, given as JSON text.
    package init(json: some BidirectionalCollection<UInt8>) {
        guard json.first == UInt8(ascii: "\"") else {
            self.utf8 = Array(json)
            return
        }
        let content = Array(json.dropFirst().dropLast())
        guard content.contains(UInt8(ascii: "\\")),
            let document = try? JSONDocument(parsing: Array(json)),
            let text = document.string(document.root)
        else {
            self.utf8 = content
            return
        }
        self.utf8 = Array(text.utf8)
    }
}

extension InstanceKey: CustomStringConvertible {
    /// The text.
    public var description: String { String(decoding: self.utf8, as: UTF8.self) }
}

extension InstanceKey: ExpressibleByStringLiteral {
    /// Creates the key with this text.
    public init(stringLiteral text: String) {
        self.init(text)
    }
}
