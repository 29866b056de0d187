import Foundation
import TestSupport
import Testing

/// Producers over WebSocket: `livelog.producer.v1`.
@Suite struct ProducerTests {
    @Test(.timeLimit(.minutes(2)))
    func receiptsComeInOrderWhateverIsRefused() async throws {
        try await withServer { server in
            let seed = SeededGenerator.ofThisRun().seed
            let producer = try server.python(
                "produce.py",
                [server.publishSocket, "--count", "3000", "--refused", "0.2", "--seed", "\(seed)"])
            let answers = try await producer.answers()
            #expect(await producer.ending() == .exited(0), "\(producer.errorOutput)")
            #expect(answers.map(\.number) == Array(1...3000))
            let receipts = answers.filter { $0.code == nil }
            let refused = answers.filter { $0.code != nil }
            #expect(receipts.map(\.first) == (0..<UInt64(receipts.count)).map { Optional($0) })
            #expect(refused.allSatisfy { $0.code == "unknown-action" && $0.change == 0 })
            #expect(refused.count > 300, "LIVELOG_SEED=\(seed)")
            try await server.expectEachOnce(receipts.map(\.number))
        }
    }

    /// What has no receipt is sent again; with a name nothing is there twice.
    @Test(.timeLimit(.minutes(5)))
    func killedServersLoseNothingAndRepeatNothing() async throws {
        try await withServer { server in
            let kills = 4
            let producer = try server.python(
                "produce.py",
                [
                    server.publishSocket, "--count", "1000", "--producer", "tests", "--losses",
                    "\(kills)",
                ])
            var generator = SeededGenerator.ofThisRun()
            print("\(generator)")
            var answers: [ProducerAnswer] = []
            for kill in 1...kills {
                for _ in 0..<Int.random(in: 1...2000, using: &generator) {
                    answers.append(try await producer.answer())
                }
                await server.kill()
                try await server.restart()
                // Until it has noticed: so that each kill is a loss.
                while answers.count(where: \.closed) < kill {
                    answers.append(try await producer.answer())
                }
            }
            answers += try await producer.answers()
            #expect(await producer.ending() == .exited(0), "\(producer.errorOutput)")
            #expect(answers.count(where: \.closed) == kills)
            // Every batch is acknowledged; or it was before a later one that the log already had.
            let numbers = answers.filter { !$0.closed }.map(\.number)
            #expect(numbers == Array(1...numbers.count))
            for answer in answers where !answer.closed {
                #expect(answer.code == nil || answer.code == "sequence-too-old")
            }
            try await server.expectEachOnce(numbers)
        }
    }

    /// With room for one submission the socket waits; nothing is refused, and nothing overtakes.
    @Test(.timeLimit(.minutes(2)))
    func aFullQueueMakesTheSocketWait() async throws {
        let options = ["--ingress-submissions", "1", "--ingress-bytes", "1"]
        try await withServer(options: options) { server in
            let producers = try (0..<4).map { _ in
                try server.python(
                    "produce.py",
                    [server.publishSocket, "--count", "1500", "--padding", "2000"])
            }
            for producer in producers {
                let answers = try await producer.answers()
                #expect(await producer.ending() == .exited(0), "\(producer.errorOutput)")
                #expect(answers.map(\.number) == Array(1...1500))
                #expect(answers.allSatisfy { $0.code == nil && !$0.closed })
                let offsets = answers.compactMap(\.first)
                #expect(offsets == offsets.sorted())
            }
            let metrics = try await server.metrics()
            #expect(metrics["livelog_append_records_total"] == 6000)
            #expect(metrics["livelog_producer_receipts_total"] == 6000)
            #expect((metrics["livelog_ingress_full_total"] ?? 0) > 0)
            #expect(metrics["livelog_producers_paused"] == 0)
            #expect(metrics["livelog_producer_batches_waiting"] == 0)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func aMessageMayHave16MiBAndNoMore() async throws {
        try await withServer { server in
            let fits = try server.python(
                "large.py", [server.publishSocket, "\(16 << 20)", "--fragments", "7"])
            #expect(try await fits.answer().count == 100)
            #expect(try await fits.answer().count == 1)
            let tooLarge = try server.python("large.py", [server.publishSocket, "\(16 << 20 | 1)"])
            #expect(try await tooLarge.answer().closeCode == 1009)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func aHandshakeForNothingIsAnsweredWithAProblem() async throws {
        try await withServer { server in
            let reply = try await server.exchange(.handshake("/nothing/"))
            #expect(reply.status == 404)
            let problem = try JSONDecoder().decode(Problem.self, from: Data(reply.body.utf8))
            #expect(problem.code == "unknown-path")
        }
    }
}

/// A line of `produce.py`.
struct ProducerAnswer {
    let number: Int
    let first: UInt64?
    let count: Int?
    let code: String?
    let change: Int?
    let closed: Bool
    let closeCode: Int?

    init(line: String) throws {
        guard
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        else { throw Failure("not an answer: \(line)") }
        self.number = (object["receipt"] ?? object["refused"]) as? Int ?? 0
        self.first = (object["first"] as? NSNumber)?.uint64Value
        self.count = object["count"] as? Int
        self.code = object["code"] as? String
        self.change = object["change"] as? Int
        self.closed = object.keys.contains("closed")
        self.closeCode = object["closed"] as? Int
    }
}

extension ChildProcess {
    /// The next answer that a producer prints.
    func answer() async throws -> ProducerAnswer {
        guard let line = await nextLine() else { throw failure("ended without an answer") }
        return try ProducerAnswer(line: line)
    }

    /// All answers until the producer ends.
    func answers() async throws -> [ProducerAnswer] {
        var answers: [ProducerAnswer] = []
        while let line = await nextLine() { answers.append(try ProducerAnswer(line: line)) }
        return answers
    }
}

extension LivelogServer {
    var publishSocket: String { "ws://\(address)/ws/publish/" }

    /// Expects the instances with these ids, in this order, and no others, in the log of `produce.py`.
    fileprivate func expectEachOnce(_ ids: [Int]) async throws {
        let last = try await publish(
            lines: #"{"model":"m","action":"CREATED","instance":{"id":0,"all":1}}"#)
        #expect(last.first == UInt64(ids.count))
        let reader = try subscribe(model: "m", where: "all=1")
        let records = try await reader.records(ids.count + 1)
        let expected = (ids + [0]).map { #"{"all":1,"id":\#($0)}"# }
        #expect(records.map(\.instance) == expected)
    }
}
