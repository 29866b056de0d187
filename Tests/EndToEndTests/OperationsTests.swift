import Foundation
import Testing

/// What those who run a server see of it, and how it stops.
@Suite struct OperationsTests {
    @Test(.timeLimit(.minutes(1)))
    func promtoolAcceptsTheMetrics() async throws {
        try await withTemporaryDirectory { directory in
            try await withServer(in: directory) { server in
                try await server.publish(
                    lines: #"{"model":"m","action":"CREATED","instance":{"id":1}}"#)
                _ = try await server.exchange(.get("/nowhere"))
                let page = try await server.exchange(.get("/metrics"))
                #expect(
                    page.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
                let file = directory.appending(path: "metrics")
                try Data(page.body.utf8).write(to: file)
                // What it does not like it says, and ends with 3 for style and 1 for syntax.
                let lines = try await ChildProcess.shell(
                    #"promtool check metrics < "$FILE" 2>&1"#, environment: ["FILE": file.path]
                ).output()
                #expect(lines.isEmpty)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func theDocumentedMetricsAreTheOnesThatAreShown() async throws {
        try await withServer { server in
            let page = try await server.exchange(.get("/metrics")).body
            let shown = page.split(separator: "\n").compactMap { line -> String? in
                let words = line.split(separator: " ")
                guard words.starts(with: ["#", "TYPE"]), words.count == 4 else { return nil }
                return "\(words[2]) \(words[3])"
            }
            let rows = try String(
                contentsOf: Places.repository.appending(path: "docs/operations.md"),
                encoding: .utf8
            ).split(separator: "\n")
            // | `name` | kind | meaning | alarm |
            let documented = rows.compactMap { row -> String? in
                let cells = row.split(separator: "|").map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
                guard cells.count == 4, cells[0].hasPrefix("`"),
                    ["counter", "gauge", "histogram"].contains(cells[1])
                else { return nil }
                return cells[0].trimmingCharacters(in: ["`"]) + " " + cells[1]
            }
            #expect(Set(documented) == Set(shown))
            #expect(documented.count == shown.count && !shown.isEmpty)
            #expect(Set(shown).count == shown.count, "a family is shown twice")
            let states = page.matches(of: /livelog_sessions{state="([a-z]+)"}/).map { "\($0.1)" }
            let row = try #require(rows.first { $0.hasPrefix("| `livelog_sessions`") })
            let named = row.split(separator: "|")[2].matches(of: /`([a-z]+)`/).map { "\($0.1)" }
            #expect(named == ["state"] + states)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func metricsCountWhatHappens() async throws {
        try await withServer { server in
            let before = try await server.metrics()
            #expect(before["livelog_ready"] == 1)
            #expect(before["livelog_append_records_total"] == 0)
            let change = #"{"model":"m","action":"CREATED","instance":{"id":1}}"#
            for _ in 0..<3 { try await server.publish(lines: change + "\n" + change) }
            #expect(try await server.exchange(.publish("nonsense".utf8)).status == 400)
            let after = try await server.metrics()
            #expect(after["livelog_append_records_total"] == 6)
            #expect(after["livelog_append_batches_total"] == 3)
            #expect(after[#"livelog_log_offset{bound="visible"}"#] == 6)
            #expect(after[#"livelog_log_offset{bound="durable"}"#] == 6)
            #expect(after["livelog_commit_records_sum"] == 6)
            #expect((after["livelog_sync_duration_seconds_count"] ?? 0) > 0)
            #expect((after["livelog_append_bytes_total"] ?? 0) > 300)
            let route = #"route="/v1/changes",method="POST""#
            let name = "livelog_http_request_duration_seconds_count"
            #expect(after["\(name){\(route),status=\"2xx\"}"] == 3)
            #expect(after["\(name){\(route),status=\"4xx\"}"] == 1)
            #expect((after["process_open_fds"] ?? 0) > 5)
            #expect((after["process_resident_memory_bytes"] ?? 0) > 1_000_000)
            #expect((after["process_cpu_seconds_total"] ?? 0) > 0)
        }
    }

    /// Sessions are told where they are and go, slice by slice; what is new is answered, and then the log is
    /// closed.
    @Test(.timeLimit(.minutes(2)))
    func aServerThatIsToldToStopDrains() async throws {
        let options = ["--drain-seconds", "2", "--log-format", "json", "--log-level", "info"]
        try await withServer(options: options) { server in
            let count = 1200
            let drain = try server.python(
                "drain.py", [server.webSocket, "\(server.processIdentifier)", "\(count)"])
            let line = try await drain.line { $0.hasPrefix("{") }
            let seen = try JSONDecoder().decode(DrainReport.self, from: Data(line.utf8))
            #expect(await drain.ending() == .exited(0), "\(drain.errorOutput)")
            #expect(seen.ready == [200, 503])
            #expect(seen.healthy == [200, 200])
            #expect(seen.publish == 503 && seen.retryAfter == "5" && seen.code == "stopping")
            #expect(seen.handshake == 503)
            #expect(seen.closes == ["1001": count + 1])
            #expect(seen.farewells == count)
            #expect(seen.seconds.last - seen.seconds.first > 0.3, "all went at once")
            #expect(seen.seconds.last < 3)
            #expect(await server.ending() == .exited(0))
            let log = try server.logLines()
            #expect(log.contains { $0["message"] == "stopping" && $0["signal"] == "SIGTERM" })
            #expect(log.last?["message"] == "the log is closed" && log.last?["end"] == "1")
            #expect(log.allSatisfy { $0["time"]?.hasSuffix("Z") == true && $0["level"] != nil })
            try await server.restart()
            let opened = try #require(
                try server.logLines().first { $0["message"] == "opened the log" })
            #expect(opened["end"] == "1" && opened["segments"] == "1")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func aSecondSignalEndsTheServerAtOnce() async throws {
        try await withServer(options: ["--drain-seconds", "3600"]) { server in
            let drain = try server.python(
                "drain.py",
                [server.webSocket, "\(server.processIdentifier)", "1500", "--twice"])
            let line = try await drain.line { $0.hasPrefix("{") }
            #expect(line.contains(#""lost""#))
            #expect(await server.ending() == .exited(128 + SIGTERM))
            try await server.restart()
            let receipt = try await server.publish(
                lines: #"{"model":"m","action":"CREATED","instance":{"id":2}}"#)
            #expect(receipt.first == 1, "what was acknowledged is in the log")
        }
    }
}

/// What `drain.py` saw of the end.
private struct DrainReport: Decodable {
    struct Seconds: Decodable {
        let first: Double
        let last: Double
    }

    let ready: [Int]
    let healthy: [Int]
    let publish: Int
    let retryAfter: String?
    let code: String
    let handshake: Int
    let closes: [String: Int]
    let farewells: Int
    let seconds: Seconds
}

extension LivelogServer {
    /// The samples of `/metrics`, by name and labels.
    func metrics() async throws -> [String: Double] {
        let page = try await exchange(.get("/metrics"))
        guard page.status == 200 else { throw Failure("no metrics: \(page.status)") }
        var samples: [String: Double] = [:]
        for line in page.body.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            samples[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        return samples
    }

    /// The lines of the server's own log, in JSON.
    fileprivate func logLines() throws -> [[String: String]] {
        try errorOutput.split(separator: "\n").map {
            try JSONDecoder().decode([String: String].self, from: Data($0.utf8))
        }
    }
}
