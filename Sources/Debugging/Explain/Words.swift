package import Access
package import LogModel
import WireProtocol

extension Scalar {
    /// The value as JSON text.
    package var json: String {
        var json: [UInt8] = []
        JSONText.append(scalar: self, to: &json)
        return String(decoding: json, as: UTF8.self)
    }
}

extension Condition {
    /// The condition as it is written on a command line: `list_id=42`; one that needs several is joined by "and".
    package var words: String {
        FilterExpression.texts(of: self).joined(separator: " and ")
    }
}

extension [Condition] {
    /// All of the conditions, joined by "and".
    package var words: String { self.map(\.words).joined(separator: " and ") }
}

extension [[Condition]] {
    /// The alternatives, joined by "or".
    package var words: String { self.map(\.words).joined(separator: ", or ") }
}

extension GroupKey {
    /// The group in words: `list_id=42`, or `all of todolist.Task`.
    package var words: String {
        self.property.bytes.isEmpty
            ? "all of \(self.model)"
            : Condition(property: self.property, test: .isIn([self.value])).words
    }
}

extension Principal {
    /// Who it is, for sentences.
    package var words: String {
        switch self.origin {
        case .anonymous: "nobody in particular"
        case .apiKey: "the API key \(self.subject)"
        case .token, .application: self.subject.isEmpty ? "whoever asks" : self.subject
        }
    }
}
