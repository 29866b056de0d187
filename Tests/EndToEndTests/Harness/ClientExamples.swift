import Foundation

/// The examples of `docs/clients.md`: fenced blocks under a comment line `<!-- example: NAME -->`.
enum ClientExamples {
    /// The address that the examples speak to.
    static let address = "127.0.0.1:8080"

    /// The blocks of this name, in order.
    static func blocks(_ name: String) throws -> [String] {
        let file = Places.repository.appending(path: "docs/clients.md")
        let mark = "<!-- example: \(name) -->\n"
        let parts = try String(contentsOf: file, encoding: .utf8).split(separator: mark).dropFirst()
        return try parts.map { part in
            guard part.hasPrefix("```"), let start = part.firstIndex(of: "\n"),
                let end = part.firstRange(of: "\n```\n")?.lowerBound, start < end
            else { throw Failure("docs/clients.md: no block under an example \(name)") }
            return String(part[start..<end].dropFirst())
        }
    }
}
