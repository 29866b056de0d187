/// When to try one request again, and when to give up. Pure: the caller measures the time.
package struct RetrySchedule: Sendable {
    private let limit: Duration
    private var backoff: Backoff

    /// Creates a schedule that gives up after `limit` of failing.
    package init(limit: Duration, backoff: Backoff = Backoff()) {
        self.limit = limit
        self.backoff = backoff
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
