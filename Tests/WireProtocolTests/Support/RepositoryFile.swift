import Foundation

/// Files of the repository that tests compare the code with.
enum RepositoryFile {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent()  // Support
        .deletingLastPathComponent()  // WireProtocolTests
        .deletingLastPathComponent()  // Tests
        .deletingLastPathComponent()

    /// The text of the file at `path`, relative to the repository.
    static func text(_ path: String) throws -> String {
        try String(contentsOf: self.root.appending(path: path), encoding: .utf8)
    }

    /// The names of the files in the folder at `path`, in order.
    static func names(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            atPath: self.root.appending(path: path).path(percentEncoded: false)
        ).sorted()
    }
}
