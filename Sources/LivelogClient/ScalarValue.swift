import WireProtocol

/// A JSON scalar, as the value of a condition.
public enum ScalarValue: Hashable, Sendable {
    /// JSON's `null`.
    case null
    /// JSON's `true` or `false`.
    case boolean(Bool)
    /// A number, as its JSON text: the server compares the text, so `1` and `1.0` differ.
    case number(String)
    /// A string.
    case string(String)

    /// An integer.
    public static func integer(_ value: Int) -> ScalarValue { .number(String(value)) }

    /// Reads what somebody typed: a JSON scalar if it is one (`42`, `true`, `null`, `"42"`), or else
    /// the text itself as a string.
    public init(typed text: String) {
        guard let document = try? JSONDocument(parsing: Array(text.utf8)) else {
            self = .string(text)
            return
        }
        self = ScalarValue(document.root, of: document) ?? .string(text)
    }

    /// The value of a node; nil for arrays and objects.
    init?(_ node: JSONDocument.Node, of document: JSONDocument) {
        switch document.kind(of: node) {
        case .null: self = .null
        case .boolean: self = .boolean(document.boolean(node) ?? false)
        case .number: self = .number(String(decoding: document.rawText(of: node), as: UTF8.self))
        case .string: self = .string(document.string(node) ?? "")
        case .array, .object: return nil
        }
    }

    /// The value as JSON.
    package func write(to json: inout [UInt8]) {
        switch self {
        case .null: json += "null".utf8
        case .boolean(let value): json += (value ? "true" : "false").utf8
        case .number(let text): json += text.utf8
        case .string(let text): JSONText.append(string: text, to: &json)
        }
    }
}
