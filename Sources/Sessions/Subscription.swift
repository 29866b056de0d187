package import LogModel
package import WireProtocol

/// One filter of a session, with its cursor.
package struct Subscription: Sendable {
    /// How a subscription follows the log.
    ///
    ///     starting --> lagging <--> live
    ///        |            |          |
    ///        +------------+----------+--> over
    package enum Phase: Sendable {
        /// Asked for; where it begins is not decided yet. Goes to `lagging`, or to `over` if it cannot resume.
        case starting(Livelog1Request.Start)
        /// Reads the log by its cursor, through the index. Goes to `live` when the cursor reaches that of the
        /// event loop.
        case lagging
        /// Is given records by the event loop. Goes to `lagging` when its socket cannot take more.
        case live
        /// Ended by the client, or because it could not resume. Its slot can be used again.
        case over
    }

    /// The client's number for it (`livelog.v1`).
    package let id: UInt64
    /// What it wants.
    package let group: GroupKey
    /// The hash of `group` in the log's records.
    package let hash: UInt64
    /// How it follows the log.
    package internal(set) var phase: Phase
    /// The first offset that it may still get. While it is live, that or the loop's cursor, if that is higher.
    package internal(set) var next: Offset
    /// How often the client has subscribed and not unsubscribed (rest-live 1).
    var references = 1
    /// The records of the frame that is being filled, joined by commas (`livelog.v1`).
    var records: [UInt8] = []
    /// The place that the client was last told to resume from (`livelog.v1`).
    var told: Offset

    init(id: UInt64, group: GroupKey, hash: UInt64, start: Livelog1Request.Start) {
        self.id = id
        self.group = group
        self.hash = hash
        self.phase = .starting(start)
        self.next = .zero
        self.told = .zero
    }

    /// Whether it is live.
    package var isLive: Bool { if case .live = self.phase { true } else { false } }
    /// Whether it is lagging.
    package var isLagging: Bool { if case .lagging = self.phase { true } else { false } }
    /// Whether it is over.
    package var isOver: Bool { if case .over = self.phase { true } else { false } }
}
