import LogFormat
import LogModel
import LogStorage
import Synchronization
import Testing

/// One writer and several readers, each on a thread of its own.
@Suite(.timeLimit(.minutes(1))) struct ConcurrencyTests {
    /// What one reader saw.
    private struct Reading: Sendable {
        var count = 0
        var postings = 0
        var failure: StorageError?
        var isDense = true
        var isWhole = true
    }

    /// What the threads leave behind.
    private final class Outcome: Sendable {
        let readings = Mutex<[Reading]>([])
        let failure = Mutex<StorageError?>(nil)
    }

    /// Reads everything up to `end` as it becomes visible.
    private static func follow(_ log: ChangeLog, to end: Offset, bell: Doorbell) -> Reading {
        var reading = Reading()
        let hash = log.hasher.groupHash(GroupKey(model: "todo.Task"))
        var at = Offset.zero
        while at < end {
            guard let extent = try? log.extent(at: at) else {
                bell.wait()
                continue
            }
            do throws(StorageError) {
                // The postings and the records are two ways to the same offsets.
                reading.postings += try extent.postings(of: hash, from: at, limit: .max).count
                while at < extent.end {
                    try extent.segment.withRecord(at: at) { record in
                        reading.isDense = reading.isDense && record.offset == at
                        if at.next == extent.end {
                            reading.isWhole = reading.isWhole && record.isLastOfBatch
                        }
                    }
                    reading.count += 1
                    at = at.next
                }
            } catch {
                reading.failure = error
                return reading
            }
        }
        return reading
    }

    @Test(arguments: LogOptions.Acknowledgement.allCases)
    func readersThatFollowTheWriterSeeWholeRecordsInOrder(
        acknowledgement: LogOptions.Acknowledgement
    ) throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open(acknowledgement).writer
        let log = writer.log
        let end = Offset(6000)
        let readerCount = 3
        let bells = (0..<readerCount).map { _ in Doorbell() }
        let outcome = Outcome()
        let readers = try bells.map { bell in
            try DedicatedThread {
                let reading = Self.follow(log, to: end, bell: bell)
                outcome.readings.withLock { $0.append(reading) }
            }
        }
        let appender = try DedicatedThread { [writer] in
            do throws(StorageError) {
                var next = 0
                while next < 6000 {
                    let count = min(1 + next % 7, 6000 - next)
                    try writer.append(
                        (0..<count).map { index in
                            TestChange(
                                action: .updated, key: .number(index),
                                groups: [TestGroup("list", .number(index % 3))],
                                instance: String(repeating: "x", count: next % 300))
                        })
                    next += count
                    try writer.write()
                    if next % 3 == 0 { try writer.synchronize() }
                    writer.publish()
                    for bell in bells { bell.ring() }
                }
                try writer.commit()
            } catch {
                outcome.failure.withLock { $0 = error }
            }
            for bell in bells { bell.ring() }
        }
        appender.join()
        #expect(outcome.failure.withLock { $0 } == nil)
        for reader in readers { reader.join() }
        let found = outcome.readings.withLock { $0 }
        #expect(found.count == readerCount)
        for reading in found {
            #expect(reading.failure == nil)
            #expect(reading.count == 6000 && reading.postings == 6000)
            #expect(reading.isDense && reading.isWhole)
        }
        #expect(try directory.segments().count > 10)
    }
}
