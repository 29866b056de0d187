import FoundationEssentials
import Glibc

/// A path in a new directory, which is removed afterwards.
func withTemporaryFile(
    _ text: String? = nil, _ body: (TemporaryFile) async throws -> Void
) async throws {
    let directory = FileManager.default.temporaryDirectory
        .appendingPathComponent("identity-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = TemporaryFile(path: directory.appendingPathComponent("file").path)
    if let text { try file.write(text) }
    try await body(file)
}

/// A file of a test.
struct TemporaryFile {
    let path: String

    /// Replaces the file by another one.
    func write(_ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: self.path), options: .atomic)
    }

    func remove() throws {
        try FileManager.default.removeItem(atPath: self.path)
    }

    func text() throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: self.path)), as: UTF8.self)
    }

    /// The rights of the file.
    func mode() -> UInt32? {
        var status = stat()
        guard stat(self.path, &status) == 0 else { return nil }
        return status.st_mode & 0o777
    }
}
