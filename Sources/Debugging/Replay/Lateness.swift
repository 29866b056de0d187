/// How late things were, in few counters: quantiles are at most 1/32 too high.
package struct Lateness: Sendable {
    /// Counters for each power of two; smaller values have a counter each, twice as many of them.
    private static let stepCount: UInt64 = 32
    /// More microseconds are not told from these: 36,000 years.
    private static let valueMax: UInt64 = 1 << 60

    /// By size in microseconds, as far as there are any.
    private var counts: [UInt64] = []
    /// How many were counted.
    package private(set) var count: UInt64 = 0
    /// The greatest; zero if there is none.
    package private(set) var max = Duration.zero

    /// Creates counters that have counted nothing.
    package init() {}

    /// Counts one. What is early is not late.
    package mutating func add(_ lateness: Duration) {
        let lateness = Swift.max(lateness, .zero)
        let index = Self.index(of: Self.microseconds(lateness))
        if index >= self.counts.count {
            self.counts += Array(repeating: 0, count: index + 1 - self.counts.count)
        }
        self.counts[index] += 1
        self.count += 1
        self.max = Swift.max(self.max, lateness)
    }

    /// The lateness that this part of all, 0 to 1, does not exceed; nil if nothing was counted.
    package func quantile(_ part: Double) -> Duration? {
        guard self.count > 0 else { return nil }
        let wanted = Swift.max((Double(self.count) * part).rounded(.up), 1)
        var seen: UInt64 = 0
        for (index, count) in self.counts.enumerated() {
            seen += count
            if Double(seen) >= wanted { return min(Self.bound(of: index), self.max) }
        }
        return self.max
    }

    private static func microseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        let (whole, isTooLong) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000)
        guard !isTooLong, whole < Self.valueMax else { return Self.valueMax }
        return whole + UInt64(attoseconds / 1_000_000_000_000)
    }

    private static func index(of value: UInt64) -> Int {
        guard value >= 2 * Self.stepCount else { return Int(value) }
        let shift = UInt64(58 - value.leadingZeroBitCount)
        return Int(shift * Self.stepCount + value >> shift)
    }

    /// The greatest value that is counted at `index`.
    private static func bound(of index: Int) -> Duration {
        let index = UInt64(index)
        guard index >= 2 * Self.stepCount else { return .microseconds(Int64(index) + 1) }
        let shift = index / Self.stepCount - 1
        return .microseconds(Int64((index - shift * Self.stepCount + 1) << shift))
    }
}
