import LivelogClient
import NIOWebSocket
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct DeliveriesTests {
    @Test func aLostConnectionResumesFromTheLastToken() async throws {
        let requests = Recorder<String?>()
        let drop: ScriptedServer.Script = { socket in
            var socket = socket
            requests.add(try await socket.received())
            try await socket.send(#"{"subscribed":1,"token":"t0"}"#)
            try await socket.send(Self.changes([1, 2], token: "t2"))
        }
        let goAway: ScriptedServer.Script = { socket in
            var socket = socket
            requests.add(try await socket.received())
            try await socket.send(#"{"subscribed":1,"token":"t2"}"#)
            try await socket.send(Self.changes([3], token: "t3"))
            try await socket.send(#"{"something":"new"}"#)
            try await socket.send(#"{"covered":1,"token":"t4"}"#)
            try await socket.close(.goingAway)
        }
        let closeBeforeAnswering: ScriptedServer.Script = { socket in
            var socket = socket
            requests.add(try await socket.received())
        }
        let finish: ScriptedServer.Script = { socket in
            var socket = socket
            requests.add(try await socket.received())
            try await socket.send(#"{"subscribed":1,"token":"t4"}"#)
            try await socket.send(Self.changes([9], token: "t5"))
            try await socket.send(#"{"covered":1,"token":"t5","live":true}"#)
            _ = try await socket.received()
        }
        let clock = ImmediateClock()
        let events = Recorder<ConnectionEvent>()
        let scripts = [drop, goAway, closeBeforeAnswering, finish]
        let deliveries = try await ScriptedServer.run(scripts) { url in
            let client = try LivelogClient(server: url, configuration: Self.configuration(clock))
            var deliveries: [Delivery] = []
            let sequence = client.subscribe(to: Subscription(model: "m", from: .start)) {
                events.add($0)
            }
            for try await delivery in sequence {
                deliveries.append(delivery)
                if delivery.isLive { break }
            }
            return deliveries
        }
        #expect(deliveries.flatMap { $0.records.map(\.offset) } == [1, 2, 3, 9])
        #expect(deliveries.last?.token == "t5")
        #expect(
            requests.all
                == ["start", "t2", "t4", "t4"].map {
                    #"{"subscribe":1,"model":"m","from":""# + $0 + "\"}"
                })
        #expect(events.losses.count == 3)
        #expect(clock.durations == events.losses)
    }

    @Test func aServerThatIsNotThereIsTriedMoreAndMoreSeldom() async throws {
        let clock = ImmediateClock()
        let events = Recorder<ConnectionEvent>()
        // Nothing listens on the port of a server that has ended.
        let url = try await ScriptedServer.run([]) { $0 }
        try await withThrowingTaskGroup(of: Delivery?.self) { group in
            let client = try LivelogClient(server: url, configuration: Self.configuration(clock))
            group.addTask {
                var iterator = client.subscribe(to: Subscription(model: "m")) { events.add($0) }
                    .makeAsyncIterator()
                return try await iterator.next()
            }
            await events.wait(for: 12)
            group.cancelAll()
            let delivery = try await group.next()
            #expect(delivery == .some(.none))
        }
        var backoff = Backoff()
        var generator = SeededGenerator(seed: 1)
        for loss in events.losses {
            #expect(loss <= backoff.bound)
            _ = backoff.next(using: &generator)
        }
    }

    @Test(
        arguments: [
            (
                #"{"reset":1,"reason":"epoch","message":"another log"}"#, ClientError.Code.reset,
                "epoch"
            ),
            (#"{"error":1,"code":"invalid-filter","message":"no"}"#, .refused, "invalid-filter"),
            (#"{"changes":1,"token":"t"}"#, .protocolViolation, nil),
            (#"not JSON"#, .protocolViolation, nil),
        ] as [(String, ClientError.Code, String?)])
    func whatCannotBeMendedEndsTheSubscription(
        message: String, code: ClientError.Code, reason: String?
    ) async throws {
        let left = Recorder<String?>()
        let script: ScriptedServer.Script = { socket in
            var socket = socket
            _ = try await socket.received()
            try await socket.send(#"{"subscribed":1,"token":"t0"}"#)
            try await socket.send(message)
            left.add(try await socket.received())
        }
        try await ScriptedServer.run([script]) { url in
            let client = try LivelogClient(server: url)
            var iterator = client.subscribe(to: Subscription(model: "m")).makeAsyncIterator()
            #expect(try await iterator.next()?.token == "t0")
            var failure: ClientError?
            do {
                _ = try await iterator.next()
            } catch let error as ClientError {
                failure = error
            }
            #expect(failure?.code == code)
            #expect(failure?.problem?.code == reason)
            #expect(try await iterator.next() == nil)
            await left.wait(for: 1)
        }
        #expect(left.all == [nil])
    }

    /// The socket of a server that answered, but wrongly, stayed open as long as the process.
    @Test func aServerOfAnotherProtocolIsRefusedAndLeft() async throws {
        let left = Recorder<String?>()
        let script: ScriptedServer.Script = { socket in
            var socket = socket
            left.add(try? await socket.received())
        }
        try await ScriptedServer.run(subprotocol: "chat", [script]) { url in
            let client = try LivelogClient(server: url)
            var failure: ClientError?
            do throws(ClientError) {
                for try await _ in client.subscribe(to: Subscription(model: "m")) {}
            } catch {
                failure = error
            }
            #expect(failure?.code == .refused)
            await left.wait(for: 1)
        }
        #expect(left.all == [nil])
    }

    @Test func aSubscriptionMayGoOnFromASnapshotAfterAReset() async throws {
        let places = Recorder<String?>()
        let resetting: ScriptedServer.Script = { socket in
            var socket = socket
            places.add(try await socket.received())
            try await socket.send(#"{"reset":1,"reason":"epoch","message":"another log"}"#)
            _ = try await socket.received()
        }
        let replacing: ScriptedServer.Script = { socket in
            var socket = socket
            places.add(try await socket.received())
            try await socket.send(#"{"subscribed":1,"plan":"group","snapshot":"requested"}"#)
            try await socket.send(#"{"snapshot":1,"records":[],"token":"t9"}"#)
            _ = try await socket.received()
        }
        try await ScriptedServer.run([resetting, replacing]) { url in
            let client = try LivelogClient(
                server: url, configuration: Self.configuration(ImmediateClock()))
            var iterator = client.subscribe(
                to: Subscription(model: "m", from: .token("old"), afterReset: .snapshot)
            ).makeAsyncIterator()
            let delivery = try await iterator.next()
            #expect(delivery == Delivery(kind: .snapshot, records: [], token: "t9"))
        }
        #expect(
            places.all
                == ["old", "snapshot"].map {
                    #"{"subscribe":1,"model":"m","from":""# + $0 + "\"}"
                })
    }

    @Test func cancellationEndsTheDeliveries() async throws {
        let isWaiting = Recorder<String?>()
        let script: ScriptedServer.Script = { socket in
            var socket = socket
            _ = try await socket.received()
            try await socket.send(#"{"subscribed":1,"token":"t0"}"#)
            _ = try await socket.received()
        }
        try await ScriptedServer.run([script]) { url in
            let client = try LivelogClient(server: url)
            try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    var count = 0
                    for try await _ in client.subscribe(to: Subscription(model: "m")) {
                        count += 1
                        isWaiting.add("now")
                    }
                    return count
                }
                await isWaiting.wait(for: 1)
                group.cancelAll()
                let count = try await group.next()
                #expect(count == 1)
            }
        }
    }

    private static func configuration(_ clock: ImmediateClock) -> ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.clock = clock
        return configuration
    }

    private static func changes(_ offsets: [UInt64], token: String) -> String {
        let records = offsets.map {
            #"{"offset":\#($0),"action":"CREATED","change":"entered","key":1,"instance":{"id":1}}"#
        }
        return #"{"changes":1,"token":"\#(token)","records":[\#(records.joined(separator: ","))]}"#
    }
}
