/// A JSON scalar as the value of a group or of a key.
///
/// Its canonical text is a string's content, or another scalar's JSON text as it was published: so the
/// number `1` and the string `"1"` are the same group, as in django-rest-live, and `1` and `1.0` are
/// not. `null` has no text and is a group of its own, apart from the string `""`.
public struct Scalar: Hashable, Sendable {
    /// The JSON type. The raw values are on disk (`docs/format/segment.md`): never renumber them.
    public enum Kind: UInt8, Sendable, CaseIterable {
        case null = 0
        case string = 1
        case number = 2
        case boolean = 3
    }

    /// The JSON type, kept so that the value can be given back as it came.
    public let kind: Kind
    /// The canonical text; empty for `null`.
    public let text: Text

    /// Creates a scalar from its type and canonical text.
    public init(kind: Kind, text: Text) {
        self.kind = kind
        self.text = text
    }

    /// JSON's `null`.
    public static let null = Scalar(kind: .null, text: "")

    /// A JSON string with the content `content`.
    public static func string(_ content: String) -> Scalar {
        Scalar(kind: .string, text: Text(content))
    }

    /// A JSON integer.
    public static func number(_ value: Int) -> Scalar {
        Scalar(kind: .number, text: Text(String(value)))
    }

    /// JSON's `true` or `false`.
    public static func boolean(_ value: Bool) -> Scalar {
        Scalar(kind: .boolean, text: value ? "true" : "false")
    }

    /// Whether both name the same group: the same text, and both `null` or neither.
    public func isSameGroupValue(as other: Scalar) -> Bool {
        self.text == other.text && (self.kind == .null) == (other.kind == .null)
    }
}
