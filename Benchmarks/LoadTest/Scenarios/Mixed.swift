import NIOCore

extension LoadGenerator {
    /// Stalled clients read again after so long.
    private static let stallSeconds = 5
    /// Records a second that nobody subscribes to, beside the deliveries.
    private static let appendRate = 1000.0

    /// Everything at once: deliveries at a rate, records that nobody wants, clients that come back with their
    /// tokens, and some that stall for a while. As a soak, also whether the server's memory grows.
    func mixed(as scenario: Scenario) async throws -> LoadResult {
        var other = self.options
        other.groups = 100
        other.rate = Self.appendRate
        other.bytes = 256
        let appending = LoadGenerator(
            on: self.eventLoop, beside: self.besideLoop, server: self.server, options: other,
            run: (self.run + 1) % EventTemplate.runsMax)

        let load = try await self.openFanout(hasSmallBuffers: true)
        load.keepsTokens = true
        // Those that come and go are not among those whose lateness is measured.
        let restless = load.subscribers.suffix(self.options.sockets / 2)
        for subscriber in restless { subscriber.isCounted = false }
        let groups = 0..<self.options.groups
        let rate = self.options.rate ?? 100
        _ = try await self.deliver(
            load, pace: .rate(rate), groups: groups, seconds: max(self.options.warmup, 0.5),
            "warming up")
        try await appending.openAppends()
        self.tell("measuring")
        let own = try self.meter.memory().own
        let measurement = try self.measure(load)
        let pump = Pump(load: load, groups: groups, pace: .rate(rate))
        pump.start(seconds: self.options.seconds)
        let events = try await self.disturb(Array(restless), load, while: { pump.isRunning })
        pump.stop()
        for subscriber in restless where subscriber.isStalled { subscriber.stall(false) }
        try await load.wait(atMost: 120) {
            load.subscribers.allSatisfy { $0.state == .ready && $0.isComplete }
        } late: {
            "clients that came back miss events two minutes later"
        }
        try measurement.end()
        try await appending.finishLive()
        let grown = try self.meter.memory().own - own

        var parameters = self.fanoutParameters(rate: rate)
        parameters["churn"] = self.options.churn
        parameters["share"] = self.options.share
        parameters["append_rate"] = Self.appendRate
        var figures = self.figures(of: measurement, load)
        figures["reconnections"] = Double(events.reconnections)
        figures["stalls"] = Double(events.stalls)
        figures["own_bytes_grown"] = Double(grown)
        if scenario == .soak {
            figures["own_slope_bytes_per_hour"] = try Self.slopeOfMemory(measurement)
        }
        return try self.result(
            scenario, load, parameters: parameters, figures: figures,
            latencies: ["delivery": measurement.latency], series: measurement.samples)
    }

    /// How fast the server's own memory grows, in bytes an hour, once it has what it needs.
    ///
    /// - Throws: ``LoadError/Code/late`` if it grew by more than a quarter and 16 MiB after a third of the time.
    private static func slopeOfMemory(_ measurement: Measurement) throws(LoadError) -> Double {
        let settled = measurement.samples.drop { $0.seconds < measurement.seconds / 3 }
        let slope = slope(of: settled.map { ($0.seconds, Double($0.serverOwnBytes)) })
        let first = Double(settled.first?.serverOwnBytes ?? 0)
        let grown = slope * measurement.seconds * 2 / 3
        guard grown < first / 4 + 16e6 else {
            throw LoadError(
                .late,
                "the server's own memory grows: from \(Int(first)) by \(Int(grown)) bytes in the last two thirds of "
                    + "the soak. The segment that grows needs memory up to its size: soak for several of them, "
                    + "or serve with a smaller --segment-bytes"
            )
        }
        return slope * 3600
    }

    /// Publishes records that nobody subscribes to until ``finishLive()``.
    func openAppends() async throws {
        let load = self.makeLoad(groups: self.options.groups)
        try await self.openAppendingPublisher(load)
        self.live = load
        Pump(
            load: load, groups: 0..<self.options.groups, pace: self.pace, batch: 100, isWhole: true
        )
        .start(seconds: 1_000_000)
    }

    /// Lets clients go and come back, and others stall for a while, at the rate of the churn.
    private func disturb(
        _ restless: [Subscriber], _ load: Load, while isGoingOn: () -> Bool
    ) async throws -> (reconnections: Int, stalls: Int) {
        var stalled: [(Subscriber, NIODeadline)] = []
        var counts = (reconnections: 0, stalls: 0)
        let interval = TimeAmount.nanoseconds(Int64(1e9 / max(self.options.churn, 0.001)))
        let stallsMax = Int(Double(restless.count) * min(self.options.share, 0.9))
        var due = NIODeadline.now() + interval
        while isGoingOn() {
            try await load.pause(.milliseconds(5))
            let now = NIODeadline.now()
            while let (subscriber, end) = stalled.first, end <= now {
                subscriber.stall(false)
                stalled.removeFirst()
            }
            guard now >= due else { continue }
            due = due + interval
            guard let subscriber = restless.randomElement(), subscriber.state == .ready,
                !subscriber.isStalled
            else { continue }
            if stalled.count < stallsMax, Bool.random() {
                subscriber.stall(true)
                stalled.append((subscriber, now + .seconds(Int64(Self.stallSeconds))))
                counts.stalls += 1
            } else if let token = subscriber.token {
                subscriber.disconnect()
                subscriber.connect(from: .token(token))
                counts.reconnections += 1
            }
        }
        return counts
    }
}
