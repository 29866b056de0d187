import Histogram
import NIOCore

/// How long things took, in nanoseconds: a high dynamic range histogram with three significant digits, from 1 µs.
///
/// Recording costs some nanoseconds and no allocation. Intended times are the caller's: they are what keeps a
/// stall from being hidden (coordinated omission).
struct Latency {
    /// What is beyond is counted as this: a thousand seconds.
    private static let most: UInt64 = 1_000_000_000_000

    private var histogram: Histogram<UInt64>
    /// The highest value, exactly.
    private(set) var max: UInt64 = 0

    init() {
        self.histogram = Histogram(
            lowestDiscernibleValue: 1000, highestTrackableValue: Self.most,
            numberOfSignificantValueDigits: .three)
    }

    /// How many were recorded.
    var count: UInt64 { self.histogram.totalCount }

    /// Records `count` things that took as long.
    mutating func record(_ nanoseconds: UInt64, count: UInt64 = 1) {
        if nanoseconds > self.max { self.max = nanoseconds }
        self.histogram.record(Swift.min(nanoseconds, Self.most), count: count)
    }

    /// Adds what another one has.
    mutating func add(_ other: Self) {
        guard other.count > 0 else { return }
        self.histogram.add(other.histogram)
        self.max = Swift.max(self.max, other.max)
    }

    /// Forgets everything.
    mutating func reset() {
        self.histogram.reset()
        self.max = 0
    }

    /// The value in nanoseconds that `percent` of all are not above; 0 if there is none.
    func value(atPercentile percent: Double) -> UInt64 {
        self.count == 0 ? 0 : Swift.min(self.histogram.valueAtPercentile(percent), self.max)
    }

    /// The figures that are told.
    var summary: LatencySummary {
        func microseconds(_ percent: Double) -> Double {
            Double(self.value(atPercentile: percent)) / 1000
        }
        return LatencySummary(
            count: self.count, mean: self.count == 0 ? 0 : self.histogram.mean / 1000,
            p50: microseconds(50),
            p90: microseconds(90), p99: microseconds(99), p999: microseconds(99.9),
            p9999: microseconds(99.99),
            max: Double(self.max) / 1000)
    }
}

/// Percentiles of a histogram, in microseconds.
package struct LatencySummary: Encodable, Sendable {
    /// How many were recorded.
    package var count: UInt64
    /// Their mean.
    package var mean: Double
    /// Half are not above.
    package var p50: Double
    /// Nine of ten are not above.
    package var p90: Double
    /// 99 of 100 are not above.
    package var p99: Double
    /// 999 of 1,000 are not above.
    package var p999: Double
    /// 9,999 of 10,000 are not above.
    package var p9999: Double
    /// The highest.
    package var max: Double

    private enum CodingKeys: String, CodingKey {
        case count, mean, p50, p90, p99, max
        case p999 = "p99_9"
        case p9999 = "p99_99"
    }
}
