import NIOCore

/// Decides when events are published: on a schedule, whatever the server does, or as fast as they are delivered.
///
/// Confined to the event loop of its ``Load``.
final class Pump {
    /// What sets the pace.
    enum Pace {
        /// So many events a second, each with the time at which it should be sent, however late that happens.
        case rate(Double)
        /// As many as keep so many outstanding. An event's time is when it is sent.
        case window(Int)
        /// So many in all, in full batches, as fast as the publisher's connections take them.
        case total(Int)
    }

    private let load: Load
    private let groups: Range<Int>
    private let pace: Pace
    private let batch: Int
    private let isWhole: Bool
    private var begin: UInt64 = 0
    private var end: UInt64 = 0
    private var count = 0
    private var timer: Scheduled<Void>?
    private(set) var isRunning = false

    /// Events that were due and not taken by the publisher when they should have been, at most.
    private(set) var backlogMax = 0

    /// Creates a pump that publishes to `groups` in turn.
    ///
    /// - Parameter batch: Events of a batch: at most so many, or, if it `isWhole`, always, but for the last one.
    init(load: Load, groups: Range<Int>, pace: Pace, batch: Int = 500, isWhole: Bool = false) {
        self.load = load
        self.groups = groups
        self.pace = pace
        self.batch = batch
        self.isWhole = isWhole
    }

    /// Publishes for so long, or the whole total, and returns when the last event is on its way.
    ///
    /// - Throws: The load's first failure.
    func run(seconds: Double = 0) async throws {
        self.start(seconds: seconds)
        defer { self.stop() }
        var last = (count: self.count, time: NIODeadline.now())
        while self.isRunning {
            try await self.load.pause()
            if self.count != last.count { last = (self.count, .now()) }
            let due = self.begin + UInt64(Double(self.count) * self.interval)
            guard max(last.time, .uptimeNanoseconds(due)) + self.load.silenceMax > .now() else {
                throw LoadError(
                    .late,
                    "the server takes no more events: after \(self.count) it was silent for \(self.load.patience) seconds"
                )
            }
        }
    }

    /// Begins to publish, for so long or until it is stopped.
    func start(seconds: Double) {
        self.begin = NIODeadline.now().uptimeNanoseconds
        self.end = self.begin + UInt64(seconds * 1e9)
        self.count = 0
        self.isRunning = true
        self.load.pump = self
        self.poke(at: self.begin)
    }

    /// Publishes nothing more.
    func stop() {
        self.load.pump = nil
        self.isRunning = false
        self.timer?.cancel()
    }

    /// Publishes what is due.
    func poke(at now: UInt64) {
        guard self.isRunning else { return }
        switch self.pace {
        case .window(let window): self.fill(window, at: now)
        case .rate: self.catchUp(at: now)
        case .total(let total): self.send(total, at: now)
        }
    }

    /// Nanoseconds between events that are sent on schedule.
    private var interval: Double {
        if case .rate(let rate) = self.pace { 1e9 / rate } else { 0 }
    }

    private func fill(_ window: Int, at now: UInt64) {
        // Half a window at a time, so that what is on its way is never little.
        let part = min(max(window / 2, 1), self.batch)
        if now >= self.end { return self.isRunning = false }
        while window - self.load.outstanding >= part {
            guard self.publish(part, from: now, interval: 0) else { break }
        }
        self.wake(at: now + 1_000_000)
    }

    private func catchUp(at now: UInt64) {
        let interval = self.interval
        let total = Int((Double(self.end - self.begin) / interval).rounded(.up))
        let due = min(Int(Double(now - self.begin) / interval) + 1, total) - self.count
        self.backlogMax = max(self.backlogMax, due)
        var left = due
        // A whole batch is due when its last event is.
        while left >= self.batch || left > 0 && (!self.isWhole || self.count + left == total) {
            let part = min(left, self.batch)
            let first = self.begin + UInt64(Double(self.count) * interval)
            guard self.publish(part, from: first, interval: UInt64(interval)) else { break }
            left -= part
        }
        if self.count == total { return self.isRunning = false }
        let missing = self.isWhole ? min(self.batch, total - self.count) - 1 : 0
        let next = self.begin + UInt64(Double(self.count + missing) * interval)
        // What the publisher did not take is tried again in a moment.
        self.wake(at: max(next, now + 50_000))
    }

    private func send(_ total: Int, at now: UInt64) {
        while self.count < total,
            self.publish(min(self.batch, total - self.count), from: now, interval: 0)
        {}
        if self.count == total { return self.isRunning = false }
        self.wake(at: now + 1_000_000)
    }

    private func publish(_ count: Int, from time: UInt64, interval: UInt64) -> Bool {
        guard let publisher = self.load.publisher,
            publisher.publish(count: count, groups: self.groups, from: time, interval: interval)
        else { return false }
        self.count += count
        return true
    }

    /// - Parameter time: In the future: the loop runs what is due before it reads sockets again.
    private func wake(at time: UInt64) {
        self.timer?.cancel()
        self.timer = self.load.eventLoop.assumeIsolated().scheduleTask(
            deadline: .uptimeNanoseconds(time)
        ) {
            self.poke(at: NIODeadline.now().uptimeNanoseconds)
        }
    }
}
