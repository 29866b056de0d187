import Synchronization

/// A clock on which every wait is over at once, and remembered.
final class ImmediateClock: Clock {
    struct Instant: InstantProtocol {
        let sinceStart: Duration

        func advanced(by duration: Duration) -> Instant {
            Instant(sinceStart: self.sinceStart + duration)
        }

        func duration(to other: Instant) -> Duration { other.sinceStart - self.sinceStart }

        static func < (left: Instant, right: Instant) -> Bool { left.sinceStart < right.sinceStart }
    }

    private let waits = Mutex<[Duration]>([])

    /// How long each wait would have been.
    var durations: [Duration] { self.waits.withLock { $0 } }

    var now: Instant { Instant(sinceStart: self.durations.reduce(.zero, +)) }

    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let duration = self.now.duration(to: deadline)
        self.waits.withLock { $0.append(duration) }
    }
}
