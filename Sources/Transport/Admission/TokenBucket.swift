package import NIOCore

/// How often something may happen: so many times a second in the long run, and as many at once as `burst` says.
package struct Rate: Hashable, Sendable {
    /// How often in a second.
    package let perSecond: Double
    /// How often at once, after nothing has happened for a while; at least 1.
    package let burst: Double

    /// Creates a rate of `count` in so many seconds. By default they may all come at once.
    package init(_ count: Int, inSeconds seconds: Int = 1, burst: Int? = nil) {
        self.perSecond = Double(count) / Double(seconds)
        self.burst = Double(max(1, burst ?? count))
    }
}

/// What is left of a ``Rate``. Full at first.
///
/// It may be taken more than there is: who does waits until that is made up for. So there is no bound to what one request
/// can bring, only to how much comes in the long run.
package struct TokenBucket: Sendable {
    private var balance = Double.infinity
    private var time = NIODeadline.uptimeNanoseconds(0)

    /// Creates a full bucket.
    package init() {}

    /// Takes `count` if there is one at least; returns whether there was.
    package mutating func take(_ count: Int, of rate: Rate, at now: NIODeadline) -> Bool {
        self.fill(rate, now)
        guard self.balance >= 1 else { return false }
        self.balance -= Double(count)
        return true
    }

    /// Takes `count`, whatever is there.
    package mutating func charge(_ count: Int, of rate: Rate, at now: NIODeadline) {
        self.fill(rate, now)
        self.balance -= Double(count)
    }

    /// How long it takes until one can be taken; 0 if one can now.
    package mutating func wait(of rate: Rate, at now: NIODeadline) -> TimeAmount {
        self.fill(rate, now)
        guard self.balance < 1 else { return .zero }
        // A microsecond more, so that rounding does not let it be a moment too early.
        return .nanoseconds(Int64((1 - self.balance) / rate.perSecond * 1e9) + 1000)
    }

    /// Whether nothing is missing, so that a new bucket would be the same.
    package mutating func isFull(of rate: Rate, at now: NIODeadline) -> Bool {
        self.fill(rate, now)
        return self.balance >= rate.burst
    }

    private mutating func fill(_ rate: Rate, _ now: NIODeadline) {
        let seconds = Double(max(0, (now - self.time).nanoseconds)) / 1e9
        self.balance = min(rate.burst, self.balance + seconds * rate.perSecond)
        self.time = max(self.time, now)
    }
}
