import Testing

/// `kill -9` at random moments: acknowledged changes stay, and every subscriber gets each of them once.
@Suite struct KillNineTests {
    @Test(.timeLimit(.minutes(10)))
    func killedServersAndPublishersLoseNothingAndRepeatNothing() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try await Fixture.unpacked(into: directory)
            let plan = KillPlan(kills: 5, records: Fixture.matching)
            print(plan)
            let first = try await LivelogServer.start(data: directory.appending(path: "data"))
            let publisher = PersistentPublisher(file: fixture.file, server: first)
            let subscribers = [
                try first.subscribe(model: Fixture.model, where: Fixture.filter),
                try first.subscribeWithPython(model: Fixture.model, where: Fixture.filter),
            ]

            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await publisher.publishUntilDone() }
                var server = first
                var records: [ReceivedRecord] = []
                for kill in plan.kills {
                    records += try await subscribers[0].records(kill.afterRecords - records.count)
                    if kill.takesPublisher { await publisher.killCurrent() }
                    await publisher.serverGoesDown()
                    server = try await server.killAndRestart()
                    await publisher.serverIsUp(server)
                }
                try await server.whileRunning { server in
                    records += try await subscribers[0].records(Fixture.matching - records.count)
                    let others = try await subscribers[1].records(Fixture.matching)
                    expectExactly(fixture.instances, in: records, of: subscribers[0].name)
                    #expect(records == others)
                    try await group.waitForAll()
                    try await expectNothingMore(from: subscribers, of: server)
                }
            }
            #expect(
                await publisher.interruptions > 0, "the publisher was done before the first kill")
            for subscriber in subscribers { await subscriber.kill() }
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
        var generator = SeededGenerator()
        seed = generator.seed
        let early = Int.random(in: 1...records / 20, using: &generator)
        let later = (1..<count).map { _ in Int.random(in: early..<records, using: &generator) }
        kills = ([early] + later.sorted()).enumerated().map { number, records in
            Kill(afterRecords: records, takesPublisher: number.isMultiple(of: 2))
        }
    }

    var description: String {
        let moments = kills.map {
            "\($0.afterRecords)\($0.takesPublisher ? " with the publisher" : "")"
        }
        return "LIVELOG_SEED=\(seed): kill -9 after records \(moments.joined(separator: ", "))"
    }
}
