import Foundation

/// The commands and pages of the README that promise to work as written.
///
/// Each is a fenced block under a comment line `<!-- tour: KIND -->`.
struct Readme {
    enum Kind: String {
        /// Starts the server.
        case serve
        /// Ends by itself.
        case publish
        case history
        case bench
        /// Prints changes and goes on.
        case follow
        /// Prints what there is, and then ends or goes on.
        case read
        /// To be opened in a browser.
        case page
        /// The same, served from somewhere: it loads the server's module.
        case collection
    }

    struct Step {
        let kind: Kind
        let content: String
    }

    /// The address that the README's commands and pages speak to.
    static let port = 8080
    static let address = "127.0.0.1:\(port)"

    let tour: [Step]

    init() throws {
        let file = Places.repository.appending(path: "README.md")
        var lines = try String(contentsOf: file, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)[...]
        var tour: [Step] = []
        while let line = lines.popFirst() {
            guard let mark = line.wholeMatch(of: /<!-- tour: (\w+) -->/) else { continue }
            guard let kind = Kind(rawValue: String(mark.1)),
                lines.popFirst()?.hasPrefix("```") == true
            else { throw Failure("README.md: no block that can be run under: \(line)") }
            let content = lines.prefix { $0 != "```" }
            lines = lines.dropFirst(content.count + 1)
            tour.append(Step(kind: kind, content: content.joined(separator: "\n")))
        }
        self.tour = tour
    }

    func steps(_ kind: Kind) -> [String] {
        tour.filter { $0.kind == kind }.map(\.content)
    }
}
