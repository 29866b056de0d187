import Foundation
import LogModel
import LogStorage
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// The golden transcripts of `livelog.v1`, said by a real server: a log, a dispatcher and sessions.
struct TranscriptTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/transcripts")

    static let names: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []).sorted()

    @Test func thereAreTranscripts() {
        #expect(Self.names.count >= 9)
    }

    @Test(arguments: names)
    func theServerSaysWhatItSays(name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        var sessionLimits = SessionLimits()
        // A page, and a frame, of at most two records of these transcripts.
        if text.contains("at most 2 records") { sessionLimits.frameByteCountGoal = 150 }
        try withTemporaryLog { writer in
            let server = Server(writer, sessionLimits: sessionLimits)
            let connection = RecordingConnection()
            let id = server.open(connection)
            var said: [String] = []
            for line in text.split(separator: "\n") {
                let content = String(line.dropFirst(3))
                switch line.prefix(3) {
                case "#+ ":
                    #expect(
                        connection.takeMessages().count == 0, "more was said before: \(content)")
                    var reader = ChangeReader()
                    try writer.commit(
                        reader.read(Array(content.utf8), as: .json, batching: .atomic))
                    server.settle()
                case "-> ":
                    server.receive(try Self.withTokens(content, of: writer.log), from: id)
                    server.settle()
                case "<- ":
                    if said.isEmpty { said = connection.takeMessages() }
                    try #require(!said.isEmpty, "the server does not say: \(content)")
                    let message = said.removeFirst()
                    #expect(
                        try Self.isSame(message, Self.withTokens(content, of: writer.log)),
                        "\(message) and not \(content)")
                default: break
                }
                if !line.hasPrefix("<-") {
                    #expect(said.isEmpty, "the server says more: \(said)")
                }
            }
            #expect(said.isEmpty && connection.takeMessages().isEmpty)
        }
    }

    private static func withTokens(_ line: String, of log: ChangeLog) throws -> String {
        var line = line
        let visible = log.watermarks.visible.rawValue
        for number in 0...visible {
            let place = "<token of \(number)>"
            guard line.contains(place) else { continue }
            line = line.replacing(place, with: try log.token(at: Offset(number)).text)
        }
        let other = ResumeToken(
            epoch: Epoch(log.epoch.rawValue ^ 1), next: Offset(min(1, visible)), checksum: 7)
        return line.replacing("<token of another log>", with: other.text)
    }

    /// Whether `message` is what a line says, in which `<message>` is any text.
    private static func isSame(_ message: String, _ line: String) -> Bool {
        guard let hole = line.range(of: "<message>") else { return message == line }
        return message.hasPrefix(line[..<hole.lowerBound])
            && message.hasSuffix(line[hole.upperBound...])
    }
}
