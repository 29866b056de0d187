import LoadTest
import Testing

/// What `--find-rate` takes.
struct ObjectiveTests {
    @Test(arguments: [
        ("p99<10ms", 99.0, 10_000_000 as UInt64), ("p99.9<500us", 99.9, 500_000),
        ("p50<1s", 50, 1_000_000_000), ("p99<2.5ms", 99, 2_500_000),
    ])
    func percentileAndLimit(text: String, percentile: Double, limit: UInt64) throws {
        let objective = try Objective(text)
        #expect(objective.percentile == percentile)
        #expect(objective.limit == limit)
    }

    @Test(arguments: [
        "", "p99", "p99<", "99<10ms", "p0<1ms", "p101<1ms", "p99<10", "p99<-1ms", "p99>1ms",
    ])
    func othersAreRefusedWithAnExample(text: String) {
        #expect { try Objective(text) } throws: { "\($0)".contains("such as p99<10ms") }
    }
}
