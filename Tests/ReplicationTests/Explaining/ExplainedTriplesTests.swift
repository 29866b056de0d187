import Access
import Debugging
import LogModel
import LogStorage
import Replication
import TestSupport
import Testing

/// Explanations against what the dispatcher sends, for random subscriptions, principals and records.
struct ExplainedTriplesTests {
    private static let roundCount = 10
    private static let batchCount = 30
    private static let clientCount = 40

    @Test func tenThousandExplanationsAreWhatTheServerDid() throws {
        let run = SeededGenerator.ofThisRun()
        var tally = ExplainedClient.Tally()
        for round in 0..<Self.roundCount {
            try self.run(seed: run.seed &+ UInt64(round), &tally)
            if !tally.findings.isEmpty { break }
        }
        #expect(tally.findings.prefix(5) == [], "\(run)")
        #expect(tally.total >= 10_000)
        #expect(tally.delivered >= 2_000, "\(tally.delivered) of \(tally.total)")
        #expect(tally.notDelivered >= 2_000, "\(tally.notDelivered) of \(tally.total)")
        #expect(tally.refused >= 200, "\(tally.refused) of \(tally.total)")
        #expect(tally.left >= 200, "\(tally.left) of \(tally.total)")
    }

    private func run(seed: UInt64, _ tally: inout ExplainedClient.Tally) throws {
        var subscriptions = SubscriptionMill(seed: seed)
        var tasks = TaskMill(seed: seed &+ 1)
        let policy = AccessMatrix.policy(subscriptions.views())
        try withTemporaryLog { writer in
            let server = Server(writer)
            let clients = try (0..<Self.clientCount).map { _ in
                try ExplainedClient(
                    subscriptions.principal(), subscriptions.message(), under: policy, on: server)
            }
            for _ in 0..<Self.batchCount {
                let start = server.log.watermarks.visible
                try server.append(Self.batch(&tasks))
                server.settle()
                let batch = start..<server.log.watermarks.visible
                for client in clients {
                    try client.check(batch, under: policy, in: server.log, &tally)
                }
            }
        }
    }

    /// One to three tasks' changes.
    private static func batch(_ tasks: inout TaskMill) -> Changes {
        var builder = ChangesBuilder()
        for _ in 0..<1 + tasks.random.below(3) {
            AccessMatrix.add(tasks.change(), to: &builder)
        }
        return builder.finish()
    }

    /// The log itself says who may see which list, and that changes all the time.
    @Test(arguments: 0..<4) func rightsThatTheLogGrantsCountAsTheyWereThen(_ seed: Int) throws {
        var world = GrantWorld(seed: UInt64(seed))
        let policy = GrantWorld.policy([
            (fields: ["id", "list"], rule: AccessMatrixTests.member),
            (fields: nil, rule: AccessMatrixTests.owner),
        ])
        var tally = ExplainedClient.Tally()
        try withTemporaryLog { writer in
            let server = Server(writer)
            let clients = try GrantWorld.users.flatMap { user in
                try [
                    #"{"model":"tasks.Task"}"#,
                    #"{"subscribe":1,"model":"tasks.Task","where":{"list":2}}"#,
                ].map {
                    let json = String(
                        decoding: try SubscriptionMessage($0).bytes, as: UTF8.self)
                    return try ExplainedClient(
                        Principal(origin: .token, subject: user), json, under: policy, on: server)
                }
            }
            for _ in 0..<100 {
                let start = server.log.watermarks.visible
                let changes = world.batch()
                let isTask = world.records[Int(start.rawValue)] != nil
                try server.append(changes)
                server.settle()
                for client in clients {
                    // What a change of rights makes of the set is sent as well, and is no record's.
                    guard isTask else {
                        client.clear()
                        continue
                    }
                    try client.check(
                        start..<server.log.watermarks.visible, under: policy, in: server.log, &tally
                    )
                }
            }
        }
        #expect(tally.findings.prefix(5) == [])
        #expect(tally.delivered >= 50 && tally.notDelivered >= 50 && tally.refused == 0)
    }

    /// The application knows the rules; what it says is given to the explanation as well.
    @Test(arguments: AccessMatrixTests.policies.indices)
    func whatTheApplicationDecidesDecidesExplanationsToo(_ index: Int) throws {
        let views = AccessMatrixTests.policies[index]
        let policy = AccessMatrix.policy(views, asking: Set(views.indices))
        var tasks = TaskMill(seed: UInt64(index))
        var tally = ExplainedClient.Tally()
        var undecided = 0
        try withTemporaryLog { writer in
            let server = Server(writer)
            var changes: [PlainChange] = []
            func allows(_ principal: Principal, _ question: RecordQuestion) -> Bool {
                let view = Int(question.question.name) ?? 0
                return AccessOracle(policy: [views[view]]).view(
                    of: changes[Int(question.offset.rawValue)], for: principal) != nil
            }
            let application = DecidingApplication(for: server, seed: 1, allows)
            let clients = try AccessMatrixTests.principals.map {
                try ExplainedClient(
                    $0, #"{"subscribe":1,"model":"tasks.Task"}"#, under: policy, on: server)
            }
            for _ in 0..<40 {
                let start = server.log.watermarks.visible
                let change = tasks.change()
                changes.append(change)
                try server.append(AccessMatrix.batch(change))
                application.settle(server)
                for client in clients {
                    try client.check(start..<start.next, under: policy, in: server.log, &tally) {
                        allows(client.principal, $0) ? .allowed : .refused
                    }
                    let open = try Explanation(
                        of: start, for: client.message, by: Reader(client.principal, under: policy),
                        in: server.log)
                    if case .depends = open.verdict, !open.questions.isEmpty { undecided += 1 }
                }
            }
        }
        #expect(tally.findings.prefix(5) == [])
        #expect(tally.total == 200 && undecided == 200)
    }
}
