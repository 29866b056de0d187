import Sessions

/// What the dispatcher of one event loop has and did. The dispatcher counts in plain integers on its loop and
/// gives a copy on request; the copies of all loops are merged for whoever looks.
package struct DispatcherCounters: Hashable, Sendable {
    // MARK: What there is at the moment

    /// Sessions of which some subscription is being sent a snapshot or net changes.
    package var summarizingSessions = 0
    /// Sessions whose subscriptions are all live, and those without any.
    package var liveSessions = 0
    /// Sessions of which some subscription reads the log by its own cursor.
    package var laggingSessions = 0
    /// Sessions whose sockets take no more at the moment.
    package var blockedSessions = 0
    /// Subscriptions that are not over.
    package var subscriptions = 0
    /// Records between the cursor that is furthest behind and what is visible.
    package var deepestLag: UInt64 = 0

    // MARK: What was done since the start

    /// Records that were given to subscriptions, each once for each subscription.
    package var deliveries: UInt64 = 0
    /// Writes to sockets. One carries all that a session gets in a turn of its event loop.
    package var writes: UInt64 = 0
    /// Bytes that were written to sockets.
    package var sentBytes: UInt64 = 0
    /// Records that lagging subscriptions have looked at.
    package var catchUpRecords: UInt64 = 0
    /// Turns of the loop that had something to do.
    package var turns: UInt64 = 0
    /// Subscriptions that could not go on, by the reason that they were told.
    package var resets: [String: UInt64] = [:]
    /// Messages of subscribers that were refused, by the code of the error.
    package var refusals: [String: UInt64] = [:]
    /// Sessions that the server has closed, by close code.
    package var closes: [UInt16: UInt64] = [:]

    /// Creates counters of nothing.
    package init() {}

    /// Counts what is written to a socket.
    mutating func noteWrite(_ output: OutboundBytes) {
        self.writes += 1
        self.sentBytes += UInt64(output.bytes.count)
        self.deliveries += UInt64(output.recordCount)
    }

    /// Adds what another event loop has and did.
    package mutating func merge(_ other: DispatcherCounters) {
        self.summarizingSessions += other.summarizingSessions
        self.liveSessions += other.liveSessions
        self.laggingSessions += other.laggingSessions
        self.blockedSessions += other.blockedSessions
        self.subscriptions += other.subscriptions
        self.deepestLag = max(self.deepestLag, other.deepestLag)
        self.deliveries += other.deliveries
        self.writes += other.writes
        self.sentBytes += other.sentBytes
        self.catchUpRecords += other.catchUpRecords
        self.turns += other.turns
        self.resets.merge(other.resets) { $0 + $1 }
        self.refusals.merge(other.refusals) { $0 + $1 }
        self.closes.merge(other.closes) { $0 + $1 }
    }
}
