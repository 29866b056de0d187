extension LoadGenerator {
    /// A share of the clients stops reading; the others must not notice, nor the server's memory.
    func slow() async throws -> LoadResult {
        let load = try await self.openFanout(hasSmallBuffers: true)
        let groups = 0..<self.options.groups
        let pace = Pump.Pace.rate(self.options.rate ?? 50)
        _ = try await self.deliver(
            load, pace: pace, groups: groups, seconds: self.options.warmup, "warming up")
        let before = try await self.deliver(
            load, pace: pace, groups: groups, seconds: self.options.seconds, "measuring before")
        let stalled = load.subscribers.suffix(
            Int(Double(self.options.sockets) * self.options.share))
        let memoryBefore = try self.meter.memory()
        for subscriber in stalled {
            subscriber.isCounted = false
            subscriber.stall(true)
        }
        // As many as no socket holds, then the measurement: whoever is stalled is so for all of it.
        let filling = max(1, 1_000_000 / self.options.bytes) * self.options.groups
        self.tell("filling the sockets of \(stalled.count) that do not read")
        load.reset()
        try await Pump(load: load, groups: groups, pace: .total(filling), batch: 64).run()
        try await load.drain("filling")
        let memoryFilled = try self.meter.memory()
        let beside = try await self.deliver(
            load, pace: pace, groups: groups, seconds: self.options.seconds, "measuring beside them"
        )
        let memoryStalled = try self.meter.memory()
        self.tell("reading again")
        let resumed = ContinuousClock.now
        for subscriber in stalled { subscriber.stall(false) }
        try await load.wait(atMost: 120) {
            stalled.allSatisfy(\.isComplete)
        } late: {
            "\(stalled.count { !$0.isComplete }) clients that read again miss events two minutes later"
        }
        var parameters = self.fanoutParameters(rate: self.options.rate ?? 50)
        parameters["share"] = self.options.share
        return try self.result(
            .slow, load, parameters: parameters,
            figures: [
                "resident_before_bytes": Double(memoryBefore.resident),
                "resident_filled_bytes": Double(memoryFilled.resident),
                "resident_stalled_bytes": Double(memoryStalled.resident),
                "resume_seconds": (ContinuousClock.now - resumed) / .seconds(1),
                "beside_server_cpu_s_per_million": beside.serverSeconds
                    / Double(load.counters.delivered) * 1e6,
            ],
            latencies: ["before": before.latency, "beside": beside.latency],
            series: before.samples + beside.samples)
    }
}
