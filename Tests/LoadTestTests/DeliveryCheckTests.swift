import LoadTest
import NIOCore
import NIOPosix
import Testing

/// A load test must fail when the server does wrong, and tell lateness as a client would feel it.
struct DeliveryCheckTests {
    private func fanout(
        _ fault: Relay.Fault, sockets: Int = 5, window: Int = 4, rate: Double? = nil,
        patience: Double = 30
    ) async throws -> LoadResult {
        var options = LoadOptions()
        options.target = .floor
        options.sockets = sockets
        options.window = window
        options.rate = rate
        options.seconds = 0.4
        options.warmup = 0.05
        options.patience = patience
        let given = options
        return try await Relay.run(eventBytes: options.bytes, fault: fault) { relay in
            let loops = MultiThreadedEventLoopGroup.singleton
            let generator = LoadGenerator(
                on: loops.next(), beside: loops.next(),
                server: LoadedServer(
                    host: "127.0.0.1", port: relay.port, processes: [], version: "relay",
                    acknowledgement: "never"),
                options: given)
            return try await generator.run(.fanout)
        }
    }

    private func failure(_ fault: Relay.Fault, patience: Double = 30) async -> LoadError? {
        do {
            let result = try await self.fanout(fault, patience: patience)
            Issue.record("the run passed with \(result.figures)")
            return nil
        } catch {
            return error as? LoadError
        }
    }

    @Test func anHonestServerPasses() async throws {
        let result = try await self.fanout(.none)
        #expect(result.figures["deliveries"] ?? 0 > 0)
        #expect(
            result.latenciesUs["delivery"]?.count == result.figures["deliveries"].map { UInt64($0) }
        )
        #expect(
            result.checks.gaps + result.checks.duplicates + result.checks.errors
                + result.checks.closed == 0)
    }

    @Test func aLostEventFailsTheRun() async {
        let error = await self.failure(.loses(40))
        #expect(error?.code == .wrongDelivery)
        #expect(error?.message.contains("misses 40") == true, "\(String(describing: error))")
    }

    @Test func anEventThatComesTwiceFailsTheRun() async {
        let error = await self.failure(.repeats(40))
        #expect(error?.code == .wrongDelivery)
        #expect(error?.message.contains("twice") == true, "\(String(describing: error))")
    }

    @Test func eventsInAnotherOrderFailTheRun() async {
        let error = await self.failure(.swaps(40))
        #expect(error?.code == .wrongDelivery)
        #expect(error?.message.contains("misses 40") == true, "\(String(describing: error))")
    }

    @Test func aChangedEventFailsTheRun() async {
        #expect(await self.failure(.changes(40))?.code == .wrongDelivery)
    }

    @Test func aClosedSocketFailsTheRun() async {
        #expect(await self.failure(.closes(40))?.code == .closed)
    }

    /// Patient enough for a busy machine to begin: what is missing then are deliveries.
    @Test func silenceFailsTheRun() async {
        let error = await self.failure(.stops(40), patience: 3)
        #expect(error?.code == .late)
        #expect(
            error?.message.contains("deliveries are missing") == true,
            "\(String(describing: error))")
    }

    /// Events that should have been sent while the server stood still are as late as a client would have found
    /// them, not as late as they were once they could be sent: of a run of 0.4 s half stands still, so a quarter
    /// of all events are later than a quarter of that.
    @Test func aStallIsNotHidden() async throws {
        let result = try await self.fanout(.stalls(60, .milliseconds(200)), rate: 500)
        let latency = try #require(result.latenciesUs["delivery"])
        #expect(latency.max >= 190_000)
        #expect(latency.p90 >= 100_000)
    }
}
