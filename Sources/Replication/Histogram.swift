/// Counts how often values fell below a few bounds, and their sum: a histogram as Prometheus has it.
package struct Histogram: Hashable, Sendable {
    /// The inclusive upper bounds of the buckets, ascending; above the last one is another bucket.
    package let bounds: [Double]
    /// How many values each bucket has; one more than `bounds`.
    package private(set) var counts: [UInt64]
    /// The sum of all values.
    package private(set) var sum = 0.0

    /// Creates an empty histogram.
    package init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds rise")
        self.bounds = bounds
        self.counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// For durations in seconds: 100 µs to 10 s, three bounds a decade.
    package static let seconds = Histogram(bounds: [
        0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
    ])

    /// For numbers of things: powers of four to about a million.
    package static let counting = Histogram(bounds: [
        1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262_144, 1_048_576,
    ])

    /// Counts a value.
    package mutating func add(_ value: Double) {
        let index = self.bounds.firstIndex { value <= $0 } ?? self.bounds.count
        self.counts[index] += 1
        self.sum += value
    }

    /// How many values there are.
    package var count: UInt64 { self.counts.reduce(0, +) }
}
