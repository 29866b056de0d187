package import NIOCore

/// Loads a server with clients that live on one event loop, and measures what it does.
///
/// The actor's work and the clients' are done by the same thread, in turn, so nothing is shared between threads
/// and no client waits for a lock. One core is enough for some million deliveries a second.
package actor LoadGenerator {
    /// Tells what is happening, for whoever watches.
    package enum Progress: Sendable {
        /// A new part of the run began.
        case phase(String)
        /// What the last half second brought.
        case sample(LoadSample)
    }

    nonisolated let eventLoop: any EventLoop
    /// For clients that must not wait for the others.
    let besideLoop: any EventLoop
    let server: LoadedServer
    let options: LoadOptions
    let run: UInt64
    let meter: ProcessMeter
    let observe: @Sendable (Progress) -> Void
    /// Clients that are live while something else happens to the server.
    var live: Load?
    private var loads: [Load] = []

    /// On the thread of the event loop.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        self.eventLoop.executor.asUnownedSerialExecutor()
    }

    /// Creates a generator.
    ///
    /// - Parameters:
    ///   - besideLoop: Another event loop, for clients that must not wait for the others.
    ///   - run: A number that other runs on the same server do not have; see ``EventTemplate/run``.
    package init(
        on eventLoop: any EventLoop, beside besideLoop: any EventLoop, server: LoadedServer,
        options: LoadOptions,
        run: UInt64 = .random(in: 0..<EventTemplate.runsMax),
        observe: @escaping @Sendable (Progress) -> Void = { _ in }
    ) {
        self.eventLoop = eventLoop
        self.besideLoop = besideLoop
        self.server = server
        self.options = options
        self.run = run
        self.meter = ProcessMeter(processes: server.processes)
        self.observe = observe
    }

    /// Runs a scenario.
    ///
    /// - Throws: ``LoadError`` if anything was lost, came twice, was refused or took too long.
    package func run(_ scenario: Scenario) async throws -> LoadResult {
        if self.options.target != .livelog, ![.fanout, .idle].contains(scenario) {
            throw LoadError(
                .invalidOptions,
                "\(scenario.rawValue) is for livelog; \(self.options.target.rawValue) has fanout and idle"
            )
        }
        defer { self.close() }
        return switch scenario {
        case .append: try await self.append()
        case .match: try await self.match()
        case .fanout: try await self.fanout()
        case .replay: try await self.replay()
        case .resume: try await self.resume()
        case .idle: try await self.idle()
        case .slow: try await self.slow()
        case .mixed: try await self.mixed(as: .mixed)
        case .soak: try await self.mixed(as: .soak)
        }
    }

    /// Ends all connections, whose ends are then nobody's concern.
    func close() {
        for load in self.loads { load.close() }
    }

    // MARK: - What scenarios share

    /// A load without clients, whose connections end with the scenario.
    func makeLoad(groups: Int, hasSmallBuffers: Bool = false) -> Load {
        let load = Load(
            eventLoop: self.eventLoop, host: self.server.host, port: self.server.port,
            dialect: self.options.target.dialect(model: self.model), run: self.run, groups: groups,
            patience: self.options.patience, hasSmallBuffers: hasSmallBuffers)
        self.loads.append(load)
        return load
    }

    /// Opens a publisher as the target wants it, of events of which `options.bytes` are delivered.
    func openPublisher(_ load: Load) async throws {
        let template = try load.dialect.template(byteCount: self.options.bytes)
        let lane: any PublisherLane
        switch load.dialect.publishing {
        case .stream: lane = try await StreamLane.open(load: load, port: self.server.publishPort)
        case .producer:
            lane = try await ProducerLane.open(load: load, port: self.server.publishPort)
        case .requests(let path, let contentType):
            lane = try await RequestLane.open(
                load: load, port: self.server.publishPort, path: path, contentType: contentType)
        }
        load.publisher = Publisher(load: load, template: template, lanes: [lane])
    }

    /// The model of Livelog's events.
    var model: String { self.options.model ?? "load.Event\(self.run)" }

    /// What sets the pace of deliveries.
    var pace: Pump.Pace { self.options.rate.map { .rate($0) } ?? .window(self.options.window) }

    /// Says what comes now.
    func tell(_ phase: String) { self.observe(.phase(phase)) }

    /// Begins to measure.
    func measure(_ load: Load) throws(LoadError) -> Measurement {
        let observe = self.observe
        return try Measurement(load, meter: self.meter) { observe(.sample($0)) }
    }

    /// Publishes at the scenario's pace for so long, and waits until everything was delivered.
    ///
    /// - Returns: The measurement, which has ended.
    func deliver(_ load: Load, pace: Pump.Pace, groups: Range<Int>, seconds: Double, _ what: String)
        async throws -> Measurement
    {
        self.tell(what)
        let measurement = try self.measure(load)
        try await Pump(load: load, groups: groups, pace: pace).run(seconds: seconds)
        try await load.drain(what)
        try measurement.end()
        return measurement
    }

    /// The result of a run that was as it should be.
    func result(
        _ scenario: Scenario, _ load: Load, parameters: [String: Double], figures: [String: Double],
        latencies: [String: Latency], series: [LoadSample]
    ) throws -> LoadResult {
        try load.check()
        var parameters = parameters.mapValues { LoadResult.Parameter.number($0) }
        parameters["ack"] = .text(self.server.acknowledgement)
        var figures = figures
        if !self.meter.processes.isEmpty {
            let memory = try self.meter.memory()
            figures["server_resident_bytes"] = Double(memory.resident)
            figures["server_own_bytes"] = Double(memory.own)
        }
        figures["client_resident_bytes"] = Double(try ProcessMeter.own.memory().resident)
        let checks = load.checks
        return LoadResult(
            scenario: scenario, target: self.options.target, parameters: parameters,
            machine: .current,
            version: self.server.version, figures: figures,
            latenciesUs: latencies.mapValues(\.summary),
            checks: .init(
                gaps: checks.gaps, duplicates: checks.duplicates, errors: checks.errors,
                closed: checks.closed),
            series: series)
    }

    /// What deliveries cost, as figures.
    func figures(of measurement: Measurement, _ load: Load) -> [String: Double] {
        let counters = load.counters
        let millions = Double(counters.delivered) / 1e6
        return [
            "deliveries": Double(counters.delivered),
            "deliveries_per_second": Double(counters.delivered) / measurement.seconds,
            "server_cpu_s_per_million": measurement.serverSeconds / millions,
            "client_cpu_s_per_million": measurement.ownSeconds / millions,
            "server_cores": measurement.serverSeconds / measurement.seconds,
            "events_per_read": Double(counters.delivered) / Double(max(counters.reads, 1)),
            "events_per_message": Double(counters.delivered) / Double(max(counters.frames, 1)),
            "bytes_received": Double(counters.bytes), "seconds": measurement.seconds,
        ]
    }
}
