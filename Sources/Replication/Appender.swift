import LogModel
package import LogStorage
package import Logging
import Synchronization

/// The one writer's thread: takes everything that waits, appends it, makes it durable with one sync, shows it
/// to readers, and answers the producers. What arrives meanwhile is the next group.
package final class Appender: Sendable {
    /// The queue that it takes from.
    package let queue: IngressQueue
    private let thread: DedicatedThread
    private let upkeep: UpkeepThread
    private let failed: Flag
    private let shown: Published<AppendCounters>

    /// What it has done since the start.
    package var counters: AppendCounters { self.shown.value }

    /// Whether a failed write or sync ended the log's life as a writer.
    package var hasFailed: Bool { self.failed.isRaised }

    /// Bytes of records after which a group is committed although more waits. Bounds how long the first
    /// producer of a group waits for the last.
    fileprivate static let groupByteCountMax = 8 << 20

    /// Starts the thread. `writer` belongs to it from then on.
    ///
    /// - Parameters:
    ///   - bell: rung when readers can see more.
    ///   - clock: microseconds since 1970, for the time of records.
    package init(
        writer: sending LogWriter, acknowledgement: LogOptions.Acknowledgement,
        limits: IngressQueue.Limits, bell: VisibleBell, logger: Logger,
        clock: @escaping @Sendable () -> Int64 = { Machine.wallClock() }
    ) throws(StorageError) {
        let queue = IngressQueue(limits: limits)
        let failed = Flag()
        let shown = Published(AppendCounters())
        let upkeep = try UpkeepThread(writer.maintenance, logger: logger, clock: clock)
        self.queue = queue
        self.failed = failed
        self.shown = shown
        self.upkeep = upkeep
        self.thread = try DedicatedThread {
            var loop = AppenderLoop(
                writer: writer, acknowledgement: acknowledgement, queue: queue, bell: bell,
                upkeep: upkeep, failed: failed, shown: shown, logger: logger, clock: clock)
            loop.run()
        }
    }

    /// Takes no more submissions, appends what waits, closes the log and ends the thread. Blocks until
    /// then: not for event loops. Call it once.
    package func stop() {
        // First, because the log is closed when nothing is done to it any more.
        self.upkeep.stop()
        self.queue.close()
        self.thread.join()
    }
}

/// What the appender's thread does.
private struct AppenderLoop {
    let writer: LogWriter
    let acknowledgement: LogOptions.Acknowledgement
    let queue: IngressQueue
    let bell: VisibleBell
    let upkeep: UpkeepThread
    let failed: Flag
    let shown: Published<AppendCounters>
    let logger: Logger
    let clock: @Sendable () -> Int64
    private var counters = AppendCounters()
    /// Records that were appended since the last commit.
    private var uncommittedCount = 0
    private var begunSegments = 0
    /// Submissions that were appended and wait for the commit.
    private var answered:
        [(reply: @Sendable (Submission.Outcome) -> Void, outcome: Submission.Outcome)] = []

    init(
        writer: LogWriter, acknowledgement: LogOptions.Acknowledgement, queue: IngressQueue,
        bell: VisibleBell, upkeep: UpkeepThread, failed: Flag, shown: Published<AppendCounters>,
        logger: Logger, clock: @escaping @Sendable () -> Int64
    ) {
        self.writer = writer
        self.upkeep = upkeep
        self.acknowledgement = acknowledgement
        self.queue = queue
        self.bell = bell
        self.failed = failed
        self.shown = shown
        self.logger = logger
        self.clock = clock
    }

    mutating func run() {
        while let group = self.queue.takeAll(onIdle: self.noteDurable) {
            for submission in group {
                self.append(submission)
                if self.writer.pendingByteCount >= Appender.groupByteCountMax { self.commit() }
            }
            self.commit()
            if self.acknowledgement == .written && self.queue.isEmpty { self.synchronizeLate() }
            if self.writer.begunSegments != self.begunSegments {
                self.begunSegments = self.writer.begunSegments
                self.upkeep.ring()
            }
        }
        do throws(StorageError) {
            try self.writer.close()
            self.logger.info(
                "the log is closed",
                metadata: ["end": "\(self.writer.log.watermarks.durable)"])
        } catch {
            self.logger.error("the log could not be closed", metadata: error.logMetadata)
        }
    }

