package import Access
package import LogModel
package import LogStorage
package import Logging
import Matching
package import Sessions
package import WireProtocol

/// One for each event loop: reads the log behind the visible bound, finds who wants each record, and gives it
/// to them. No queue, no lock, nothing handed between threads.
///
/// Live subscriptions are given records by ``turn()`` (`Dispatcher+Live.swift`), all sessions that get the same
/// bytes at once (`Dispatcher+Audiences.swift`). One that lags reads by its own cursor (`Dispatcher+CatchUp.swift`),
/// perhaps after a snapshot (`Dispatcher+Summaries.swift`). The two meet on this loop: a lagging subscription whose
/// cursor has reached `cursor` is live from then on. Nothing can come between, so there is no gap and no duplicate.
///
/// Invariants, between two calls:
/// - a session has an audience if, and only if, it has a live subscription;
/// - a session that has taken all chunks of its audience was given everything below `cursor` that its live
///   subscriptions want;
/// - the matcher has exactly the subscriptions of the audiences;
/// - a session that is blocked has no live subscription.
///
/// Threads: only the event loop's.
package final class Dispatcher {
    /// A session's number on its loop.
    package struct SessionID: Hashable, Sendable {
        let index: Int
    }

    struct Entry {
        var session: Session
        let connection: any SessionConnection
        /// The number of its audience, and its place there; -1 if it has no live subscription.
        var audience = -1
        var place = -1
        /// Bytes that were written since the socket could not take more.
        var unreadByteCount = 0
        /// Looks at the session in which its socket could not take more.
        var blockedTicks = 0
        /// Looks at the session in which others waited for the room of its snapshot.
        var wantedTicks = 0
        /// Its ticket in `lagging`, where it waits for its turn; 0 if it does not.
        var ticket: UInt64 = 0
        /// The number of what it has asked to be decided, and waits for; 0 if it does not.
        var asking: UInt64 = 0
        /// Whether it was told to go, because the server stops.
        var isDrained = false
        /// What is kept of it if it is recorded.
        var recording: SessionRecording?
    }

    let log: ChangeLog
    let limits: Limits
    let sessionLimits: SessionLimits
    let logger: Logger
    private let burstWriter: BurstWriter
    /// The first record that live subscriptions have not been given.
    var cursor: Offset
    var matcher = Matcher()
    var entries: [Entry?] = []
    private var vacant: [Int] = []
    /// Sessions that have something to catch up with, in turn. A ticket that its session does not hold any more
    /// is void.
    var lagging: [(index: Int, ticket: UInt64)] = []
    private var lastTicket: UInt64 = 0
    /// What the catching up of this turn has taken so far, in records and lists of them that were looked at.
    var catchUpWork = 0
    var audiences: [AudienceEntry?] = []
    var vacantAudiences: [Int] = []
    let chunkHoldings = ChunkHoldings()
    var sharedAudiences: [AudienceSignature: Int] = [:]
    /// Audiences with members that have chunks to take.
    var ready: [Int] = []
    /// Audiences that were given something in this turn.
    var touched: [Int] = []
    /// Audiences that were given something of the batch at hand.
    var touchedByBatch: [Int] = []
    /// Subscriptions that begin when the records of their budget are counted, and their turns.
    var counts: [SubscriptionPlace: BudgetCount] = [:]
    var countQueue: [SubscriptionPlace] = []
    /// What waiting and summarizing subscriptions are to be sent.
    var summaries: [SubscriptionPlace: SummaryReading] = [:]
    /// Subscriptions for whose summaries there was no room, in turn. Some may want none any more.
    var awaiting: [SubscriptionPlace] = []
    /// Summaries that are being made, in turn.
    var making: [Summary] = []
    /// Snapshots that others can have too.
    var recentSnapshots: [Filter: Summary] = [:]
    let summaryHoldings = SummaryHoldings()
    /// What the log grants to those who have sessions here.
    var grants = GrantWatches()
    /// Subscriptions that are woken when there is a record for them.
    var followers = Followers()
    /// What the application has decided.
    let decisions: DecisionCache
    /// Writes down what chosen sessions do; nil if none is chosen. To be set before the first session.
    package var recorder: SessionRecorder?
    /// Has questions decided, whose askers are among the principals: then, or when that is given up,
    /// ``decided(_:hasAnswer:)`` is to be called with the number. By default nobody decides anything.
    package var decide: ([RecordQuestion], [Principal], _ number: UInt64) -> Void = { _, _, _ in }
    /// Who waits for what is being decided, by number.
    var undecided: [UInt64: Undecided] = [:]
    var lastUndecided: UInt64 = 0
    /// The numbers of what is to be decided for starting subscriptions.
    var retrievals: [SubscriptionPlace: UInt64] = [:]
    var renderer = RecordRenderer()
    var postings: PostingCache
    /// What was done since the start; the rest is counted when somebody asks (`Dispatcher+Counters.swift`).
    var counted = DispatcherCounters()

    /// Creates the dispatcher of an event loop, at the end of the visible log.
    ///
    /// - Parameters:
    ///   - decisions: what the application has decided.
    ///   - burstWriter: writes to many sockets; by default to one after the other.
    package init(
        log: ChangeLog, limits: Limits, sessionLimits: SessionLimits = SessionLimits(),
        decisions: DecisionCache = DecisionCache(), logger: Logger,
        burstWriter: @escaping BurstWriter = { writes in
            for place in writes.indices {
                writes[place].canTakeMore = writes[place].connection.send(writes[place].bytes)
            }
        }
    ) {
        self.burstWriter = burstWriter
        self.log = log
        self.limits = limits
        self.sessionLimits = sessionLimits
        self.decisions = decisions
        self.logger = logger
        self.cursor = log.watermarks.visible
        self.postings = PostingCache(countMax: limits.cachedPostingsMax)
    }

    /// Sessions that are open.
    package var sessionCount: Int { self.entries.count - self.vacant.count }

    /// Adds a session for `connection`.
    package func open(_ session: Session, connection: any SessionConnection) -> SessionID {
        let entry = Entry(session: session, connection: connection)
        let index = self.vacant.popLast() ?? self.entries.count
        if index < self.entries.count {
            self.entries[index] = entry
        } else {
            self.entries.append(entry)
        }
        let reader = self.watchGrants(session.reader, index)
        if reader.principal.granted != session.reader.principal.granted {
            // It has no subscriptions that could change by this.
            _ = self.entries[index]?.session.become(reader)
        }
        self.noteOpened(index)
        return SessionID(index: index)
    }

    /// Removes a session, whose socket is gone. Returns whether ``turn()`` has something to do.
    @discardableResult
    package func close(_ id: SessionID) -> Bool {
        guard let entry = self.entries[id.index] else { return self.hasWork }
        self.noteClosed(id.index, "gone")
        _ = self.leaveAudience(id.index)
        for slot in entry.session.subscriptions.indices {
            self.dropSummary(id.index, slot)
            self.unfollow(id.index, slot)
        }
        self.leaveGrants(id.index)
        self.entries[id.index] = nil
        self.vacant.append(id.index)
        return self.hasWork
    }

    /// Takes a text message of a session's client. Returns whether ``turn()`` has something to do.
    package func receive(_ message: [UInt8], from id: SessionID) -> Bool {
        // What it has of the past comes before the answer.
        _ = self.settle(id.index)
        var output: [UInt8] = []
        let actions =
            self.entries[id.index]?.session.receive(message, output: &output) ?? []
        return self.carryOut(actions, of: id.index, output: &output)
    }

    /// Takes a binary message of a session's client.
    package func receiveBinary(from id: SessionID) {
        var output: [UInt8] = []
        let actions = self.entries[id.index]?.session.receiveBinary(output: &output) ?? []
        _ = self.carryOut(actions, of: id.index, output: &output)
    }

    /// Makes the one subscription of a stream. Returns whether ``turn()`` has something to do.
    package func subscribe(_ request: SubscriptionRequest, on id: SessionID) -> Bool {
        var output: [UInt8] = []
        guard let action = self.entries[id.index]?.session.subscribe(request) else {
            self.close(id.index, .goingAway, Livelog1Error.forbiddenMessage)
            return self.hasWork
        }
        return self.carryOut([action], of: id.index, output: &output)
    }

    /// Notes that a session's socket can take more. Returns whether ``turn()`` has something to do.
    package func becomeWritable(_ id: SessionID) -> Bool {
        guard self.entries[id.index]?.session.isBlocked == true else { return self.hasWork }
        self.entries[id.index]?.session.isBlocked = false
        self.entries[id.index]?.unreadByteCount = 0
        self.entries[id.index]?.blockedTicks = 0
        self.queueIfBehind(id.index)
        return self.hasWork
    }

    /// Does a bounded amount of work: reads new records, writes them to who wants them, and lets sessions catch
    /// up. Returns whether there is more to do at once.
    package func turn() -> Bool {
        self.counted.turns += 1
        self.readNewRecords()
        self.serveAudiences()
        self.countBudgets()
        self.makeSummaries()
        self.catchUp()
        return self.hasWork
    }

    /// Whether live subscriptions may have something new.
    package var hasNewRecords: Bool { self.cursor < self.log.watermarks.visible }

    var hasWork: Bool {
        !self.lagging.isEmpty || !self.ready.isEmpty || !self.making.isEmpty
            || !self.countQueue.isEmpty
            || (!self.awaiting.isEmpty && self.hasRoomForSummary)
            || self.cursor < self.log.watermarks.visible
    }

    /// Tells clients of progress without a match, and that the connection lives. To be called every few seconds, for all
    /// of them or for one part after the other.
    ///
    /// Returns whether ``turn()`` has something to do.
    package func tellProgress(part: Int = 0, of partCount: Int = 1) -> Bool {
        var tokens: [Offset: String] = [:]
        let token = { (place: Offset) -> String? in
            if let text = tokens[place] { return text }
            let text = try? self.log.token(at: place).text
            tokens[place] = text
            return text
        }
        for index in stride(from: part, to: self.entries.count, by: partCount)
        where self.entries[index]?.session.isBlocked == false {
            var output: [UInt8] = []
            self.entries[index]?.session.tellProgress(
                token: token, followed: self.cursor, ticksMax: self.limits.quietTicksMax,
                output: &output)
            self.tellWaiting(index, output: &output)
            self.send(OutboundBytes(output), to: index)
        }
        if let text = token(self.cursor) { self.tellAudiences(text, part: part, of: partCount) }
        if part == 0 { self.forgetSummaries() }
        return self.hasWork
    }

    /// Tells up to `countMax` sessions where they are and closes them, because the server stops. Returns how many
    /// sessions remain.
    package func drain(_ countMax: Int, reason: String) -> Int {
        var drained = 0
        var remaining = 0
        for index in self.entries.indices {
            guard self.entries[index]?.isDrained == false else { continue }
            if drained == countMax {
                remaining += 1
                continue
            }
            drained += 1
            self.entries[index]?.isDrained = true
            if self.settle(index) { self.send(OutboundBytes(self.farewell(index)), to: index) }
            self.close(index, .goingAway, reason)
        }
        return remaining
    }

    // MARK: - What live and catching up share

    /// Writes `output` to a session, and returns how many bytes that were. If its socket cannot take more, the
    /// session leaves the live path.
    @discardableResult
    func send(_ output: OutboundBytes, to index: Int) -> Int {
        let byteCount = output.bytes.count
        guard byteCount > 0, let connection = self.entries[index]?.connection else { return 0 }
        if self.entries[index]?.session.isBlocked == true {
            let unread = (self.entries[index]?.unreadByteCount ?? 0) + byteCount
            self.entries[index]?.unreadByteCount = unread
            guard unread <= self.limits.unreadByteCountMax else {
                self.close(index, .unread, "the answers are not read")
                return 0
            }
        }
        self.counted.noteWrite(output)
        if !connection.send(output) { self.block(index) }
        return byteCount
    }

    /// Writes to several sessions, each of which has an audience and so can take it, and empties `writes`.
    func send(_ writes: inout [OutboundWrite]) {
        for write in writes { self.counted.noteWrite(write.bytes) }
        self.burstWriter(&writes)
        for write in writes where !write.canTakeMore { self.block(write.session) }
        writes.removeAll(keepingCapacity: true)
    }

    /// Closes a session's connection.
    func close(_ index: Int, _ code: CloseCode, _ reason: String) {
        guard let connection = self.entries[index]?.connection else { return }
        self.noteClosed(index, "\(code.rawValue)")
        self.counted.closes[code.rawValue, default: 0] += 1
        connection.close(code, reason: reason)
    }

    /// Ends a subscription that cannot go on.
    func reset(
        _ index: Int, _ slot: Int, _ reason: ResetReason, _ message: String,
        output: inout [UInt8]
    ) {
        self.counted.resets[reason.rawValue, default: 0] += 1
        let phase = self.entries[index]?.session.subscriptions[slot].phase
        self.noteEnded(index, slot, in: phase, reason.rawValue)
        self.entries[index]?.session.refuse(slot, reason, message, output: &output)
    }

    /// Takes a session whose socket cannot take more off the live path.
    func block(_ index: Int) {
        guard self.entries[index] != nil else { return }
        self.entries[index]?.session.isBlocked = true
        self.entries[index]?.ticket = 0
        self.becomeLagging(index)
    }

    func queueIfBehind(_ index: Int) {
        guard let entry = self.entries[index], !entry.session.isBlocked, entry.ticket == 0,
            entry.asking == 0, entry.session.subscriptions.contains(where: \.isBehind)
        else { return }
        self.lastTicket += 1
        self.entries[index]?.ticket = self.lastTicket
        self.lagging.append((index, self.lastTicket))
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
        self.close(index, .internalError, "a record of the log is damaged")
    }

    /// Ends a stream whose only subscription is over.
    func closeIfOver(_ index: Int) {
        guard let entry = self.entries[index], entry.session.dialect.isStream,
            entry.session.subscriptions.allSatisfy(\.isOver)
        else { return }
        self.close(index, .goingAway, "the stream has ended")
    }

    private func carryOut(
        _ actions: [Session.Action], of index: Int, output: inout [UInt8]
    ) -> Bool {
        for action in actions {
            switch action {
            case .start(let slot): self.start(index, slot, output: &output)
            case .retrieve(let slot, let condition):
                self.retrieve(index, slot, by: condition, output: &output)
            case .refused(let code): self.counted.refusals[code, default: 0] += 1
            case .close(let reason): self.close(index, .internalError, reason)
            case .authenticate(let token): self.entries[index]?.connection.authenticate(token)
            case .stop(let slot, let phase):
                self.noteEnded(index, slot, in: phase, "unsubscribed")
                self.dropSummary(index, slot)
                if phase == .live { self.leaveLive(index, slot) }
                if phase == .following { self.unfollow(index, slot) }
            }
        }
        self.send(OutboundBytes(output), to: index)
        self.closeIfOver(index)
        // Who has nothing to catch up with is told so at once.
        if self.cursor == self.log.watermarks.visible { self.joinLive(index) }
        self.queueIfBehind(index)
        return self.hasWork
    }

    /// What a session is told at the end: where each of its subscriptions is.
    private func farewell(_ index: Int) -> [UInt8] {
        var output: [UInt8] = []
        guard let session = self.entries[index]?.session else { return output }
        for subscription in session.subscriptions
        where subscription.isLive || subscription.isFollowing
            || (subscription.isLagging && !subscription.isWithinBatch)
        {
            let place = subscription.isLagging ? subscription.next : self.cursor
            guard let token = self.token(at: place) else { continue }
            session.dialect.appendCovered(
                subscription.id, token: token, isLive: false, to: &output)
        }
        return output
    }
}
