import Access

/// The cookies that a client sent (RFC 6265), of which only some are looked at.
enum CookieHeader {
    /// The most bytes of the header.
    static let bytesMax = 16 << 10

    /// The values of the cookies `names` by name. If one was sent twice the last counts, as in Django.
    static func values(
        of names: Set<String>, in header: String
    ) throws(AuthenticationError) -> [String: String] {
        guard header.utf8.count <= Self.bytesMax else {
            throw AuthenticationError(
                .malformed, "the cookies have more than \(Self.bytesMax) bytes")
        }
        var values: [String: String] = [:]
        for pair in header.split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let name = Self.trimmed(parts[0])
            if names.contains(name) { values[name] = Self.trimmed(parts[1]) }
        }
        return values
    }

    private static func trimmed(_ text: Substring) -> String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        let start = text.drop(while: isSpace)
        return String(start.reversed().drop(while: isSpace).reversed())
    }
}
