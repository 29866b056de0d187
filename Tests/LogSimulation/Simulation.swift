import LogStorage
import TestSupport

/// One log on one simulated disk, and everything that can happen to it, in an order that a seed decides.
///
/// Here: the run and its state. The kinds of steps are in `Simulation+Steps.swift`, maintenance in
/// `Simulation+Maintenance.swift`, stops and openings in `Simulation+Opening.swift`, damage in
/// `Simulation+Damage.swift`.
package final class Simulation {
    /// How a run ended.
    package struct Outcome: Sendable {
        /// What repeats it.
        package let seed: UInt64
        /// The promise that was not kept, if there is one.
        package let violation: Violation?
        /// A digest of everything that happened.
        package let digest: UInt64
        /// The last steps, one a line.
        package let lastSteps: String
        /// Operations of the disk.
        package let diskStepCount: Int
        /// How often the log was opened.
        package let openingCount: Int
        /// Records that the log has in the end.
        package let recordCount: Int
        /// How often things happened that a run is made for, by name.
        package let counts: [String: Int]

        /// What to print of a failure.
        package var report: String {
            "seed \(self.seed): \(self.violation?.description ?? "nothing")\n\(self.lastSteps)"
        }
    }

    /// What a run is like, apart from its seed.
    package struct Settings: Sendable {
        /// What the disk lies about.
        package var lies: Set<SimulatedDisk.Lie> = []

        /// An honest disk.
        package init() {}
    }

    static let plenty = 1 << 30

    let disk: SimulatedDisk
    let trace = Trace()
    let directory: LogDirectory
    let settings: Settings
    var random: SeededGenerator
    var oracle = Oracle()
    var workload: Workload
    var writer: LogWriter?
    /// What the machine's clock says, in microseconds.
    var clock: Int64 = 0
    var options: LogOptions
    var openingCount = 0
    private(set) var counts: [String: Int] = [:]
    let manner: Manner

    /// What the life of the process is like.
    var life = Life()
    /// What the next opening may and must find.
    var expectation = Expectation()

    /// Which things happen in this run at all, and how often.
    struct Manner {
        let hasProducers: Bool
        let faultShare: Int
        let changesOptions: Bool
        let acknowledgement: LogOptions.Acknowledgement
        let segmentByteCount: Int
        let stepCount: Int
        /// Whether there are many segments.
        let isLong: Bool

        init(_ random: inout SeededGenerator) {
            self.hasProducers = random.chance(2, in: 3)
            self.faultShare = random.pick([0, 1, 1, 4])
            self.changesOptions = random.chance(1, in: 4)
            self.acknowledgement = random.pick([.durable, .written])
            self.segmentByteCount = random.pick([64, 64, 64, 68, 128, 256]) << 10
            self.stepCount = random.pick([40, 80, 120, 200])
            self.isLong = random.chance(1, in: 6)
        }
    }

    struct Life {
        var acknowledgement = LogOptions.Acknowledgement.durable
        var faultCountAtStart = 0
        var isPoisoned = false
        var hasFailedToClose = false
        /// One failed sync, of which the log could take note: the kernel may forget what it did not write.
        var isEvictable = false
    }

    struct Expectation {
        /// Records that must be there.
        var floor = 0
        /// Whether there was a reason for a new epoch.
        var epochMayChange = false
        /// Whether readers were shown records before they were durable, and the log was not closed.
        var isVisibleAheadOfDurable = false
        /// Whether the last thing that happened was a close that succeeded.
        var isClosed = false
        /// Whether a sync of records has failed, so that the cache can hold what the medium does not.
        var isCacheDoubtful = false
        /// A flipped bit that the log need not notice.
        var residual: Flip?
        /// A flipped bit in the file `meta`.
        var metaFlip: Flip?
        /// A flipped bit in a record of a sealed segment, which is noticed as it is read.
        var sealedFlip: Flip?
        /// The log must know that so many records are durable, whatever else is damaged.
        var notedDurable = 0
    }

    init(seed: UInt64, settings: Settings) {
        var random = SeededGenerator(seed: seed)
        self.settings = settings
        self.disk = SimulatedDisk(
            seed: random.next(), freeByteCount: Self.plenty, lies: settings.lies, trace: self.trace)
        self.directory = LogDirectory("/log", on: self.disk)
        self.manner = Manner(&random)
        self.workload = Workload(&random)
        self.options = LogOptions(
            acknowledgement: self.manner.acknowledgement,
            segmentByteCount: self.manner.segmentByteCount, upkeep: Upkeep(&random),
            unsealedSegmentsMax: random.pick([1, 2, 2, 20]),
            blockCacheByteCount: random.pick([0, 100_000, 16 << 20]))
        self.random = random
    }

    /// Runs the simulation of `seed`.
    package static func run(seed: UInt64, settings: Settings = Settings()) -> Outcome {
        let simulation = Simulation(seed: seed, settings: settings)
        var violation: Violation?
        do throws(Violation) {
            try simulation.run()
        } catch {
            violation = error
        }
        return Outcome(
            seed: seed, violation: violation, digest: simulation.trace.digest,
            lastSteps: simulation.trace.lastSteps, diskStepCount: simulation.disk.stepCount,
            openingCount: simulation.openingCount, recordCount: simulation.oracle.records.count,
            counts: simulation.counts)
    }

    /// Counts something that a run is made for.
    func count(_ name: String) { self.counts[name, default: 0] += 1 }

    private func run() throws(Violation) {
        try self.open()
        for _ in 0..<self.manner.stepCount {
            try self.step()
            if self.disk.isDead {
                self.stop(power: self.random.chance(1, in: 2))
                try self.open()
            }
        }
        // What was acknowledged must also be there if nothing else happens.
        self.stop(power: true)
        try self.open()
    }
}
