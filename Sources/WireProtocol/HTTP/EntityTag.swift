/// A strong entity tag (RFC 9110 section 8.8.3): equal if, and only if, the bodies are.
package struct EntityTag: Hashable, Sendable {
    /// The form in headers, with its quotes.
    package let text: String

    /// The tag of a body with this digest, the first 128 bits of one that nobody can find two bodies for.
    package init(low: UInt64, high: UInt64) {
        func digits(_ number: UInt64) -> String {
            let text = String(number, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        self.text = "\"\(digits(low))\(digits(high))\""
    }

    /// Whether a client that sends these values of `If-None-Match` has the body already: 304 is enough then.
    package func isIn(ifNoneMatch fields: [String]) -> Bool {
        fields.flatMap { $0.split(separator: ",") }.contains { field in
            let text = field.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
            // `If-None-Match` compares weakly (section 13.1.2).
            let tag = text.starts(with: "W/") ? String(text).dropFirst(2) : String(text)[...]
            return tag == self.text || tag == "*"
        }
    }
}
