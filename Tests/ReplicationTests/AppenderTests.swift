import LogFormat
import LogModel
import LogStorage
import Logging
import Replication
import Synchronization
import TestSupport
import Testing

/// The appender's thread over a real log. A test holds it in the reply to a first submission while it
/// queues others, so that these are one group.
struct AppenderTests {
    @Test func whatWaitsIsOneGroupWithOneRing() throws {
        try withTemporaryDirectory { path in
            let fixture = try Fixture(path)
            let held = try fixture.hold()
            let rings = fixture.rings.load(ordering: .sequentiallyConsistent)
            let replies = Replies()
            for key in 0..<20 { try fixture.submit([[key, key], [key]], to: replies) }
            held.release()
            let outcomes = replies.wait(for: 20)
            // The group's ring comes before its replies, and there is no other.
            #expect(fixture.rings.load(ordering: .sequentiallyConsistent) == rings + 1)
            for (number, outcome) in outcomes.enumerated() {
                let first = Offset(UInt64(1 + 3 * number))
                #expect(
                    outcome.receipt
                        == Receipt(
                            epoch: fixture.log.epoch, first: first, last: first.advanced(by: 2),
                            isDurable: true, isRepeated: false))
            }
            #expect(fixture.log.watermarks.visible == Offset(61))
            #expect(fixture.log.watermarks.durable == Offset(61))
            fixture.appender.stop()
        }
    }

    @Test func theBatchesBeforeOneThatIsTooLargeAreIn() throws {
        try withTemporaryDirectory { path in
            let fixture = try Fixture(path)
            let replies = Replies()
            try fixture.submit([[1, 2], [3]], pads: [0, 0, 100_000], to: replies)
            try fixture.submit([[4]], pads: [100_000], to: replies)
            try fixture.submit([[5]], to: replies)
            let outcomes = replies.wait(for: 3)
            #expect(outcomes[0].error?.code == .batchTooLarge)
            #expect(outcomes[0].appended?.first == Offset(0))
            #expect(outcomes[0].appended?.last == Offset(1))
            #expect(outcomes[1].error?.code == .batchTooLarge)
            #expect(outcomes[1].appended == nil)
            #expect(outcomes[2].receipt?.first == Offset(2))
            #expect(fixture.log.watermarks.visible == Offset(3))
            fixture.appender.stop()
        }
    }

    @Test func aRepeatedBatchGetsItsFirstReceipt() throws {
        try withTemporaryDirectory { path in
            let fixture = try Fixture(path)
            let replies = Replies()
            let producer = ProducerIdentity(
                id: ProducerIdentity.ID(low: 1, high: 2), sequence: 5)
            let older = ProducerIdentity(id: producer.id, sequence: 4)
            for identity in [producer, producer, older] {
                try fixture.submit([[1, 2]], producer: identity, to: replies)
            }
            let outcomes = replies.wait(for: 3)
            #expect(outcomes[0].receipt?.isRepeated == false)
            #expect(outcomes[1].receipt?.isRepeated == true)
            #expect(outcomes[1].receipt?.first == Offset(0))
            #expect(outcomes[1].receipt?.last == Offset(1))
            #expect(outcomes[2].error?.code == .sequenceTooOld)
            #expect(fixture.log.watermarks.visible == Offset(2))
            fixture.appender.stop()
        }
    }

    @Test func stoppingAppendsWhatWaitsAndTakesNothingMore() throws {
        try withTemporaryDirectory { path in
            let fixture = try Fixture(path)
            let held = try fixture.hold()
            let replies = Replies()
            for key in 0..<5 { try fixture.submit([[key]], to: replies) }
            fixture.appender.queue.close()
            #expect(throws: IngressQueue.Refusal.closed) {
                try fixture.submit([[9]], to: replies)
            }
            held.release()
            fixture.appender.stop()
            let outcomes = replies.wait(for: 5)
            #expect(outcomes.map { $0.receipt?.first } == (1...5).map { Offset($0) })
        }
    }

    @Test func whatWasAcknowledgedIsThereAfterAStop() throws {
        try withTemporaryDirectory { path in
            do {
                let fixture = try Fixture(path, acknowledgement: .written)
                let replies = Replies()
                try fixture.submit([[1], [2]], to: replies)
                #expect(replies.wait(for: 1)[0].receipt?.isDurable == false)
                fixture.appender.stop()
                #expect(fixture.log.watermarks.durable == Offset(2))
            }
            let report = try Recovery.open(LogDirectory(path), options: .small).report
            #expect(report.end == Offset(2))
            #expect(report.wasClosedCleanly)
            #expect(!report.hasNewEpoch)
        }
    }

    @Test func recordsBearTheTimeOfTheClock() throws {
        try withTemporaryDirectory { path in
            let fixture = try Fixture(path, clock: { 1_700_000_000_000_001 })
            let replies = Replies()
            try fixture.submit([[1]], to: replies)
            _ = replies.wait(for: 1)
            let time = try fixture.log.withRecord(at: .zero) { record in record.time }
            #expect(time == 1_700_000_000_000_001)
            fixture.appender.stop()
        }
    }
}

