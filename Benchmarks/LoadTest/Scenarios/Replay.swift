extension LoadGenerator {
    /// Readers that begin at the start of the log: one of everything, then some of one group each.
    func replay() async throws -> LoadResult {
        let load = self.makeLoad(groups: self.options.groups)
        try await self.openAppendingPublisher(load)
        self.tell("appending \(self.options.records) records")
        try await Pump(
            load: load, groups: 0..<self.options.groups, pace: .total(self.options.records),
            batch: 1000
        ).run()
        try await load.drain("appending")

        self.tell("reading everything")
        let dialect = LivelogDialect(model: self.model)
        let everything = Subscriber(number: 0, groups: 0..<self.options.groups, load: load)
        everything.words = { dialect.subscribeToAll(from: "start", to: &$0) }
        let all = try await self.read(everything, load, expecting: self.options.records)

        self.tell("reading groups")
        // From all over the log's groups, each on a connection of its own.
        let readings = min(self.options.groups, 20)
        var seconds = 0.0
        var processor = 0.0
        var records = 0
        var first = Latency()
        for reading in 0..<readings {
            let group = reading * self.options.groups / readings
            let reader = Subscriber(number: reading + 1, groups: group..<group + 1, load: load)
            let one = try await self.read(reader, load, expecting: Int(load.sequences[group]))
            seconds += one.seconds
            processor += one.processorSeconds
            records += reader.received
            first.record(reader.firstAt - reader.subscribedAt)
        }
        return try self.result(
            .replay, load,
            parameters: [
                "records": Double(self.options.records), "groups": Double(self.options.groups),
                "bytes": Double(self.options.bytes), "readings": Double(readings),
            ],
            figures: [
                "all_records_per_second": Double(self.options.records) / all.seconds,
                "all_server_cpu_s_per_million": all.processorSeconds / Double(self.options.records)
                    * 1e6,
                "all_client_cpu_s_per_million": all.ownSeconds / Double(self.options.records) * 1e6,
                "group_records": Double(records / readings),
                "group_records_per_second": Double(records) / seconds,
                "group_server_cpu_s_per_million": processor / Double(records) * 1e6,
                "first_record_us": Double(first.value(atPercentile: 50)) / 1000,
            ],
            latencies: ["first_record": first], series: [])
    }

    /// Lets a reader have all that it is to have, and takes its time from its subscription to being live.
    private func read(
        _ reader: Subscriber, _ load: Load, expecting count: Int
    ) async throws -> (seconds: Double, processorSeconds: Double, ownSeconds: Double) {
        let processor = try self.meter.processorSeconds()
        let own = try ProcessMeter.own.processorSeconds()
        defer { reader.disconnect() }
        reader.connect(from: .start)
        try await load.wait(atMost: 600) {
            reader.state == .ready
        } late: {
            "a reader was given \(reader.received) of \(count) records in ten minutes"
        }
        let used = try self.meter.processorSeconds() - processor
        guard reader.received == count else {
            throw LoadError(
                .wrongDelivery, "a reader was given \(reader.received) of \(count) records")
        }
        return (
            Double(reader.readyAt - reader.subscribedAt) / 1e9, used,
            try ProcessMeter.own.processorSeconds() - own
        )
    }
}
