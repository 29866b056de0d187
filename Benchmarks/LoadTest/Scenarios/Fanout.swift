extension LoadGenerator {
    /// Many clients, each of which gets every event of its group.
    func fanout() async throws -> LoadResult {
        let load = try await self.openFanout()
        let groups = 0..<self.options.groups
        _ = try await self.deliver(
            load, pace: self.pace, groups: groups, seconds: self.options.warmup, "warming up")
        let measurement = try await self.deliver(
            load, pace: self.pace, groups: groups, seconds: self.options.seconds, "measuring")
        return try self.result(
            .fanout, load, parameters: self.fanoutParameters(rate: self.options.rate),
            figures: self.figures(of: measurement, load),
            latencies: ["delivery": measurement.latency],
            series: measurement.samples)
    }

    /// The clients of a fan-out, connected, and a publisher.
    func openFanout(hasSmallBuffers: Bool = false) async throws -> Load {
        let load = self.makeLoad(groups: self.options.groups, hasSmallBuffers: hasSmallBuffers)
        for number in 0..<self.options.sockets {
            let group = number % self.options.groups
            load.addSubscriber(groups: group..<group + 1)
        }
        self.tell("opening \(self.options.sockets) sockets")
        try await self.openPublisher(load)
        try await load.connect(load.subscribers)
        return load
    }

    /// The numbers of a fan-out.
    func fanoutParameters(rate: Double?) -> [String: Double] {
        var parameters = [
            "sockets": Double(self.options.sockets), "groups": Double(self.options.groups),
            "bytes": Double(self.options.bytes), "seconds": self.options.seconds,
        ]
        if let rate {
            parameters["rate"] = rate
        } else {
            parameters["window"] = Double(self.options.window)
        }
        return parameters
    }
}
