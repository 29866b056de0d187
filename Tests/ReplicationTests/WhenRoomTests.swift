import LogModel
import LogStorage
import Logging
import Replication
import Synchronization
import TestSupport
import Testing

/// Whoever finds the queue full is told when there is room, once, and misses no moment of it.
struct WhenRoomTests {
    private static func submission(
        _ reply: @escaping @Sendable (Submission.Outcome) -> Void = { _ in }
    ) -> Submission {
        var builder = ChangesBuilder()
        builder.add(.created, "m", key: .number(1))
        return Submission(changes: builder.finish(), producer: nil, reply: reply)
    }

    @Test func aClosedQueueTellsThoseWhoWaitForRoom() throws {
        var limits = IngressQueue.Limits()
        limits.submissionsMax = 1
        let queue = IngressQueue(limits: limits)
        let told = Atomic(0)
        try queue.add(Self.submission()) {
            told.wrappingAdd(100, ordering: .relaxed)
        }
        for _ in 0..<2 {
            #expect(throws: IngressQueue.Refusal.full) {
                try queue.add(Self.submission()) { told.wrappingAdd(1, ordering: .relaxed) }
            }
        }
        #expect(queue.usage.fullCount == 2)
        #expect(queue.usage.submissionCount == 1 && queue.usage.byteCount > 0)
        #expect(told.load(ordering: .relaxed) == 0)
        queue.close()
        #expect(told.load(ordering: .relaxed) == 2)
        #expect(throws: IngressQueue.Refusal.closed) {
            try queue.add(Self.submission()) { told.wrappingAdd(1, ordering: .relaxed) }
        }
        #expect(told.load(ordering: .relaxed) == 2)
    }

    /// Four producers over a queue with room for one: each tries again only when told, and all get in.
    @Test func nobodyWhoIsToldWaitsForEver() throws {
        try withTemporaryDirectory { path in
            var limits = IngressQueue.Limits()
            limits.submissionsMax = 1
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let opened = try Recovery.open(LogDirectory(path), options: LogOptions())
            let log = opened.writer.log
            let appender = try Appender(
                writer: opened.writer, acknowledgement: .written, limits: limits,
                bell: VisibleBell(), logger: logger)
            let producers = (0..<4).map { _ in PersistentProducer(appender.queue, count: 200) }
            for producer in producers { producer.goOn() }
            for producer in producers { producer.done.wait() }
            appender.stop()
            #expect(log.watermarks.visible == Offset(800))
            #expect(appender.counters.records == 800)
            #expect(appender.counters.batches == 800)
            #expect(appender.counters.bytes > 800 * 64)
        }
    }

    /// Adds its submissions one after the other, as a connection does.
    private final class PersistentProducer: Sendable {
        let done = Doorbell()
        private let queue: IngressQueue
        private let left: Mutex<Int>

        init(_ queue: IngressQueue, count: Int) {
            self.queue = queue
            self.left = Mutex(count)
        }

        func goOn() {
            let isLast = self.left.withLock { left in
                left -= 1
                return left < 0
            }
            guard !isLast else { return self.done.ring() }
            self.add()
        }

        private func add() {
            // The queue refuses only because it is full here, and then calls again.
            try? self.queue.add(WhenRoomTests.submission { _ in self.goOn() }) { self.add() }
        }
    }
}
