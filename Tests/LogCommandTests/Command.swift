import Foundation
import LogModel
import LogStorage
import TestSupport

/// A run of `livelog log` to its end.
struct Command {
    let status: Int32
    let output: String
    let errors: String

    /// The lines of the output.
    var lines: [String] {
        self.output.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
    }

    /// `LIVELOG_BINARY`, or the program that was built beside the tests.
    static let program: URL = {
        if let path = ProcessInfo.processInfo.environment["LIVELOG_BINARY"] {
            return URL(filePath: path)
        }
        return URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "livelog")
    }()

    /// Runs `livelog log` with `arguments`.
    init(_ arguments: String...) throws {
        try self.init(Self.program, ["log"] + arguments)
    }

    /// Runs `livelog log` with `arguments` and its output in the shell command `filter`; the status is that of
    /// the first of the two that fails.
    init(_ arguments: [String], into filter: String) throws {
        let words = (["log"] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let script = "set -o pipefail; '\(Self.program.path)' \(words) | \(filter)"
        try self.init(URL(filePath: "/bin/bash"), ["-c", script])
    }

    private init(_ program: URL, _ arguments: [String]) throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "livelog-command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files and not pipes: nobody has to read both while the program runs.
        let (output, errors) = (folder.appending(path: "out"), folder.appending(path: "err"))
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.create(output)
        process.standardError = try Self.create(errors)
        try process.run()
        process.waitUntilExit()
        self.status = process.terminationStatus
        self.output = String(decoding: try Data(contentsOf: output), as: UTF8.self)
        self.errors = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
    }

    private static func create(_ file: URL) throws -> FileHandle {
        try Data().write(to: file)
        return try FileHandle(forWritingTo: file)
    }

    /// The objects of the output, one a line.
    func objects() throws -> [[String: Any]] {
        try self.lines.compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }
}

/// Runs `body` with the directory of a log that was closed: tasks of three lists that move, and are deleted.
func withSampleLog(
    changes: Int = 2000, upkeep: Upkeep = Upkeep(coldAge: nil), _ body: (String) throws -> Void
) throws {
    try withTemporaryDirectory(inMemory: true) { path in
        let options = LogOptions(
            segmentByteCount: LogOptions.segmentByteCountMin, upkeep: upkeep)
        let writer = try Recovery.open(LogDirectory(path), options: options).writer
        for first in stride(from: 0, to: changes, by: 20) {
            var builder = ChangesBuilder()
            for number in first..<min(first + 20, changes) {
                builder.add(
                    number % 17 == 16 ? .deleted : .updated,
                    number % 5 == 0 ? "todo.List" : "todo.Task",
                    key: .number(number % 101), groups: [("list_id", .number(number % 3))])
            }
            let time = 1_760_000_000_000_000 + Int64(first) * 1_000_000
            try writer.commit(builder.finish(), time: time)
            while try writer.maintenance.step(now: time) != nil {}
        }
        try writer.close()
        try withExtendedLifetime(writer) { try body(path) }
    }
}
