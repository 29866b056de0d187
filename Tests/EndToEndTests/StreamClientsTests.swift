import Foundation
import Testing

/// Streams over plain HTTP, read by programs that know nothing of Livelog: curl and httpx-sse.
@Suite struct StreamClientsTests {
    private static let query = "model=todolist.Task&where=list_id%3D42"

    @Test(.timeLimit(.minutes(2)))
    func curlFollowsLinesAndGoesOnFromTheLastToken() async throws {
        try await withServer { server in
            try await server.publish(
                lines: [task(1, 42), task(2, 7), task(3, 42)].joined(separator: "\n"))
            let type = "application/x-ndjson"
            var curl = try Self.curl("\(server.url)/v1/changes?\(Self.query)&from=start", type)
            let (records, token) = try await Self.untilLive(curl)
            #expect(
                records.map(\.offset) == [0, 2] && records.map(\.change) == ["entered", "entered"])

            try await server.publish(lines: task(1, 7))
            let left = try Line(try #require(await curl.nextLine()))
            #expect(left.offset == 3 && left.change == "left" && left.instance == nil)
            let after = try Line(try #require(await curl.nextLine()))
            let last = try #require(after.token)
            #expect(last != token)

            await server.kill()
            #expect(await curl.ending() != .exited(0))
            try await server.restart()
            try await server.publish(lines: task(4, 42))
            curl = try Self.curl("\(server.url)/v1/changes?\(Self.query)&from=\(last)", type)
            let (rest, _) = try await Self.untilLive(curl)
            #expect(rest.map(\.offset) == [4])
            await curl.kill()
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func curlSeesServerSentEvents() async throws {
        try await withServer { server in
            try await server.publish(lines: task(1, 42))
            let curl = try Self.curl(
                "\(server.url)/v1/changes?\(Self.query)&from=start", "text/event-stream")
            var fields: [String] = []
            while fields.last?.contains(#""live":true"#) != true {
                fields.append(try #require(await curl.nextLine()))
            }
            #expect(fields.contains("event: subscribed") || fields.contains("event:subscribed"))
            #expect(fields.contains { $0.wholeMatch(of: /retry: ?1000/) != nil })
            #expect(fields.contains { $0.wholeMatch(of: /event: ?changes/) != nil })
            #expect(fields.filter { $0.hasPrefix("id:") }.count >= 2)
            await curl.kill()
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func aClientOfServerSentEventsResumesByTheLastEventsId() async throws {
        try await withServer { server in
            try await server.publish(lines: [task(1, 42), task(3, 42)].joined(separator: "\n"))
            let reader = try server.python(
                "httpx_events.py", ["\(server.url)/v1/changes?\(Self.query)&from=snapshot"])
            let first = try await Self.event(reader)
            #expect(first.event == "subscribed" && first.retry == 1000)
            let snapshot = try await Self.event(reader)
            #expect(
                snapshot.event == "snapshot" && snapshot.offsets == [0, 1] && !snapshot.id.isEmpty)
            #expect(try await Self.event(reader).event == "covered")

            await server.kill()
            try await server.restart()
            try await server.publish(lines: task(5, 42))
            var offsets: [Int] = []
            while offsets.isEmpty {
                let event = try await Self.event(reader)
                #expect(event.event != "snapshot" && event.event != "reset")
                offsets += event.offsets
            }
            #expect(offsets == [2])
            await reader.kill()
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func aStreamThatCannotGoOnIsRefusedSoThatTheClientStops() async throws {
        try await withServer { other in
            try await other.publish(lines: [task(1, 42), task(2, 42)].joined(separator: "\n"))
            let curl = try Self.curl(
                "\(other.url)/v1/changes?\(Self.query)&from=start", "application/x-ndjson")
            let foreign = try #require(try await Self.untilLive(curl).token)
            await curl.kill()
            try await withServer { server in
                try await server.publish(lines: [task(1, 42), task(2, 42)].joined(separator: "\n"))
                let reader = try server.python(
                    "httpx_events.py", ["\(server.url)/v1/changes?\(Self.query)&from=\(foreign)"])
                let line = try await reader.line { _ in true }
                #expect(await reader.ending() == .exited(0), "\(reader.errorOutput)")
                let refused = try JSONDecoder().decode(Refused.self, from: Data(line.utf8))
                #expect(refused.status == 410 && refused.problem.code == "epoch")
            }
        }
    }

    private static func curl(_ url: String, _ type: String) throws -> ChildProcess {
        try ChildProcess(
            URL(filePath: "/usr/bin/curl"),
            ["--no-buffer", "--silent", "--fail", "--header", "Accept: \(type)", url])
    }

    /// The records up to the line that says that the stream is live, and that line's token.
    private static func untilLive(
        _ curl: ChildProcess
    ) async throws -> (records: [Line], token: String?) {
        var records: [Line] = []
        while true {
            guard let text = await curl.nextLine() else { throw curl.failure("ended") }
            let line = try Line(text)
            if line.live == true { return (records, line.token) }
            if line.offset != nil { records.append(line) }
        }
    }

    private static func event(_ reader: ChildProcess) async throws -> Event {
        let line = try await reader.line { _ in true }
        return try JSONDecoder().decode(Event.self, from: Data(line.utf8))
    }
}

private func task(_ key: Int, _ list: Int) -> String {
    #"{"model":"todolist.Task","action":"UPDATED","instance":{"id":\#(key),"list_id":\#(list)}}"#
}

/// A line of NDJSON: a record, or where the stream is.
private struct Line: Decodable {
    struct Instance: Decodable { let id: Int }

    let offset: Int?
    let change: String?
    let instance: Instance?
    let token: String?
    let live: Bool?

    init(_ text: String) throws {
        self = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
    }
}

/// A line of `httpx_events.py`.
private struct Event: Decodable {
    struct Content: Decodable {
        struct Record: Decodable { let offset: Int }
        let records: [Record]?
    }

    let event: String
    let id: String
    let retry: Int?
    let data: Content

    var offsets: [Int] { self.data.records?.map(\.offset) ?? [] }
}

/// The last line of `httpx_events.py` if the server does not begin the stream.
private struct Refused: Decodable {
    struct Problem: Decodable { let code: String }
    let status: Int
    let problem: Problem
}
