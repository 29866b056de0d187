extension LoadGenerator {
    /// Opens a fan-out at its rate that goes on until ``finishLive()``.
    func openLive() async throws {
        let load = try await self.openFanout()
        self.live = load
        Pump(load: load, groups: 0..<self.options.groups, pace: self.pace).start(seconds: 1_000_000)
    }

    /// How late deliveries were since the last call.
    ///
    /// - Throws: What the clients met.
    func takeLiveLatency() throws -> Latency {
        guard let live else { return Latency() }
        if let failure = live.failure { throw failure }
        defer { live.latency.reset() }
        return live.latency
    }

    /// Publishes nothing more, waits until everything was delivered, and checks that it was.
    func finishLive() async throws {
        guard let live else { return }
        live.pump?.stop()
        try await live.drain("live beside")
        try live.check()
        self.close()
    }
}
