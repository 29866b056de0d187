import Access
import LogModel
import LogStorage
import Matching

/// What a stretch of the log amounts to for a filter, while it is made and while it is sent: a snapshot for
/// everybody who asks for it at about the same time, the net changes since the token of one reader, or what another
/// sight does to what one reader has.
///
/// Threads: only the event loop's.
final class Summary {
    enum Kind {
        /// The instances of the set: the stretch begins with the log.
        case snapshot
        /// What happened to the set since a reader was here last.
        case netChanges
    }

    private enum Making {
        /// While a step is taken.
        case nothing
        case net(NetChanges)
        case sight(SightChange)

        var instanceCount: Int {
            switch self {
            case .nothing: 0
            case .net(let net): net.instanceCount
            case .sight(let sight): sight.instanceCount
            }
        }

        var undecided: [RecordQuestion] {
            switch self {
            case .nothing: []
            case .net(let net): net.undecided
            case .sight(let sight): sight.undecided
            }
        }

        /// The entries, once they are all there.
        mutating func step(postingsMax: Int) throws(StorageError) -> [NetChanges.Entry]? {
            // Let go of here, so that no table is copied.
            let making = self
            self = .nothing
            switch consume making {
            case .nothing: return []
            case .net(var net):
                defer { self = .net(net) }
                return try net.step(postingsMax: postingsMax) ? try net.entries() : nil
            case .sight(var sight):
                defer { self = .sight(sight) }
                return try sight.step(postingsMax: postingsMax) ? sight.entries : nil
            }
        }
    }

    private enum State {
        case making(Making)
        /// It can be sent: the records that say it, ascending.
        case made([NetChanges.Entry])
        case failed(StorageError)
    }

    let kind: Kind
    /// The exclusive end of the stretch, from where its readers go on.
    let end: Offset
    /// Whether retention took records that belong to it.
    let isPartial: Bool
    /// Who its reader was before, if it is about a change of their sight.
    let principalBefore: Principal?
    /// Who waits until it is made.
    var readers: [SubscriptionPlace] = []
    private var state: State
    private let holdings: SummaryHoldings

    init(
        _ kind: Kind, of predicate: Predicate, in log: ChangeLog, from start: Offset,
        to end: Offset, by decisions: DecisionCache, countedIn holdings: SummaryHoldings
    ) {
        let making = NetChanges(of: predicate, in: log, from: start, to: end, by: decisions)
        self.kind = kind
        self.principalBefore = nil
        self.end = end
        self.isPartial = kind == .snapshot && making.isPartial
        self.state = .making(.net(making))
        self.holdings = holdings
    }

    /// What makes the set that a reader has at `place`, which as `principal` it saw by `before`, the one that it sees by
    /// `after` at `end`.
    init(
        from before: Predicate, of principal: Principal, at place: Offset, to after: Predicate,
        at end: Offset, in log: ChangeLog,
        by decisions: DecisionCache, countedIn holdings: SummaryHoldings
    ) {
        self.kind = .netChanges
        self.principalBefore = principal
        self.end = end
        self.isPartial = false
        self.state = .making(
            .sight(
                SightChange(
                    from: before, at: place, to: after, at: end, in: log, by: decisions)))
        self.holdings = holdings
    }

    deinit {
        if case .made(let entries) = self.state { self.holdings.entryCount -= entries.count }
    }

    /// What it says, once it is made.
    var entries: [NetChanges.Entry]? {
        if case .made(let entries) = self.state { entries } else { nil }
    }

    /// What has to be decided before it can be made on; empty if nothing has.
    var undecided: [RecordQuestion] {
        if case .making(let making) = self.state { making.undecided } else { [] }
    }

    /// Whether it can be sent.
    var isMade: Bool { self.entries != nil }

    /// Instances that it holds memory for.
    var instanceCount: Int {
        switch self.state {
        case .making(let making): making.instanceCount
        case .made(let entries): entries.count
        case .failed: 0
        }
    }

    /// Does a bounded amount of the work that making it takes. Returns whether it is made. Once this has thrown, it
    /// is of no use to anybody, and throws the same again.
    func makeOn(postingsMax: Int) throws(StorageError) -> Bool {
        switch self.state {
        case .made: return true
        case .failed(let error): throw error
        case .making(var making):
            // Let go of here, so that the table is not copied.
            self.state = .made([])
            do throws(StorageError) {
                guard let entries = try making.step(postingsMax: postingsMax) else {
                    self.state = .making(making)
                    return false
                }
                self.holdings.entryCount += entries.count
                self.state = .made(entries)
                return true
            } catch {
                self.state = .failed(error)
                throw error
            }
        }
    }
}

/// What all summaries of an event loop hold together once they are made, whoever holds them.
///
/// Threads: only the event loop's.
final class SummaryHoldings {
    fileprivate(set) var entryCount = 0
}

/// A subscription by its session and its slot there.
struct SubscriptionPlace: Hashable {
    let session: Int
    let slot: Int
}

/// What a subscription is to be sent of the past, and how far it was.
struct SummaryReading {
    enum Wanted {
        /// The set as it is now, or was a moment ago, but not before this offset.
        case snapshot(notBefore: Offset)
        /// What happened to the set from this offset on.
        case netChanges(from: Offset)
        /// What it does to the set at this offset that another filter's sight was its reader's, who was this principal,
        /// before.
        case sightChange(from: Predicate, of: Principal, at: Offset)
    }

    let wanted: Wanted
    /// Nil while there is no room to begin it.
    var summary: Summary?
    /// The first entry that it was not sent.
    var position = 0

    init(_ wanted: Wanted) {
        self.wanted = wanted
    }
}
