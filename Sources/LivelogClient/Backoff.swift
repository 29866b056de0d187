/// How long to wait before trying again: exponential, with full jitter.
///
/// Attempt `n`, counted from 0, waits for a random time between zero and `min(cap, base * 2^n)`, so that
/// thousands of clients that lost one server do not all come back in the same moment.
public struct Backoff: Hashable, Sendable {
    /// The bound of the first wait.
    public let base: Duration
    /// The bound that no wait exceeds.
    public let cap: Duration
    /// How many waits were given since the last success.
    public private(set) var attempts = 0

    /// Creates a backoff that has not waited yet. Traps unless `0 < base <= cap`.
    public init(base: Duration = .milliseconds(250), cap: Duration = .seconds(30)) {
        precondition(.zero < base && base <= cap, "backoff from \(base) to \(cap)")
        self.base = base
        self.cap = cap
    }

    /// The longest time that the next wait can take.
    public var bound: Duration {
        var bound = self.base
        for _ in 0..<self.attempts {
            bound *= 2
            if bound >= self.cap { return self.cap }
        }
        return bound
    }

    /// Draws the next wait, rounded to whole milliseconds.
    public mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let milliseconds = Int64(self.bound / .milliseconds(1))
        // The bound stops growing, so the count need not grow for ever either.
        self.attempts = min(self.attempts + 1, 1 << 16)
        return .milliseconds(Int64.random(in: 0...max(milliseconds, 1), using: &generator))
    }

    /// Begins again from the shortest wait, after something worked.
    public mutating func reset() {
        self.attempts = 0
    }
}
