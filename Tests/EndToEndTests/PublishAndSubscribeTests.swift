import Testing

/// The shortest way through the whole server: one publisher, two subscribers of different makes.
@Suite struct PublishAndSubscribeTests {
    @Test(.timeLimit(.minutes(5)))
    func everySubscriberGetsExactlyTheMatchingChangesInOrder() async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try await Fixture.unpacked(into: directory)
            #expect(fixture.instances.count == Fixture.matching)
            try await withServer { server in
                let subscribers = [
                    try server.subscribe(model: Fixture.model, where: Fixture.filter),
                    try server.subscribeWithPython(model: Fixture.model, where: Fixture.filter),
                ]
                let publish = try server.publish(fixture.file)
                #expect(await publish.ending() == .exited(0), "\(publish.errorOutput)")
                for subscriber in subscribers {
                    let records = try await subscriber.records(Fixture.matching)
                    expectExactly(fixture.instances, in: records, of: subscriber.name)
                }
                try await expectNothingMore(from: subscribers, of: server)
            }
        }
    }
}

/// Expects that a subscriber got these instances once each, in this order, further and further in the log.
func expectExactly(
    _ instances: [String], in records: some Collection<ReceivedRecord>, of subscriber: String
) {
    let difference = zip(instances, records).enumerated().first { $1.0 != $1.1.instance }
    #expect(difference == nil, "\(subscriber) differs at its record \(difference?.offset ?? 0)")
    #expect(instances.count == records.count, "of \(subscriber)")
    let rises = zip(records, records.dropFirst()).allSatisfy { $0.offset < $1.offset }
    #expect(rises, "the offsets that \(subscriber) got do not rise")
}

/// Expects that the subscribers have nothing left to say: what is published now is their next record.
func expectNothingMore(from subscribers: [ChildProcess], of server: LivelogServer) async throws {
    let receipt = try await server.publish(
        lines:
            #"{"model":"repo.File","action":"CREATED","instance":{"id":"last","directory":"src"}}"#)
    for subscriber in subscribers {
        let next = try await subscriber.records(1)
        #expect(next.map(\.offset) == [receipt.first], "of \(subscriber.name)")
    }
}
