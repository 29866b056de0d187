import NIOCore

extension LoadGenerator {
    /// Groups of the clients that reconnect.
    private static let stormGroups = 100
    /// Clients that are live beside them.
    private static let liveSockets = 100

    /// All clients reconnect at once, each with its token and some events behind, beside others that are live.
    ///
    /// The others have an event loop of their own: what they see is the server's lateness, not that of the
    /// process that storms it.
    func resume() async throws -> LoadResult {
        var options = self.options
        options.sockets = Self.liveSockets
        options.groups = 1
        options.rate = self.options.rate ?? 50
        let beside = LoadGenerator(
            on: self.besideLoop, beside: self.eventLoop, server: self.server, options: options,
            run: (self.run + 1) % EventTemplate.runsMax)

        let groups = 0..<min(Self.stormGroups, self.options.sockets)
        let load = self.makeLoad(groups: groups.count)
        load.keepsTokens = true
        for number in 0..<self.options.sockets {
            let group = number % groups.count
            load.addSubscriber(groups: group..<group + 1)
        }
        self.tell("opening \(self.options.sockets) sockets")
        try await self.openPublisher(load)
        try await load.connect(load.subscribers)
        try await beside.openLive()
        self.tell("measuring before")
        try await load.pause(.nanoseconds(Int64(self.options.warmup * 1e9)))
        _ = try await beside.takeLiveLatency()
        try await load.pause(.nanoseconds(Int64(self.options.seconds * 1e9)))
        let before = try await beside.takeLiveLatency()

        self.tell("disconnecting")
        let tokens = load.subscribers.map(\.token)
        for subscriber in load.subscribers { subscriber.disconnect() }
        load.reset()
        try await Pump(
            load: load, groups: groups, pace: .total(groups.count * self.options.behind),
            batch: groups.count
        ).run()
        try await load.wait(atMost: 60) {
            load.publisher?.isWaiting == false
        } late: {
            "receipts are missing"
        }
        try await load.pause(.seconds(2))

        self.tell("reconnecting")
        let measurement = try self.measure(load)
        _ = try await beside.takeLiveLatency()
        let start = NIODeadline.now().uptimeNanoseconds
        for (index, (subscriber, token)) in zip(load.subscribers, tokens).enumerated() {
            guard let token else {
                throw LoadError(.wrongDelivery, "socket \(index) was given no token")
            }
            subscriber.connect(from: .token(token))
            // So that connections that are made are also spoken on.
            if index % 500 == 499 { try await load.pause(.nanoseconds(0)) }
        }
        try await load.wait(atMost: 120) {
            load.readyCount == load.subscribers.count
        } late: {
            "\(load.readyCount) of \(load.subscribers.count) sockets are live after two minutes"
        }
        let seconds = Double(NIODeadline.now().uptimeNanoseconds - start) / 1e9
        let during = try await beside.takeLiveLatency()
        try measurement.end()
        try await beside.finishLive()
        guard let short = load.subscribers.first(where: { $0.received != self.options.behind })
        else {
            var caughtUp = Latency()
            for subscriber in load.subscribers { caughtUp.record(subscriber.readyAt - start) }
            let sockets = Double(self.options.sockets)
            return try self.result(
                .resume, load,
                parameters: [
                    "sockets": sockets, "behind": Double(self.options.behind),
                    "rate": options.rate ?? 0,
                    "live_sockets": Double(Self.liveSockets), "bytes": Double(self.options.bytes),
                ],
                figures: [
                    "storm_seconds": seconds,
                    "cpu_ms_each": measurement.serverSeconds * 1000 / sockets,
                    "client_cpu_ms_each": measurement.ownSeconds * 1000 / sockets,
                ],
                latencies: ["caught_up": caughtUp, "before": before, "beside": during],
                series: measurement.samples)
        }
        throw LoadError(
            .wrongDelivery,
            "socket \(short.number) resumed and was given \(short.received) of \(self.options.behind) events"
        )
    }
}
