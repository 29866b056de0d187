extension LoadGenerator {
    /// Records among very many subscriptions: first those that nobody wants, then those that one wants.
    ///
    /// A record's cost without its append is the difference to a run with one subscription.
    func match() async throws -> LoadResult {
        let subscriptions = self.options.subscriptions
        let each = min(subscriptions, 1000)
        let unwanted = subscriptions..<subscriptions + 10_000
        let load = self.makeLoad(groups: unwanted.upperBound)
        for first in stride(from: 0, to: subscriptions, by: each) {
            load.addSubscriber(groups: first..<min(first + each, subscriptions))
        }
        self.tell("opening \(subscriptions) subscriptions")
        try await self.openAppendingPublisher(load)
        let before = try self.meter.memory()
        let start = ContinuousClock.now
        try await load.connect(load.subscribers)
        let opening = (ContinuousClock.now - start) / .seconds(1)
        let after = try self.meter.memory()

        func publish(_ groups: Range<Int>, _ what: String) async throws -> Measurement {
            self.tell(what)
            let measurement = try self.measure(load)
            try await Pump(
                load: load, groups: groups, pace: .total(self.options.records),
                batch: self.options.batch
            ).run()
            try await load.drain(what)
            try measurement.end()
            return measurement
        }
        let records = Double(self.options.records)
        let nobody = try await publish(unwanted, "records that nobody wants")
        let one = try await publish(0..<subscriptions, "records that one wants")
        return try self.result(
            .match, load,
            parameters: [
                "subscriptions": Double(subscriptions), "sockets": Double(load.subscribers.count),
                "records": records, "batch": Double(self.options.batch),
                "bytes": Double(self.options.bytes),
            ],
            figures: [
                "unwanted_server_cpu_s_per_million": nobody.serverSeconds / records * 1e6,
                "wanted_server_cpu_s_per_million": one.serverSeconds / records * 1e6,
                "unwanted_records_per_second": records / nobody.seconds,
                "wanted_records_per_second": records / one.seconds,
                "subscribing_seconds": opening,
                "own_bytes_per_subscription": Double(after.own - before.own)
                    / Double(subscriptions),
            ],
            latencies: ["delivery": one.latency], series: one.samples)
    }
}
