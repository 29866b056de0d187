import Foundation
import LogModel
import LogStorage
import TestSupport
import Testing
import WireProtocol

/// The commands of `docs/incident.md`, run as written: they print what is written below them.
@Suite struct IncidentTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A command and what is printed.
    private struct Block {
        let command: String
        let output: String
    }

    private static func blocks() throws -> [Block] {
        let page = try String(
            contentsOf: self.root.appending(path: "docs/incident.md"), encoding: .utf8)
        return page.components(separatedBy: "```console\n$ ").dropFirst().compactMap { part in
            guard let end = part.range(of: "\n```") else { return nil }
            let lines = part[..<end.lowerBound].split(separator: "\n", maxSplits: 1)
            return Block(command: String(lines[0]), output: lines.count > 1 ? String(lines[1]) : "")
        }
    }

    /// The changes of the page's log, one line each.
    private static func changes() throws -> [String] {
        let source = self.root.appending(path: "docs/examples/incident/changes.ndjson.gz")
        let unpacked = try Command(running: "gzip --decompress --stdout '\(source.path)'")
        return unpacked.lines
    }

    /// Each commit is a batch at its time.
    private static func makeLog(in path: String) throws {
        let options = LogOptions(segmentByteCount: 1 << 20)
        let writer = try Recovery.open(LogDirectory(path), options: options).writer
        var batch: [String] = []
        var time: Int64 = 0
        func append() throws {
            guard !batch.isEmpty else { return }
            var reader = ChangeReader(limits: .default)
            let bytes = Array(batch.joined(separator: "\n").utf8)
            try writer.commit(try reader.read(bytes, as: .ndjson, batching: .atomic), time: time)
            batch = []
        }
        for line in try self.changes() {
            if line.hasPrefix(#"{"model":"repo.Commit""#) {
                try append()
                let parts = line.split(separator: #""committed_at":"#)
                time = (Int64(parts[1].prefix { $0.isNumber }) ?? 0) * 1_000_000
            }
            batch.append(line)
        }
        try append()
        while try writer.maintenance.step(now: time) != nil {}
        try writer.close()
    }

    /// Without what differs from log to log: its hashes and tokens, and zeros behind seconds.
    private static func settled(_ text: String) -> String {
        text.replacing(/\([0-9a-f]{16}\)/, with: "(hash)")
            .replacing(/"token":"[^"]*"/, with: "token").replacing(".000000Z", with: "Z")
            .trimmingCharacters(in: .newlines)
    }

    @Test func theCommandsOfThePagePrintWhatIsBelowThem() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            try Self.makeLog(in: path)
            let blocks = try Self.blocks()
            #expect(blocks.count >= 6)
            for block in blocks {
                let result = try Command(
                    running: block.command.replacing(
                        "livelog log", with: "'\(Command.program.path)' log"
                    ).replacing(" incident ", with: " '\(path)' "))
                #expect(result.errors.isEmpty, "\(block.command)")
                #expect(
                    Self.settled(result.output) == Self.settled(block.output), "\(block.command)")
            }
        }
    }
}
