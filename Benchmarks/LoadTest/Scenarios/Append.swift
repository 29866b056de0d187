extension LoadGenerator {
    /// Batches of changes that nobody subscribes to.
    func append() async throws -> LoadResult {
        let load = self.makeLoad(groups: self.options.groups)
        try await self.openAppendingPublisher(load)
        self.tell("appending")
        let measurement = try self.measure(load)
        let pace = self.options.rate.map(Pump.Pace.rate) ?? .total(self.options.records)
        let seconds = self.options.rate.map { Double(self.options.records) / $0 } ?? 0
        try await Pump(
            load: load, groups: 0..<self.options.groups, pace: pace, batch: self.options.batch,
            isWhole: true
        ).run(seconds: seconds)
        try await load.drain("appending")
        try measurement.end()
        let records = Double(load.counters.published)
        var parameters = [
            "bytes": Double(self.options.bytes), "batch": Double(self.options.batch),
            "groups": Double(self.options.groups), "connections": Double(self.options.connections),
            "window": Double(self.options.window),
        ]
        if let rate = self.options.rate { parameters["rate"] = rate }
        var result = try self.result(
            .append, load, parameters: parameters,
            figures: [
                "records": records, "records_per_second": records / measurement.seconds,
                "bytes_per_second": records * Double(self.options.bytes) / measurement.seconds,
                "server_cpu_s_per_million": measurement.serverSeconds / records * 1e6,
                "client_cpu_s_per_million": measurement.ownSeconds / records * 1e6,
                "server_cores": measurement.serverSeconds / measurement.seconds,
                "seconds": measurement.seconds,
            ],
            latencies: ["append": measurement.latency], series: measurement.samples)
        result.parameters["via"] = .text(self.options.via.rawValue)
        return result
    }

    /// Opens a publisher of changes whose instances have `options.bytes`, with connections of the chosen kind.
    func openAppendingPublisher(_ load: Load) async throws {
        let template = try LivelogDialect(model: self.model)
            .template(instanceByteCount: self.options.bytes)
        var lanes: [any PublisherLane] = []
        for _ in 0..<self.options.connections {
            switch self.options.via {
            case .websocket:
                lanes.append(
                    try await ProducerLane.open(
                        load: load, port: self.server.publishPort,
                        unansweredMax: self.options.window))
            case .http:
                lanes.append(
                    try await RequestLane.open(
                        load: load, port: self.server.publishPort, path: "/v1/changes",
                        contentType: "application/x-ndjson"))
            }
        }
        load.publisher = Publisher(load: load, template: template, lanes: lanes)
    }
}