    /// Appends the batches of a submission and notes its answer.
    private mutating func append(_ submission: consuming Submission) {
        var submission = submission
        var appended: Receipt?
        var start = 0
        let ends = submission.changes.batchEnds
        do throws(StorageError) {
            if let ended = submission.order?.ended { throw ended }
            for end in ends {
                let placement = try self.writer.append(
                    start..<end, of: &submission.changes, producer: submission.producer,
                    if: submission.conditions, time: self.clock())
                self.count(placement, recordCount: end - start)
                appended = Receipt(
                    epoch: self.writer.log.epoch, first: appended?.first ?? placement.first,
                    last: placement.last, isDurable: self.acknowledgement == .durable,
                    isRepeated: placement.isRepeated)
                start = end
            }
            if let appended { self.answered.append((submission.reply, .appended(appended))) }
        } catch {
            submission.order?.note(error)
            self.counters.refusals[error.code, default: 0] += 1
            self.answered.append((submission.reply, .refused(error, appended: appended)))
        }
    }

    /// Writes and syncs what was appended, shows it, and answers.
    private mutating func commit() {
        var failure: StorageError?
        do throws(StorageError) {
            try self.writer.write()
            if self.acknowledgement == .durable { try self.synchronize() }
            self.writer.publish()
        } catch {
            failure = error
            self.tellFailure(error)
        }
        self.countCommit()
        self.bell.ring()
        for (reply, outcome) in self.answered {
            // After a failure nobody knows what is on the disk, so nobody is told that something is.
            reply(failure.map { .refused($0, appended: nil) } ?? outcome)
        }
        self.answered.removeAll(keepingCapacity: true)
    }

    private mutating func count(_ placement: LogWriter.Placement, recordCount: Int) {
        guard !placement.isRepeated else {
            self.counters.repeatedBatches += 1
            return
        }
        self.counters.batches += 1
        self.counters.records += UInt64(recordCount)
        self.uncommittedCount += recordCount
    }

    /// Makes durable what was written, and notes how long that took.
    private mutating func synchronize() throws(StorageError) {
        let marks = self.writer.log.watermarks
        guard marks.durable < marks.appended else { return }
        let started = ContinuousClock.now
        try self.writer.synchronize()
        self.counters.syncSeconds.add((ContinuousClock.now - started) / .seconds(1))
    }

    /// Shows what was counted.
    private mutating func countCommit() {
        if self.uncommittedCount > 0 {
            self.counters.recordsPerCommit.add(Double(self.uncommittedCount))
        }
        self.uncommittedCount = 0
        self.counters.bytes = UInt64(self.writer.appendedByteCount)
        self.shown.show(self.counters)
    }

    /// Lets the log note how far it is durable, now that there is time.
    private func noteDurable() {
        guard !self.failed.isRaised else { return }
        do throws(StorageError) {
            try self.writer.noteDurable()
        } catch {
            self.tellFailure(error)
        }
    }

    private mutating func synchronizeLate() {
        do throws(StorageError) {
            try self.synchronize()
            self.shown.show(self.counters)
        } catch {
            self.tellFailure(error)
        }
    }

    /// Says once that the log has failed.
    private func tellFailure(_ error: StorageError) {
        guard !self.failed.isRaised else { return }
        self.failed.raise()
        self.logger.critical("the log takes no more appends", metadata: error.logMetadata)
    }
}

/// Something that is so from some time on.
private final class Flag: Sendable {
    private let raised = Atomic(false)
    var isRaised: Bool { self.raised.load(ordering: .relaxed) }
    func raise() { self.raised.store(true, ordering: .relaxed) }
}
