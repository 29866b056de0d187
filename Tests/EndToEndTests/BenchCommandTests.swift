import Foundation
import Testing

/// `livelog bench`: that each scenario runs, and that its counts are those of somebody else.
@Suite struct BenchCommandTests {
    /// What these tests read of a result.
    private struct Result: Decodable {
        struct Latency: Decodable {
            let count: Int
            let p50: Double
            let p99: Double
            let max: Double
        }
        struct Sample: Decodable { let seconds: Double }

        let scenario: String
        let version: String
        let figures: [String: Double]
        let latenciesUs: [String: Latency]
        let checks: [String: Int]
        let series: [Sample]
    }

    private func bench(_ arguments: [String]) async throws -> Result {
        let process = try ChildProcess(
            Places.livelog, ["bench"] + arguments + ["--format", "json"])
        let line = try await process.line { _ in true }
        #expect(await process.ending() == .exited(0), "\(process.errorOutput)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Result.self, from: Data(line.utf8))
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            "fanout --sockets 20 --groups 4 --seconds 0.6",
            "fanout --sockets 20 --rate 200 --seconds 0.6",
            "append --records 20000", "append --records 20000 --via http --connections 2",
            "append --records 2000 --batch 100 --rate 4000", "replay --records 20000 --groups 10",
            "match --subscriptions 2000 --records 5000",
            // Enough to catch up with that others are told something meanwhile, on a fast machine too.
            "resume --sockets 400 --behind 60 --seconds 0.3",
            "idle --sockets 40 --seconds 0.3", "slow --sockets 20 --seconds 0.3",
            "mixed --sockets 20 --groups 2 --churn 50 --seconds 1",
            "soak --sockets 20 --groups 2 --churn 50 --seconds 1.5",
        ])
    func everyScenarioRuns(command: String) async throws {
        let words = command.split(separator: " ").map(String.init)
        let result = try await self.bench(words)
        #expect(result.scenario == words[0])
        #expect(result.version.hasPrefix("livelog "))
        #expect(result.checks.values.allSatisfy { $0 == 0 })
        #expect(
            result.latenciesUs.values.allSatisfy {
                $0.count > 0 && $0.p50 <= $0.p99 && $0.p99 <= $0.max
            })
        #expect(result.figures.values.allSatisfy { $0.isFinite })
        let counts = [
            "deliveries": 1.0, "records": 2000, "all_records_per_second": 1,
            "wanted_records_per_second": 1,
            "storm_seconds": 0, "resident_bytes_each": 0, "resident_before_bytes": 1,
        ]
        #expect(counts.contains { name, least in (result.figures[name] ?? -1) > least - 1 })
    }

    /// The rate that is found holds, the next one that was tried does not: a limit between the fastest and the
    /// slowest that any machine does.
    @Test(.timeLimit(.minutes(2))) func theHighestRateIsFound() async throws {
        let result = try await self.bench([
            "fanout", "--sockets", "200", "--seconds", "0.4", "--rate", "50", "--ack", "written",
            "--find-rate",
            "p99<80ms",
        ])
        let rate = try #require(result.figures["highest_rate"])
        #expect(rate > 0)
        #expect(result.figures["trials"] ?? 0 > 1)
        #expect(result.latenciesUs["delivery"]?.p99 ?? .infinity < 80_000)
        #expect(result.figures["deliveries"] ?? 0 > 0)
    }

    /// The events of a run as a client of another language sees them: as many, and in order.
    @Test(.timeLimit(.minutes(2))) func anotherClientCountsTheSameEvents() async throws {
        try await withServer { server in
            let reader = try server.subscribeWithPython(
                model: "load.Event", where: "list_id=1000001")
            let result = try await self.bench([
                "fanout", "--server", server.address, "--pid", "\(server.processIdentifier)",
                "--model",
                "load.Event", "--sockets", "30", "--groups", "3", "--rate", "600", "--seconds", "1",
                "--warmup", "0",
            ])
            // 600 events in 3 groups of 10 clients each.
            #expect(result.figures["deliveries"] == 6000)
            #expect(result.latenciesUs["delivery"]?.count == 6000)
            let records = try await reader.records(200)
            for (sequence, record) in records.enumerated() {
                let digits = String(repeating: "0", count: 10 - "\(sequence)".count) + "\(sequence)"
                #expect(record.instance.contains("\"@1000001:\(digits):"), "\(record)")
            }
            await reader.kill()
        }
    }

    @Test(.timeLimit(.minutes(2))) func aPageOfARunHasItsPlots() async throws {
        let page = Places.artifacts.appending(path: "bench.html")
        try FileManager.default.createDirectory(
            at: Places.artifacts, withIntermediateDirectories: true)
        _ = try await self.bench([
            "fanout", "--sockets", "10", "--rate", "100", "--seconds", "1.2", "--html", page.path,
        ])
        let html = try String(contentsOf: page, encoding: .utf8)
        #expect(html.components(separatedBy: "<polyline").count == 1 + 6)
        #expect(!html.contains("src=") && !html.contains("href="))
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ("fanout --sockets 0", "--sockets is from 1 to 60000"),
            ("fanout --bytes 20", "at least"),
            ("fanout --target nats", "needs --server"),
            ("fanout --find-rate fast", "such as p99<10ms"),
            ("append --server nowhere", "--server is HOST:PORT"),
            ("idle --server 127.0.0.1:1 --seconds 0.1 --sockets 1", "cannot connect"),
            ("append --server 127.0.0.1:1 --target floor", "floor has fanout and idle"),
        ])
    func whatCannotBeDoneIsSaid(command: String, sentence: String) async throws {
        let process = try ChildProcess(
            Places.livelog, ["bench"] + command.split(separator: " ").map(String.init))
        let ending = await process.ending()
        #expect(ending == .exited(1) || ending == .exited(64), "\(ending)")
        #expect(process.errorOutput.contains(sentence), "\(process.errorOutput)")
    }
}
