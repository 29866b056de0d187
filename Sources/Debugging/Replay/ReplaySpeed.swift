/// How fast a log's changes are sent again.
package enum ReplaySpeed: Hashable, Sendable {
    /// So many times as fast as they were appended.
    case times(Double)
    /// As fast as the target takes them.
    case max

    /// The factors that can be asked for: from a thousandth to a million.
    package static let factors = 0.001...1_000_000.0

    /// Reads a factor such as `1`, `0.5` or `20`, or `max`. Nil if it is neither, or out of ``factors``.
    package init?(_ text: String) {
        if text == "max" {
            self = .max
        } else if let factor = Double(text), Self.factors.contains(factor) {
            self = .times(factor)
        } else {
            return nil
        }
    }
}

/// When each batch of a replay is due, on the replay's own clock.
///
/// A batch is due as long after the first one as it was appended after it, divided by the factor: whatever became of
/// those before. So what a slow target holds up is late, and not the whole replay slower.
package struct ReplayPace: Sendable {
    /// Longer waits are no different from this one: about 30 years.
    private static let secondsMax = 1e9

    private let speed: ReplaySpeed
    private let start: Duration
    private var firstTime: Int64?
    private var latest: Duration

    /// Creates a pace whose first batch is due at `start`.
    package init(_ speed: ReplaySpeed, from start: Duration) {
        self.speed = speed
        self.start = start
        self.latest = start
    }

    /// When the next batch is due, which was appended at `time`, in microseconds since 1970; nil if it is never waited
    /// for. Where the log's clock went back, a batch is due with the one before it.
    package mutating func due(_ time: Int64) -> Duration? {
        guard case .times(let factor) = self.speed else { return nil }
        let first = self.firstTime ?? time
        self.firstTime = first
        let seconds = (Double(time) - Double(first)) / 1e6 / factor
        let due = self.start + .seconds(min(Swift.max(seconds, 0), Self.secondsMax))
        self.latest = Swift.max(self.latest, due)
        return self.latest
    }
}
