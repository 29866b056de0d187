/// When to try one request again, and when to give up. Pure: the caller measures the time.
package struct RetrySchedule: Sendable {
    /// What the last attempt may take although the limit passes meanwhile: time for an answer.
    package static let leastTimeout = Duration.seconds(10)

    private let limit: Duration
    private let attemptLimit: Duration
    private var backoff: Backoff

    /// Creates a schedule that gives up after `limit` of failing, and gives no attempt more than `attemptLimit`.
    package init(
        limit: Duration, attemptLimit: Duration = .seconds(120), backoff: Backoff = Backoff()
    ) {
        self.limit = limit
        self.attemptLimit = attemptLimit
        self.backoff = backoff
    }

    /// How long the next attempt may take.
    ///
    /// - Parameter elapsed: how long it has been failing.
    package func timeout(failingFor elapsed: Duration) -> Duration {
        min(self.attemptLimit, max(self.limit - elapsed, Self.leastTimeout))
    }

    /// The time to wait before the next attempt, or nil if it is time to give up.
    ///
    /// The last attempt is made exactly at the limit rather than after it. A server that asks for a
    /// longer wait than what is left gets no further attempt.
    ///
    /// - Parameters:
    ///   - elapsed: how long it has been failing.
    ///   - retryAfter: what the server asked for, if it asked.
    ///   - generator: where the jitter comes from.
    package mutating func delay(
        failingFor elapsed: Duration, retryAfter: Duration?,
        using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        let left = self.limit - elapsed
        guard left > .zero else { return nil }
        let drawn = self.backoff.next(using: &generator)
        guard let retryAfter else { return min(drawn, left) }
        return retryAfter > left ? nil : min(max(drawn, retryAfter), left)
    }
}
