import Foundation
import Testing

/// A server that records its sessions, and `livelog replay --sessions` over its directory.
@Suite struct RecordedSessionsTests {
    /// What a run of the command says at the end, and how it ended.
    private static func replay(
        _ data: URL, _ options: [String] = []
    ) async throws -> (ending: ChildProcess.Ending, summary: [String: Any], lines: [String]) {
        let command = try ChildProcess(
            Places.livelog, ["replay", data.path, "--sessions", "--format", "json"] + options)
        var lines: [String] = []
        while let line = await command.nextLine() { lines.append(line) }
        let ending = await command.ending()
        let last = lines.last.map { Data($0.utf8) }
        let summary = try last.map { try JSONSerialization.jsonObject(with: $0) }
        return (ending, summary as? [String: Any] ?? [:], lines)
    }

    @Test(.timeLimit(.minutes(5)))
    func sessionsOfAServerRunAgainAndNothingIsDifferent() async throws {
        try await withTemporaryDirectory { directory in
            let data = directory.appending(path: "data")
            let fixture = try await Fixture.unpacked(into: directory)
            try await withServer(in: directory, options: ["--record-sessions", "all"]) { server in
                let subscribers = [
                    try server.subscribe(model: Fixture.model, where: Fixture.filter),
                    try server.subscribe(model: Fixture.model, where: "directory=src"),
                ]
                let publish = try server.publish(fixture.file)
                #expect(await publish.ending() == .exited(0), "\(publish.errorOutput)")
                _ = try await subscribers[0].records(Fixture.matching)

                // While the server runs. What it writes down comes a moment after what it does.
                var running = try await Self.replay(data)
                for _ in 0..<100 where running.summary["subscriptions"] as? Int != 2 {
                    running = try await Self.replay(data)
                }
                #expect(running.ending == .exited(0), "\(running.lines)")
                #expect(running.summary["subscriptions"] as? Int == 2)
                #expect(running.summary["deliveries"] as? Int ?? 0 >= Fixture.matching)

                // Opened and begun, twice.
                let metrics = try await server.metrics()
                let name = "livelog_session_entries_total"
                #expect(metrics["\(name){result=\"recorded\"}"] ?? 0 >= 4)
                #expect(metrics["\(name){result=\"lost\"}"] == 0)
                await server.stop()
            }

            // And after its end: the sessions have ended, and two runs are the same.
            let frames = directory.appending(path: "frames").path
            let first = try await Self.replay(data, ["--frames-out", frames])
            #expect(first.ending == .exited(0), "\(first.lines)")
            #expect(first.summary["sessions"] as? Int == 2)
            #expect(first.summary["differences"] as? Int == 0)
            #expect((first.summary["notRun"] as? [String: Any])?.isEmpty == true)
            let again = try await Self.replay(data, ["--compare", frames])
            #expect(again.ending == .exited(0) && again.summary["changed"] as? Int == 0)

            // Rules that show nothing of the model: every frame is missing.
            let config = directory.appending(path: "config.yaml")
            try "models:\n  other.Model:\n    views:\n      - {name: all, who: everyone}\n"
                .write(to: config, atomically: true, encoding: .utf8)
            let closed = try await Self.replay(
                data, ["--compare", frames, "--config", config.path])
            #expect(closed.ending == .exited(1))
            #expect(closed.summary["changed"] as? Int == 2)
            #expect(closed.lines.contains { $0.contains(#""difference":"earlier-run""#) })
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func whoRecordsNothingHasNoJournal() async throws {
        try await withTemporaryDirectory { directory in
            let data = directory.appending(path: "data")
            try await withServer(in: directory) { server in
                _ = try await server.publish(
                    lines: #"{"model":"m","action":"CREATED","instance":{"id":1}}"#)
                await server.stop()
            }
            let said = try await ChildProcess.shell(
                "'\(Places.livelog.path)' replay --sessions '\(data.path)' 2>&1 || echo \"exit $?\""
            ).output()
            #expect(said.count == 2 && said.last == "exit 1")
            #expect(said.first?.contains("has no journal of sessions") == true)
        }
    }
}
