import Foundation
import Glibc
import Testing

/// A running `storage-torture`, whose lines are read as they come.
final class TortureProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var rest: [UInt8] = []

    /// Starts it with `arguments`.
    init(_ arguments: String...) throws {
        self.process.executableURL = URL(filePath: CommandLine.arguments[0])
            .deletingLastPathComponent().appending(path: "storage-torture")
        self.process.arguments = arguments
        self.process.standardInput = self.input
        self.process.standardOutput = self.output
        try self.process.run()
    }

    /// The next line, or nil at the end of the output.
    func line() -> String? {
        while true {
            if let end = self.rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: self.rest[..<end], as: UTF8.self)
                self.rest.removeSubrange(...end)
                return line
            }
            let more = self.output.fileHandleForReading.availableData
            if more.isEmpty { return nil }
            self.rest += more
        }
    }

    /// All lines to the end of the output.
    func lines() -> [String] {
        var lines: [String] = []
        while let line = self.line() { lines.append(line) }
        return lines
    }

    /// Ends it as a power switch would end a machine, and waits.
    func kill() {
        Glibc.kill(self.process.processIdentifier, SIGKILL)
        self.process.waitUntilExit()
    }

    /// Lets it go and waits until it has ended.
    func finish() throws {
        try self.input.fileHandleForWriting.close()
        self.process.waitUntilExit()
    }

    /// The number of the process.
    var identifier: Int32 { self.process.processIdentifier }
}
