import Foundation
import TestSupport
import Testing

/// `kill -9` at random moments: acknowledged changes stay, and every subscriber gets each of them once.
@Suite struct KillNineTests {
    @Test(.timeLimit(.minutes(10)))
    func killedServersAndPublishersLoseNothingAndRepeatNothing() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try await Fixture.unpacked(into: directory)
            let plan = KillPlan(kills: 5, records: Fixture.matching)
            print(plan)
            try await withServer(in: directory) { server in
                let publisher = PersistentPublisher(file: fixture.file, server: server)
                let native = try server.subscribe(model: Fixture.model, where: Fixture.filter)
                let python = try server.subscribeWithPython(
                    model: Fixture.model, where: Fixture.filter)
                // Whichever of the two fails ends the other.
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await publisher.publishUntilDone() }
                    group.addTask {
                        var records = try await plan.carryOut(on: publisher, following: native)
                        records += try await native.records(Fixture.matching - records.count)
                        expectExactly(fixture.instances, in: records, of: native.name)
                        let others = try await python.records(Fixture.matching)
                        expectExactly(fixture.instances, in: others, of: python.name)
                        #expect(records.map(\.offset) == others.map(\.offset))
                    }
                    try await group.waitForAll()
                }
                #expect(await publisher.interruptions > 0, "published before the first kill")
                try await expectNothingMore(from: [native, python], of: server)
            }
        }
    }
}

/// When to kill, counted in the records that a subscriber has received.
private struct KillPlan: CustomStringConvertible {
    struct Kill {
        let afterRecords: Int
        let takesPublisher: Bool
    }

    let seed: UInt64
    let kills: [Kill]

    /// The first kill comes early, while the changes are still being published.
    init(kills count: Int, records: Int) {
        var generator = SeededGenerator.ofThisRun()
        seed = generator.seed
        let early = Int.random(in: 1...records / 200, using: &generator)
        let later = (1..<count).map { _ in Int.random(in: early..<records, using: &generator) }
        kills = ([early] + later.sorted()).enumerated().map { number, records in
            Kill(afterRecords: records, takesPublisher: number.isMultiple(of: 2))
        }
    }

    /// - Returns: What the subscriber received until after the last kill.
    func carryOut(
        on publisher: PersistentPublisher, following subscriber: ChildProcess
    ) async throws -> [ReceivedRecord] {
        var records: [ReceivedRecord] = []
        for kill in kills {
            records += try await subscriber.records(kill.afterRecords - records.count)
            try await publisher.killServer(takingPublisher: kill.takesPublisher)
        }
        return records
    }

    var description: String {
        let moments = kills.map {
            "\($0.afterRecords)\($0.takesPublisher ? " with the publisher" : "")"
        }
        return "LIVELOG_SEED=\(seed): kill -9 after records \(moments.joined(separator: ", "))"
    }
}
