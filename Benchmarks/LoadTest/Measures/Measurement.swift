import NIOCore

/// Measures a stretch of a run: what was delivered, how late, and what that cost the server and the load itself.
///
/// Twice a second it takes a sample. Confined to the event loop of its ``Load``; reading two small files of the
/// system there takes some ten microseconds.
final class Measurement {
    private static let interval = TimeAmount.milliseconds(500)

    private let load: Load
    private let meter: ProcessMeter
    private let observe: (LoadSample) -> Void
    private let start = NIODeadline.now().uptimeNanoseconds
    private let serverStart: Double
    private let ownStart: Double
    private var timer: Scheduled<Void>?
    private var last = Load.Counters()
    private var lastAcknowledged = 0
    private var lastServer: Double

    private(set) var samples: [LoadSample] = []
    /// How late deliveries were; where there are none, how late acknowledgements.
    private(set) var latency = Latency()
    private(set) var seconds = 0.0
    private(set) var serverSeconds = 0.0
    private(set) var ownSeconds = 0.0

    /// Begins to measure.
    ///
    /// - Throws: ``LoadError/Code/noServer`` if the server is gone.
    init(_ load: Load, meter: ProcessMeter, observe: @escaping (LoadSample) -> Void)
        throws(LoadError)
    {
        load.reset()
        load.publisher?.receipts.reset()
        load.publisher?.acknowledged = 0
        self.load = load
        self.meter = meter
        self.observe = observe
        self.serverStart = try meter.processorSeconds()
        self.lastServer = self.serverStart
        self.ownStart = try ProcessMeter.own.processorSeconds()
        self.scheduleSample()
    }

    /// Ends it.
    ///
    /// - Throws: ``LoadError/Code/noServer`` if the server is gone.
    func end() throws(LoadError) {
        self.timer?.cancel()
        self.timer = nil
        self.seconds = Double(NIODeadline.now().uptimeNanoseconds - self.start) / 1e9
        self.serverSeconds = try self.meter.processorSeconds() - self.serverStart
        self.ownSeconds = try ProcessMeter.own.processorSeconds() - self.ownStart
        try self.sample()
    }

    private func scheduleSample() {
        self.timer = self.load.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) {
            do throws(LoadError) {
                try self.sample()
                self.scheduleSample()
            } catch {
                self.load.fail(error)
            }
        }
    }

    /// Takes a sample of what happened since the last one.
    private func sample() throws(LoadError) {
        let server = try self.meter.processorSeconds()
        let memory = try self.meter.memory()
        let counters = self.load.counters
        let acknowledged = self.load.publisher?.acknowledged ?? 0
        // Where nobody is delivered to, receipts are what happens.
        let hasDeliveries = counters.expected > 0
        var part = self.load.latency
        if !hasDeliveries, let publisher = self.load.publisher {
            part = publisher.receipts
            publisher.receipts.reset()
        }
        self.load.latency.reset()
        self.latency.add(part)
        let sample = LoadSample(
            seconds: Double(NIODeadline.now().uptimeNanoseconds - self.start) / 1e9,
            deliveries: hasDeliveries
                ? counters.delivered - self.last.delivered : acknowledged - self.lastAcknowledged,
            outstanding: self.load.outstanding, bytes: counters.bytes - self.last.bytes,
            p50Us: Double(part.value(atPercentile: 50)) / 1000,
            p99Us: Double(part.value(atPercentile: 99)) / 1000, maxUs: Double(part.max) / 1000,
            serverCpuS: server - self.lastServer,
            serverResidentBytes: memory.resident, serverOwnBytes: memory.own)
        self.last = counters
        self.lastAcknowledged = acknowledged
        self.lastServer = server
        self.samples.append(sample)
        self.observe(sample)
    }
}
