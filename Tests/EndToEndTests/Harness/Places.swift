import Foundation

/// Where the tests find what they run and what they read.
enum Places {
    static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent()  // Harness
        .deletingLastPathComponent()  // EndToEndTests
        .deletingLastPathComponent()  // Tests
        .deletingLastPathComponent()

    /// The server's executable: `LIVELOG_BINARY`, or the one built beside the tests.
    static let livelog: URL = {
        if let path = ProcessInfo.processInfo.environment["LIVELOG_BINARY"] {
            return URL(filePath: path)
        }
        return URL(filePath: CommandLine.arguments[0])
            .deletingLastPathComponent()
            .appending(path: "livelog")
    }()

    /// The Python that has the client libraries; `tools/test` prepares it.
    static let python = repository.appending(path: ".build/test-venv/bin/python")

    static let fixture = repository.appending(path: "Tests/Fixtures/repository-changes.ndjson.gz")

    /// What a person may want to look at after a run.
    static let artifacts = repository.appending(path: ".build/end-to-end")

    static func client(_ name: String) -> String {
        repository.appending(path: "Tests/EndToEndTests/Clients/\(name)").path
    }
}
