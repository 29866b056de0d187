import Debugging
import TestSupport
import Testing

/// When a replay's batches are due, and how late they were.
@Suite struct ReplayPaceTests {
    @Test func aSpeedIsAFactorOrMax() {
        #expect(ReplaySpeed("1") == .times(1))
        #expect(ReplaySpeed("0.5") == .times(0.5))
        #expect(ReplaySpeed("1000000") == .times(1_000_000))
        #expect(ReplaySpeed("max") == .max)
        for text in ["", "0", "-1", "0.0001", "1000001", "nan", "inf", "fast", "MAX"] {
            #expect(ReplaySpeed(text) == nil, "\(text)")
        }
    }

    @Test(
        arguments: [(1, 1000), (0.5, 2000), (4, 250), (1000, 1)] as [(Double, Int)])
    func aBatchIsDueAsTheLogSaysDividedByTheFactor(factor: Double, milliseconds: Int) {
        var pace = ReplayPace(.times(factor), from: .seconds(7))
        let begin: Int64 = 1_760_000_000_000_000
        #expect(pace.due(begin) == .seconds(7))
        #expect(pace.due(begin + 1_000_000) == .seconds(7) + .milliseconds(milliseconds))
        #expect(pace.due(begin + 3_000_000) == .seconds(7) + .milliseconds(3 * milliseconds))
    }

    @Test func whereTheClockWentBackABatchIsDueWithTheOneBefore() {
        var pace = ReplayPace(.times(1), from: .zero)
        #expect(pace.due(5_000_000) == .zero)
        #expect(pace.due(1_000_000) == .zero)
        #expect(pace.due(9_000_000) == .seconds(4))
        #expect(pace.due(8_000_000) == .seconds(4))
        #expect(pace.due(10_000_000) == .seconds(5))
    }

    @Test func timesOfAllKindsAreBorne() throws {
        var pace = ReplayPace(.times(0.001), from: .zero)
        #expect(pace.due(.min) == .zero)
        let last = pace.due(.max)
        let due = try #require(last)
        #expect(due > .seconds(1_000_000))
        #expect(pace.due(0) == due)
    }

    @Test func atMaxNothingIsDue() {
        var pace = ReplayPace(.max, from: .zero)
        #expect(pace.due(1) == nil && pace.due(2) == nil)
    }

    @Test func quantilesAreThoseOfASortedListWithinAThirtySecond() throws {
        var generator = SeededGenerator(seed: 11)
        var lateness = Lateness()
        #expect(lateness.quantile(0.5) == nil && lateness.max == .zero)
        var values: [Int64] = []
        for _ in 0..<5000 {
            let value = Int64.random(
                in: 0..<1 << Int64.random(in: 1...40, using: &generator), using: &generator)
            values.append(value)
            lateness.add(.microseconds(value))
        }
        values.sort()
        for part in [0.01, 0.5, 0.9, 0.99, 1] {
            let exact = values[Int((Double(values.count) * part).rounded(.up)) - 1]
            let found = try #require(lateness.quantile(part)) / .microseconds(1)
            #expect(found >= Double(exact) && found <= Double(exact) * 33 / 32 + 1, "\(part)")
        }
        #expect(lateness.max == .microseconds(values.last ?? 0))
        #expect(lateness.count == 5000)
    }

    @Test func whatIsEarlyIsNotLateAndWhatIsEndlessIsCounted() {
        var lateness = Lateness()
        lateness.add(.seconds(-3))
        #expect(lateness.quantile(1) == .zero)
        lateness.add(.seconds(Int64.max))
        #expect(lateness.quantile(0.1) ?? .seconds(9) <= .microseconds(1))
        #expect(lateness.quantile(1) ?? .zero > .seconds(1_000_000_000))
    }
}
