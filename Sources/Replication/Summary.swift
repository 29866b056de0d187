import LogModel
import LogStorage
import Matching

/// What a stretch of the log amounts to for a filter, while it is made and while it is sent: a snapshot for
/// everybody who asks for it at about the same time, or the net changes since the token of one reader.
///
/// Threads: only the event loop's.
final class Summary {
    enum Kind {
        /// The instances of the set: the stretch begins with the log.
        case snapshot
        /// What happened to the set since a reader was here last.
        case netChanges
    }

    let kind: Kind
    /// The exclusive end of the stretch, from where its readers go on.
    let end: Offset
    /// Whether retention took records that belong to it.
    let isPartial: Bool
    private var making: NetChanges?
    /// The records that say it, ascending. Empty until it is made.
    private(set) var entries: [NetChanges.Entry] = []

    init(
        _ kind: Kind, of predicate: Predicate, in log: ChangeLog, from start: Offset,
        to end: Offset
    ) {
        let making = NetChanges(of: predicate, in: log, from: start, to: end)
        self.kind = kind
        self.end = end
        self.isPartial = kind == .snapshot && making.isPartial
        self.making = making
    }

    /// Whether it can be sent.
    var isMade: Bool { self.making == nil }

    /// Instances that it holds memory for.
    var instanceCount: Int { self.making?.instanceCount ?? self.entries.count }

    /// Does a bounded amount of the work that making it takes.
    func makeOn(postingsMax: Int) throws(StorageError) {
        guard var making = self.making else { return }
        self.making = nil
        if try making.step(postingsMax: postingsMax) {
            self.entries = try making.entries()
        } else {
            self.making = making
        }
    }
}

/// A subscription by its session and its slot there.
struct SubscriptionPlace: Hashable {
    let session: Int
    let slot: Int
}

/// How far a subscription has been sent a summary.
struct SummaryReading {
    let summary: Summary
    /// The first entry that it was not sent.
    var position = 0
}
