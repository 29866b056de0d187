import LogFormat
import LogModel
package import LogStorage
package import Logging
import Matching
package import Sessions
import WireProtocol

/// One for each event loop: reads the log behind the visible bound, finds who wants each record, and gives it
/// to them. No queue, no lock, nothing handed between threads.
///
/// A subscription that is live gets records in ``turn()`` (`Dispatcher+Live.swift`); one that lags reads by
/// its own cursor (`Dispatcher+CatchUp.swift`). The two meet on this loop: a lagging subscription whose
/// cursor has reached `cursor` is live from then on. Nothing can come between, so there is no gap and no
/// duplicate.
///
/// Invariants:
/// - a live subscription was given everything below `cursor` that it wants;
/// - a subscription is in the matcher if, and only if, it is live;
/// - a session that is blocked has no live subscription.
///
/// Threads: only the event loop's.
package final class Dispatcher {
    /// How much one turn of the loop may do before it lets others have the loop.
    package struct Limits: Sendable {
        /// Records that a turn looks at. Default 2,048.
        package var recordsPerTurnMax = 2048
        /// Bytes for all sockets that a turn gives out live, and as many to lagging sessions. Default 4 MiB.
        package var byteCountPerTurnMax = 4 << 20
        /// Lagging sessions that take a step in a turn. Default 1,024.
        package var stepsPerTurnMax = 1024
        /// Bytes that a lagging session gets in one step. Default 256 KiB.
        package var catchUpByteCountMax = 256 << 10
        /// Postings of one subscription that a step of catching up looks at. Default 1,024.
        package var postingsMax = 1024
        /// Postings that are kept for the next steps, 8 bytes each; at least ``postingsMax``. Default 262,144.
        package var cachedPostingsMax = 1 << 18

        /// Bytes of answers that a session gets while its socket cannot take more, before it is closed: whoever
        /// asks on must read. Default 64 KiB.
        package var unreadByteCountMax = 64 << 10

        /// Creates the default limits.
        package init() {}
    }

    /// A session's number on its loop.
    package struct SessionID: Hashable, Sendable {
        let index: Int
    }

    struct Entry {
        var session: Session
        let connection: any SessionConnection
        /// Bytes that were written since the socket could not take more.
        var unreadByteCount = 0
        /// Whether the session is in `lagging` already.
        var isQueued = false
        /// Whether the session is in `touched` already.
        var isTouched = false
        /// Whether the session is in `touchedByBatch` already.
        var isTouchedByBatch = false
    }

    let log: ChangeLog
    let limits: Limits
    let logger: Logger
    /// The first record that live subscriptions have not been given.
    var cursor: Offset
    var matcher = Matcher()
    var entries: [Entry?] = []
    private var vacant: [Int] = []
    /// Sessions that have something to catch up with and whose sockets can take it, in turn.
    var lagging: [Int] = []
    /// Sessions that were given something in this turn.
    var touched: [Int] = []
    /// Sessions that were given something of the batch at hand.
    var touchedByBatch: [Int] = []
    var renderer = RecordRenderer()
    var postings: PostingCache

    /// Creates the dispatcher of an event loop, at the end of the visible log.
    package init(log: ChangeLog, limits: Limits, logger: Logger) {
        self.log = log
        self.limits = limits
        self.logger = logger
        self.cursor = log.watermarks.visible
        self.postings = PostingCache(
            countMax: max(limits.cachedPostingsMax, limits.postingsMax))
    }

    /// Sessions that are open.
    package var sessionCount: Int { self.entries.count - self.vacant.count }

    /// Adds a session for `connection`.
    package func open(_ session: Session, connection: any SessionConnection) -> SessionID {
        let entry = Entry(session: session, connection: connection)
        if let index = self.vacant.popLast() {
            self.entries[index] = entry
            return SessionID(index: index)
        }
        self.entries.append(entry)
        return SessionID(index: self.entries.count - 1)
    }

    /// Removes a session, whose socket is gone.
    package func close(_ id: SessionID) {
        guard let entry = self.entries[id.index] else { return }
        for slot in entry.session.subscriptions.indices
        where entry.session.subscriptions[slot].isLive {
            self.leaveMatcher(id.index, slot)
        }
        self.lagging.removeAll { $0 == id.index }
        self.touched.removeAll { $0 == id.index }
        self.entries[id.index] = nil
        self.vacant.append(id.index)
    }

    /// Takes a text message of a session's client. Returns whether ``turn()`` has something to do.
    package func receive(_ message: [UInt8], from id: SessionID) -> Bool {
        guard let actions = self.entries[id.index]?.session.receive(message) else { return false }
        for action in actions {
            switch action {
            case .start(let slot): self.start(id.index, slot)
            case .stop(let slot): self.leaveMatcher(id.index, slot)
            }
        }
        self.flush(id.index)
        return !self.lagging.isEmpty
    }

    /// Takes a binary message of a session's client.
    package func receiveBinary(from id: SessionID) {
        self.entries[id.index]?.session.receiveBinary()
        self.flush(id.index)
    }

    /// Notes that a session's socket can take more. Returns whether ``turn()`` has something to do.
    package func becomeWritable(_ id: SessionID) -> Bool {
        guard self.entries[id.index]?.session.isBlocked == true else { return false }
        self.entries[id.index]?.session.isBlocked = false
        self.entries[id.index]?.unreadByteCount = 0
        self.flush(id.index)
        self.queueIfLagging(id.index)
        return !self.lagging.isEmpty
    }

    /// Does a bounded amount of work: gives out new records, and lets sessions catch up. Returns whether there
    /// is more to do at once.
    package func turn() -> Bool {
        self.giveOutNewRecords()
        self.flushTouched()
        self.catchUp()
        return !self.lagging.isEmpty || self.cursor < self.log.watermarks.visible
    }

    /// Tells clients of progress without a match. To be called every few seconds.
    package func tellProgress() {
        var tokens: [Offset: String] = [:]
        for index in self.entries.indices {
            self.entries[index]?.session.tellProgress(cursor: self.cursor) { place in
                if let text = tokens[place] { return text }
                let text = try? self.log.token(at: place).text
                tokens[place] = text
                return text
            }
            self.flush(index)
        }
    }

    /// Closes all sessions because the server stops.
    package func closeAll(reason: String) {
        for entry in self.entries { entry?.connection.close(.goingAway, reason: reason) }
    }

    // MARK: - What live and catching up share

    /// Writes what a session has, and returns how many bytes that were. If its socket cannot take more, the
    /// session leaves the live path.
    @discardableResult
    func flush(_ index: Int) -> Int {
        guard let entry = self.entries[index], !entry.session.outbox.isEmpty else { return 0 }
        let byteCount = entry.session.outbox.count
        self.entries[index]?.session.outbox = []
        if entry.session.isBlocked {
            let unread = entry.unreadByteCount + byteCount
            self.entries[index]?.unreadByteCount = unread
            guard unread <= self.limits.unreadByteCountMax else {
                entry.connection.close(.unread, reason: "the answers are not read")
                return 0
            }
        }
        if entry.connection.send(entry.session.outbox) { return byteCount }
        self.entries[index]?.session.isBlocked = true
        self.lagging.removeAll { $0 == index }
        self.entries[index]?.isQueued = false
        for slot in entry.session.subscriptions.indices
        where entry.session.subscriptions[slot].isLive {
            self.leaveMatcher(index, slot)
            self.entries[index]?.session.becomeLagging(slot, cursor: self.cursor)
        }
        return byteCount
    }

    func queueIfLagging(_ index: Int) {
        guard let entry = self.entries[index], !entry.session.isBlocked, !entry.isQueued,
            entry.session.subscriptions.contains(where: \.isLagging)
        else { return }
        self.entries[index]?.isQueued = true
        self.lagging.append(index)
    }

    func joinMatcher(_ index: Int, _ slot: Int) {
        guard let subscription = self.entries[index]?.session.subscriptions[slot] else { return }
        self.matcher.add(
            Subscriber(session: UInt32(index), slot: UInt32(slot)), to: subscription.group,
            hash: subscription.hash)
    }

    /// The token of `place`, or nil, after a word in the program's log, if the record before it is damaged.
    func token(at place: Offset) -> String? {
        do throws(StorageError) {
            return try self.log.token(at: place).text
        } catch {
            self.logger.error("\(error)")
            return nil
        }
    }

    /// Ends a session that cannot be served any more.
    func fail(_ index: Int) {
        self.entries[index]?.connection.close(
            .internalError, reason: "a record of the log is damaged")
    }

    /// Makes every live subscription lag from the loop's cursor on, which goes on to what is visible: for when the
    /// loop itself cannot read what is between. Each subscription then reads what concerns it, or is told.
    func leaveLive() {
        for index in self.entries.indices {
            guard let session = self.entries[index]?.session else { continue }
            for slot in session.subscriptions.indices where session.subscriptions[slot].isLive {
                self.leaveMatcher(index, slot)
                self.entries[index]?.session.becomeLagging(slot, cursor: self.cursor)
            }
            self.queueIfLagging(index)
        }
        self.cursor = self.log.watermarks.visible
    }

    private func leaveMatcher(_ index: Int, _ slot: Int) {
        guard let subscription = self.entries[index]?.session.subscriptions[slot] else { return }
        self.matcher.remove(
            Subscriber(session: UInt32(index), slot: UInt32(slot)), from: subscription.group,
            hash: subscription.hash)
    }

    /// Decides where a subscription begins.
    private func start(_ index: Int, _ slot: Int) {
        guard case .starting(let start)? = self.entries[index]?.session.subscriptions[slot].phase
        else { return }
        let visible = self.log.watermarks.visible
        let next: Offset
        switch start {
        case .now: next = visible
        case .start: next = self.log.first
        case .token(let token):
            let hash = self.entries[index]?.session.subscriptions[slot].hash ?? 0
            if let failure = self.log.refusal(of: token, groups: [hash]) {
                self.entries[index]?.session.refuse(
                    slot, reason: failure.rawValue, message: failure.explanation)
                return
            }
            // A reader from whom nothing was removed goes on from what is kept.
            next = max(token.next, self.log.first)
        }
        guard let token = self.token(at: next) else {
            self.fail(index)
            return
        }
        self.entries[index]?.session.begin(slot, at: next, token: token)
        if next == visible { self.joinLiveAtOnce(index) }
        self.queueIfLagging(index)
    }
}
