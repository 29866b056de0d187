import Foundation

/// Files of the repository that tests compare the code with.
enum RepositoryFile {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent()  // Support
        .deletingLastPathComponent()  // LogFormatTests
        .deletingLastPathComponent()  // Tests
        .deletingLastPathComponent()

    /// The text of the file at `path`, relative to the repository.
    static func text(_ path: String) throws -> String {
        try String(contentsOf: self.root.appending(path: path), encoding: .utf8)
    }

    /// The golden fixture `name` without its comment lines.
    static func fixture(_ name: String) throws -> String {
        try self.text("Tests/Fixtures/format/\(name)")
            .split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0 + "\n" }.joined()
    }
}