/// An appender over a log in a directory.
private final class Fixture: Sendable {
    let log: ChangeLog
    let appender: Appender
    let rings = Atomic<Int>(0)

    init(
        _ directory: String, acknowledgement: LogOptions.Acknowledgement = .durable,
        clock: @escaping @Sendable () -> Int64 = { 0 }
    ) throws {
        var options = LogOptions.small
        options.acknowledgement = acknowledgement
        let writer = try Recovery.open(LogDirectory(directory), options: options).writer
        self.log = writer.log
        let bell = VisibleBell()
        self.appender = try Appender(
            writer: writer, acknowledgement: acknowledgement, limits: IngressQueue.Limits(),
            bell: bell, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: clock)
        bell.add { [weak self] in
            self?.rings.wrappingAdd(1, ordering: .sequentiallyConsistent)
        }
    }

    /// Submits batches of changes to the instances with these keys.
    func submit(
        _ batches: [[Int]], pads: [Int] = [], producer: ProducerIdentity? = nil, to replies: Replies
    ) throws {
        var builder = ChangesBuilder()
        var number = 0
        for keys in batches {
            for key in keys {
                let pad = String(repeating: "x", count: number < pads.count ? pads[number] : 0)
                builder.add(
                    .updated, "m", key: .number(key), instance: "{\"pad\":\"\(pad)\"}")
                number += 1
            }
            builder.endBatch()
        }
        try self.appender.queue.add(
            Submission(changes: builder.finish(), producer: producer) { replies.take($0) })
    }

    /// Appends one record, and holds the thread in its reply until the result is released.
    func hold() throws -> Held {
        let held = Held()
        var builder = ChangesBuilder()
        builder.add(.created, "m", key: .number(0))
        try self.appender.queue.add(
            Submission(changes: builder.finish(), producer: nil) { _ in held.stay() })
        held.waitUntilHeld()
        return held
    }
}

/// Where a thread is held.
private final class Held: Sendable {
    private let entered = Doorbell()
    private let released = Doorbell()

    func stay() {
        self.entered.ring()
        self.released.wait()
    }

    func waitUntilHeld() { self.entered.wait() }
    func release() { self.released.ring() }
}

/// Collects how submissions ended, in order.
private final class Replies: Sendable {
    private let outcomes = Mutex<[Submission.Outcome]>([])
    private let bell = Doorbell()

    func take(_ outcome: Submission.Outcome) {
        self.outcomes.withLock { $0.append(outcome) }
        self.bell.ring()
    }

    /// Waits until `count` submissions have been answered.
    func wait(for count: Int) -> [Submission.Outcome] {
        while true {
            let outcomes = self.outcomes.withLock { $0 }
            if outcomes.count >= count { return outcomes }
            self.bell.wait()
        }
    }
}

extension Submission.Outcome {
    fileprivate var receipt: Receipt? {
        if case .appended(let receipt) = self { receipt } else { nil }
    }

    fileprivate var error: StorageError? {
        if case .refused(let error, _) = self { error } else { nil }
    }

    fileprivate var appended: Receipt? {
        if case .refused(_, let receipt) = self { receipt } else { nil }
    }
}
