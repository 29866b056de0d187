package import Access
package import LogStorage
package import Logging
import Synchronization

/// Writes down what chosen sessions ask and when, so that they can be run again against the log
/// (`docs/sessions-journal.md`). Of what they are sent it writes nothing.
///
/// Entries come from all event loops and are written by one thread. Nobody waits for it: when it is too slow, or the
/// disk refuses, entries are lost and counted.
package final class SessionRecorder: Sendable {
    /// What a journal may take.
    package struct Limits: Sendable {
        /// Entries that wait to be written; those that come then are lost. Default 16,384.
        package var entriesMax = 16_384
        /// Bytes of a file after which another one is begun. Default 64 MiB.
        package var fileByteCountMax = 64 << 20
        /// Files that are kept, of all runs of the server. Default 16.
        package var filesMax = 16
        /// Bytes of a line; an entry that needs more is lost. Default 4 MiB.
        package var lineByteCountMax = 4 << 20

        /// Creates the default limits.
        package init() {}
    }

    /// What was done since the start.
    package struct Counters: Hashable, Sendable {
        /// Entries that were written.
        package var recorded: UInt64 = 0
        /// Entries that were lost: their sessions cannot be run again.
        package var lost: UInt64 = 0

        /// Creates counters of nothing.
        package init() {}
    }

    private let choice: SessionChoice
    private let queue: SessionQueue
    private let bell: Doorbell
    private let numbers = Atomic<UInt64>(0)
    private let thread: DedicatedThread

    /// Begins a journal in `directory`, which is that of `log`.
    ///
    /// - Parameter clock: microseconds since 1970.
    package init(
        _ choice: SessionChoice, of log: ChangeLog, in directory: LogDirectory,
        limits: Limits = Limits(), logger: Logger,
        clock: @escaping @Sendable () -> Int64 = { Machine.wallClock() }
    ) throws(StorageError) {
        let writer = try JournalWriter(
            directory: directory.path, of: log, limits: limits, clock: clock)
        let queue = SessionQueue(entriesMax: limits.entriesMax)
        let bell = Doorbell()
        self.bell = bell
        self.choice = choice
        self.queue = queue
        self.thread = try DedicatedThread {
            Self.write(from: queue, wokenBy: bell, with: writer, logger: logger)
        }
    }

    /// What was done since the start.
    package var counters: Counters {
        var counters = Counters()
        (counters.recorded, counters.lost) = self.queue.counts
        return counters
    }

    /// The number of a new session of `principal`, if it is to be recorded.
    package func number(of principal: Principal) -> UInt64? {
        let number = self.numbers.add(1, ordering: .relaxed).newValue
        return self.choice.includes(number, subject: principal.subject) ? number : nil
    }

    /// Whether sessions of `principal` are recorded because of who they are.
    package func wants(_ principal: Principal) -> Bool {
        self.choice.subjects.contains(principal.subject)
    }

    /// Adds an entry. Never waits.
    package func record(_ entry: SessionEntry) {
        if self.queue.add(entry) { self.bell.ring() }
    }

    /// Writes what there is and ends. Blocks until then. Call it once.
    package func stop() {
        self.queue.end()
        self.bell.ring()
        self.thread.join()
    }

    private static func write(
        from queue: SessionQueue, wokenBy bell: Doorbell, with writer: JournalWriter, logger: Logger
    ) {
        var writer = writer
        var hasFailed = false
        while true {
            let taken = queue.take()
            if !hasFailed {
                do throws(StorageError) {
                    try self.write(taken, with: &writer, from: queue)
                } catch {
                    // What is in the file is whole lines, and perhaps a part of one, which is no line.
                    hasFailed = true
                    logger.error(
                        "sessions are recorded no more until the server starts again",
                        metadata: error.logMetadata)
                }
            } else {
                queue.noteUnwritten(taken.entries)
            }
            if taken.isLast { return }
            bell.wait()
        }
    }

    private static func write(
        _ taken: SessionQueue.Taken, with writer: inout JournalWriter, from queue: SessionQueue
    ) throws(StorageError) {
        for (place, entry) in taken.entries.enumerated() {
            do throws(StorageError) {
                if try !writer.write(entry) {
                    queue.noteUnwritten(CollectionOfOne(entry), isSaid: true)
                    // In its place: what comes next of its session must not be taken for all there was.
                    try writer.writeLost(1, [entry.session])
                }
            } catch {
                queue.noteUnwritten(taken.entries[place...])
                throw error
            }
        }
        if taken.lostCount > 0 { try writer.writeLost(taken.lostCount, taken.lostSessions) }
    }
}
