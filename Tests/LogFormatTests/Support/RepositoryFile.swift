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
}
