import Benchmark
import Foundation

// Each benchmark does its step for a thousand records an iteration: microseconds of an iteration are nanoseconds of a
// record. With LIVELOG_MICRO_ONCE in the environment each runs once, which shows that it works and not how fast.
let benchmarks: @Sendable () -> Void = {
    let runsOnce = ProcessInfo.processInfo.environment["LIVELOG_MICRO_ONCE"] != nil
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput], scalingFactor: .kilo, maxDuration: .seconds(1),
        maxIterations: runsOnce ? 1 : 10_000)
    addBenchmarksOfIncoming()
    addBenchmarksOfAppending()
    addBenchmarksOfMatching()
    addBenchmarksOfDelivering()
    addBenchmarksOfReading()
}
