package import LogModel
package import Matching
package import WireProtocol

/// One filter of a session, with its cursor.
package struct Subscription: Sendable {
    /// How a subscription follows the log.
    ///
    ///     starting --> waiting --> summarizing --> lagging <--> live
    ///        |   \     |   ^____________|_____________/ ^        |
    ///        |    \____|________________|_______________/        |
    ///        +---------+----------------+-------------+----------+--> over
    ///
    /// One of which the application decides what is seen is `following` where another one is live.
    package enum Phase: Sendable {
        /// Asked for; where it begins is not decided yet.
        case starting
        /// Wants a snapshot, the net changes since its token, or what another sight does to its set, and waits until
        /// that is made.
        case waiting
        /// Is sent what the log before its cursor amounts to, page by page.
        case summarizing
        /// Reads the log by its cursor, through the index. Goes to `live` when the cursor reaches that of the
        /// event loop.
        case lagging
        /// Is given records by the event loop. Goes to `lagging` when its socket cannot take more.
        case live
        /// Has nothing to read, and goes to `lagging` when the event loop comes to a record that may concern it: what is
        /// seen of it is not known in time to be given it.
        case following
        /// Ended by the client, or because it could not go on. Its slot can be used again.
        case over
    }

    /// The client's number for it (`livelog.v1`).
    package let id: UInt64
    /// How its records are told.
    package let form: RecordForm
    /// What was asked for.
    package internal(set) var request: SubscriptionRequest
    /// The filter, made ready for the log. Nil until the subscription has begun.
    package internal(set) var predicate: Predicate?
    /// How it follows the log.
    package internal(set) var phase = Phase.starting
    /// The first offset that it may still get. While it is live or following that is its event loop's cursor.
    package internal(set) var next = Offset.zero
    /// How often the client has subscribed and not unsubscribed (rest-live 1).
    var references = 1
    /// The place that the client was last told to resume from, before it was live.
    var told = Offset.zero
    /// Looks at the subscription while it follows without a word for it.
    var quietTicks = 0
    /// Whether it was told that it is live.
    var isToldLive = false
    /// Whether its cursor is within a batch, where nobody can resume. Only while it lags.
    package internal(set) var isWithinBatch = false
    /// Whether it was sent parts of that batch.
    package internal(set) var hasParts = false
    /// Where it begins with whatever is kept, for each hash of its filter's driver: the bound below which records were
    /// removed before it began. Empty for one that was promised every record.
    package internal(set) var removedBefore: [Offset] = []

    init(id: UInt64, request: SubscriptionRequest, form: RecordForm = .livelog1) {
        self.id = id
        self.form = form
        self.request = request
    }

    /// Whether it is live.
    package var isLive: Bool { self.phase == .live }
    /// Whether it is following.
    package var isFollowing: Bool { self.phase == .following }
    /// Whether it is lagging.
    package var isLagging: Bool { self.phase == .lagging }
    /// Whether it has something to read before it can be live.
    package var isBehind: Bool { self.phase == .lagging || self.phase == .summarizing }
    /// Whether it is over.
    package var isOver: Bool { self.phase == .over }
}
