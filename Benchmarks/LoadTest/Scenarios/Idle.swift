import NIOCore

extension LoadGenerator {
    /// Connections with a subscription each, to a group of its own as far as there are so many.
    func idle() async throws -> LoadResult {
        let groups = self.options.target == .floor ? 1 : min(self.options.sockets, 60_000)
        let load = self.makeLoad(groups: groups)
        for number in 0..<self.options.sockets {
            let group = number % groups
            load.addSubscriber(groups: group..<group + 1)
        }
        if !load.dialect.acknowledgesSubscriptions { try await self.openPublisher(load) }
        try await load.pause(.seconds(1))
        let before = try self.meter.memory()
        let opening = try self.meter.processorSeconds()
        let start = NIODeadline.now()
        self.tell("opening \(self.options.sockets) sockets")
        try await load.connect(load.subscribers)
        let connecting = Double((NIODeadline.now() - start).nanoseconds) / 1e9
        let opened = try self.meter.processorSeconds()
        try await load.pause(.seconds(1))
        let after = try self.meter.memory()
        self.tell("idle")
        let idle = try self.meter.processorSeconds()
        try await load.pause(.nanoseconds(Int64(self.options.seconds * 1e9)))
        let used = try self.meter.processorSeconds() - idle
        let sockets = Double(self.options.sockets)
        return try self.result(
            .idle, load,
            parameters: [
                "sockets": sockets, "groups": Double(groups), "seconds": self.options.seconds,
            ],
            figures: [
                "resident_bytes_each": Double(after.resident - before.resident) / sockets,
                "own_bytes_each": Double(after.own - before.own) / sockets,
                "connect_cpu_ms_each": (opened - opening) * 1000 / sockets,
                "connect_seconds": connecting,
                "idle_cpu_percent": used / self.options.seconds * 100,
            ],
            latencies: [:], series: [])
    }
}
