import Foundation
import LogSimulation
import Testing

/// Whatever happens to the process, the power and the disk, the log keeps its promises.
struct SimulationTests {
    /// How many simulations a run of the tests makes; `LIVELOG_SIMULATION_SEEDS` sets another number.
    private static let seedCount =
        ProcessInfo.processInfo.environment["LIVELOG_SIMULATION_SEEDS"].flatMap { Int($0) } ?? 2000
    private static let shardCount = 8

    /// Seed for seed the same as `LIVELOG_SIMULATION_FIRST`, by default 0, and those after it.
    private static let firstSeed =
        ProcessInfo.processInfo.environment["LIVELOG_SIMULATION_FIRST"].flatMap { Int($0) } ?? 0

    @Test(arguments: 0..<shardCount)
    func theLogKeepsItsPromises(shard: Int) {
        for number in stride(from: shard, to: Self.seedCount, by: Self.shardCount) {
            let outcome = Simulation.run(seed: UInt64(Self.firstSeed + number))
            if outcome.violation != nil {
                Issue.record("\(outcome.report)")
                return
            }
        }
    }

    @Test func theSameSeedIsTheSameRun() {
        var digests: Set<UInt64> = []
        for seed in UInt64(0)..<20 {
            let first = Simulation.run(seed: seed)
            let second = Simulation.run(seed: seed)
            #expect(first.digest == second.digest, "seed \(seed)")
            #expect(first.diskStepCount == second.diskStepCount, "seed \(seed)")
            digests.insert(first.digest)
        }
        #expect(digests.count == 20)
    }

    @Test func runsAreLongEnoughToMeanSomething() {
        let outcomes = (UInt64(0)..<40).map { Simulation.run(seed: $0) }
        #expect(outcomes.reduce(0) { $0 + $1.openingCount } > 200)
        #expect(outcomes.reduce(0) { $0 + $1.recordCount } > 2000)
    }

    /// A simulation that does not notice a lying disk would not notice a log that forgets to ask.
    @Test(arguments: SimulatedDisk.Lie.allCases)
    func aLyingDiskIsFoundOut(lie: SimulatedDisk.Lie) {
        var settings = Simulation.Settings()
        settings.lies = [lie]
        let isFound = (UInt64(0)..<200).contains {
            Simulation.run(seed: $0, settings: settings).violation != nil
        }
        #expect(isFound)
    }
}
