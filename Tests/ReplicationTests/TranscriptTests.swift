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
        #expect(Self.names.count >= 18)
    }

    @Test(arguments: names)
    func theServerSaysWhatItSays(name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        try withTemporaryDirectory(inMemory: true) { directory in
            var stage = try Stage(text, directory: directory)
            for line in text.split(separator: "\n") { try stage.play(line) }
            stage.end()
        }
    }
}

/// A server and a client that speaks the lines of a transcript.
private struct Stage {
    private let server: Server
    private let connection = RecordingConnection()
    private let id: Dispatcher.SessionID
    /// What the server has said since the last line of the client, and no line has shown.
    private var said: [String] = []
    /// The time of what is appended.
    private var time: Int64 = 0
    /// The tokens of all places that the log has had: of those that are removed it would not say them again.
    private var tokens: [String] = []

    /// Opens a log, and a session with the limits that the transcript `text` names.
    init(_ text: String, directory: String) throws {
        var limits = Dispatcher.Limits()
        var sessionLimits = SessionLimits()
        // A page, and a frame, of at most two records of these transcripts.
        if text.contains("at most 2 records") { sessionLimits.frameByteCountGoal = 150 }
        if text.contains("at most 2 subscriptions") { sessionLimits.subscriptionsMax = 2 }
        if text.contains("It refuses to look at every record") { sessionLimits.allowsScans = false }
        if text.contains("at most 1 instance.") { limits.snapshotInstancesMax = 1 }
        // The last segment only, when upkeep is told to take its steps.
        let smallest = LogOptions.segmentByteCountMin
        let options = LogOptions(
            segmentByteCount: smallest, upkeep: Upkeep(coldAge: nil, retainByteCount: smallest))
        let writer = try Recovery.open(LogDirectory(directory), options: options).writer
        self.server = Server(writer, limits: limits, sessionLimits: sessionLimits)
        self.id = self.server.open(self.connection)
        self.tokens = [try writer.log.token(at: .zero).text]
    }

    mutating func play(_ line: Substring) throws {
        let content = String(line.dropFirst(3))
        if line.prefix(3) == "<- " { return try self.hear(content) }
        #expect(self.said.isEmpty, "the server says more: \(self.said)")
        switch line.prefix(3) {
        case "#@ ": self.time = try #require(RFC3339.microseconds(content))
        case "#+ ":
            #expect(self.connection.takeMessages().isEmpty, "more was said before: \(content)")
            try self.append(content)
        case "#- ":
            let end = self.server.log.watermarks.visible
            let text = String(repeating: "x", count: 30_000)
            for _ in 0..<4 {
                try self.append(
                    #"{"model":"large","action":"CREATED","instance":{"id":1,"text":"\#(text)"}}"#)
            }
            while try self.server.writer.maintenance.step(now: 0) != nil {}
            try #require(self.server.log.first >= end)
        case "-> ":
            self.server.receive(try self.withTokens(content), from: self.id)
            self.server.settle()
        default: break
        }
    }

    /// Expects that everything that was said was shown.
    mutating func end() {
        #expect(self.said.isEmpty && self.connection.takeMessages().isEmpty)
    }

    private mutating func append(_ json: String) throws {
        var reader = ChangeReader()
        let changes = try reader.read(Array(json.utf8), as: .json, batching: .atomic)
        let end = try self.server.writer.commit(changes, time: self.time)
        while UInt64(self.tokens.count) <= end.rawValue {
            let place = Offset(UInt64(self.tokens.count))
            self.tokens.append(try self.server.log.token(at: place).text)
        }
        self.server.settle()
    }

    private mutating func hear(_ line: String) throws {
        if self.said.isEmpty { self.said = self.connection.takeMessages() }
        try #require(!self.said.isEmpty, "the server does not say: \(line)")
        let message = self.said.removeFirst()
        #expect(
            try Self.isSame(message, self.withTokens(line)), "\(message) and not \(line)")
    }

    private func withTokens(_ line: String) throws -> String {
        var line = line
        for (number, token) in self.tokens.enumerated() {
            line = line.replacing("<token of \(number)>", with: token)
        }
        let epoch = self.server.log.epoch
        let other = ResumeToken(
            epoch: Epoch(epoch.rawValue ^ 1), next: Offset(UInt64(min(1, self.tokens.count - 1))),
            checksum: 7)
        let beyond = ResumeToken(
            epoch: epoch, next: Offset(UInt64(self.tokens.count)), checksum: 7)
        return
            line
            .replacing("<token of another log>", with: other.text)
            .replacing("<token beyond the end>", with: beyond.text)
    }

    /// Whether `message` is what a line says, in which `<message>` is any text.
    private static func isSame(_ message: String, _ line: String) -> Bool {
        guard let hole = line.range(of: "<message>") else { return message == line }
        return message.hasPrefix(line[..<hole.lowerBound])
            && message.hasSuffix(line[hole.upperBound...])
    }
}
