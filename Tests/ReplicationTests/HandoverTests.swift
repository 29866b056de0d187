import Foundation
import LogModel
import TestSupport
import Testing

/// Where catching up and live meet: whatever happens in whatever order, each subscription gets each record
/// that it wants once, in the order of the log.
struct HandoverTests {
    /// How many simulations a run of the tests makes; `LIVELOG_SIMULATION_SEEDS` sets another number.
    private static let seedCount =
        ProcessInfo.processInfo.environment["LIVELOG_SIMULATION_SEEDS"].flatMap { Int($0) } ?? 2000
    private static let shardCount = 8

    /// Seed for seed the same as `LIVELOG_SIMULATION_FIRST`, by default 0, and those after it.
    private static let firstSeed =
        ProcessInfo.processInfo.environment["LIVELOG_SIMULATION_FIRST"].flatMap { Int($0) } ?? 0

    @Test(arguments: 0..<shardCount)
    func eachSubscriptionGetsEachRecordOnceInOrder(shard: Int) throws {
        for number in stride(from: shard, to: Self.seedCount, by: Self.shardCount) {
            let seed = Self.firstSeed + number
            let finding = try withTemporaryDirectory(inMemory: true) { directory in
                try Simulation(seed: UInt64(seed), directory: directory).run(steps: 150)
            }
            if let finding {
                Issue.record("seed \(seed): \(finding)")
                return
            }
        }
    }
}
