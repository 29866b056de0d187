import Foundation
import Testing

/// Streams of events and of lines.
@Suite struct ReadStreamsTests {
    private static func change(_ key: Int, list: Int = 1) -> String {
        #"{"model":"m","action":"UPDATED","instance":{"id":\#(key),"list":\#(list)}}"# + "\n"
    }

    private static let target = "/v1/changes?model=m&where=list%3D1"
    private static let events = "text/event-stream"
    private static let lines = "application/x-ndjson"

    @Test(.timeLimit(.minutes(1)))
    func eventsComeAsTheyHappenAndResumeWhereTheyEnded() async throws {
        try await withServer { server in
            try await server.publish(lines: Self.change(1))
            let stream = try server.stream(Self.target + "&from=start", accept: Self.events)
            let (status, headers) = try await stream.head()
            #expect(status.contains(" 200"))
            #expect(headers["content-type"] == "text/event-stream; charset=utf-8")
            #expect(headers["cache-control"] == "no-store")
            #expect(headers["x-accel-buffering"] == "no")

            let subscribed = try #require(await stream.event())
            #expect(subscribed.name == "subscribed" && subscribed.retry == "1000")
            #expect(subscribed.data == #"{"plan":"group"}"#)
            let past = try await stream.event(named: "changes")
            #expect(past.data.hasPrefix(#"{"records":[{"offset":0,"#))
            let live = try await stream.event(named: "covered")
            #expect(live.data == #"{"live":true}"# && live.id.utf8.count == 28)

            try await server.publish(lines: Self.change(2, list: 2))
            try await server.publish(lines: Self.change(3))
            let next = try await stream.event(named: "changes")
            #expect(next.data.contains(#""offset":2,"#) && !next.data.contains(#""offset":1,"#))
            await stream.kill()

            try await server.publish(lines: Self.change(4))
            // As a browser does: the URL as it was, and the id of the last event.
            let again = try server.stream(
                Self.target + "&from=start", accept: Self.events,
                headers: ["Last-Event-ID: \(next.id)"])
            _ = try await again.head()
            let missed = try await again.event(named: "changes")
            #expect(missed.data.hasPrefix(#"{"records":[{"offset":3,"#))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func linesAreRecordsAndTokens() async throws {
        try await withServer { server in
            for key in 0..<3 { try await server.publish(lines: Self.change(key)) }
            try await server.publish(lines: Self.change(1, list: 2))
            let stream = try server.stream(Self.target + "&from=snapshot", accept: Self.lines)
            let (_, headers) = try await stream.head()
            #expect(headers["content-type"] == "application/x-ndjson")
            #expect(await stream.nextLine() == #"{"plan":"group","snapshot":"requested"}"#)
            let set = [await stream.nextLine(), await stream.nextLine()]
            #expect(
                set[0]?.hasPrefix(#"{"offset":0,"action":"UPDATED","change":"entered","#) == true)
            #expect(set[1]?.hasPrefix(#"{"offset":2,"#) == true)
            let live = try await stream.line { $0.contains(#""live":true"#) }
            #expect(live.hasPrefix(#"{"token":""#))
            try await server.publish(lines: Self.change(2, list: 3))
            let left = try await stream.line { $0.contains("offset") }
            #expect(left == #"{"offset":4,"action":"UPDATED","change":"left","key":2}"#)
            #expect(await stream.nextLine()?.hasPrefix(#"{"token":""#) == true)
        }
    }

    /// A reader that does not read costs a cursor: the server takes all that others publish, and what it sends
    /// later is all of it, in order.
    @Test(.timeLimit(.minutes(3)))
    func whoReadsLateGetsEverythingInOrder() async throws {
        try await withTemporaryDirectory { directory in
            let gate = directory.appending(path: "gate").path
            try await ChildProcess.shell("mkfifo \"$GATE\"", environment: ["GATE": gate]).output()
            try await withServer(in: directory) { server in
                let late = try ChildProcess.shell(
                    """
                    curl -sN -H 'Accept: application/x-ndjson' "$URL" |
                        { read -r first; echo "$first"; read -r go < "$GATE"; cat; }
                    """,
                    environment: ["URL": server.url + Self.target + "&from=start", "GATE": gate])
                #expect(await late.nextLine()?.contains("plan") == true)
                let text = String(repeating: "x", count: 100_000)
                for key in 0..<100 {
                    let instance = #"{"id":\#(key),"list":1,"text":"\#(text)"}"#
                    try await server.publish(
                        lines: #"{"model":"m","action":"UPDATED","instance":\#(instance)}"#)
                }
                try await ChildProcess.shell(
                    "echo go > \"$GATE\"", environment: ["GATE": gate]
                ).output()
                var offsets: [Int] = []
                while offsets.count < 100, let line = await late.nextLine() {
                    guard let offset = line.firstMatch(of: /^\{"offset":(\d+),/) else { continue }
                    offsets.append(Int(offset.1) ?? -1)
                }
                #expect(offsets == Array(0..<100))
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aStreamEndsWhenTheServerStops() async throws {
        try await withServer { server in
            let stream = try server.stream(Self.target, accept: Self.events)
            _ = try await stream.event(named: "covered")
            await server.stop()
            while await stream.event() != nil {}
            #expect(await stream.ending() == .exited(0))
        }
    }
}
