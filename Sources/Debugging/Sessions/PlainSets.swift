import LogModel
import Replication

/// What happens to the instances of a filter's set from an offset on, in a dictionary, and what can be told of it.
///
/// Memory: a row for each instance that was ever in the set.
struct PlainTracker {
    /// What is followed: from the log's start on, the set itself.
    struct Subject: Hashable {
        let filter: Filter
        let start: Offset
    }

    /// An instance of the set.
    struct Row {
        /// Whether it was in the set before the first record that concerns the set.
        let wasIn: Bool
        /// The last record that concerns the set, and what it did.
        var last: Offset
        var change: SetChange
        /// Records that concern the set.
        var count = 1

        var isIn: Bool { self.change == .entered || self.change == .updated }
    }

    let subject: Subject
    private let filter: PlainFilter
    private(set) var rows: [Text: Row] = [:]

    init(_ subject: Subject) {
        self.subject = subject
        self.filter = PlainFilter(subject.filter)
    }

    /// Takes the next record of the log.
    mutating func add(_ record: PlainRecord) {
        guard record.offset >= self.subject.start,
            let change = record.change(of: self.filter)
        else { return }
        if self.rows[record.key.text] == nil {
            // Before the log there was nothing, whatever its first record of an instance takes for granted.
            let wasIn = change != .entered && self.subject.start > .zero
            self.rows[record.key.text] = Row(wasIn: wasIn, last: record.offset, change: change)
        } else {
            self.rows[record.key.text]?.last = record.offset
            self.rows[record.key.text]?.change = change
            self.rows[record.key.text]?.count += 1
        }
    }

    /// The instances of the set, each with the offset of its last record.
    var set: [Text: Offset] { self.rows.filter { $0.value.isIn }.mapValues(\.last) }

    /// What happened on the whole, by offset.
    var changes: [NetChanges.Entry] {
        self.rows.values.compactMap { row in
            let change: SetChange
            switch (row.wasIn, row.isIn) {
            case (false, false): return nil
            case (false, true): change = .entered
            case (true, true): change = .updated
            case (true, false): change = row.change
            }
            return NetChanges.Entry(offset: row.last, change: change)
        }.sorted { $0.offset < $1.offset }
    }
}

/// What a subscription has to be told at the start of a piece, by what the trackers have seen.
struct PlainOpening {
    let piece: RecordedSubscription.Piece

    /// What has to be followed for it, each with the offset at which it is looked at.
    var subjects: [(subject: PlainTracker.Subject, at: Offset)] {
        let filter = self.piece.filter
        let end = self.piece.start
        switch self.piece.opening {
        case nil: return []
        case .snapshot: return [(.init(filter: filter, start: .zero), end)]
        case .changes(let start): return [(.init(filter: filter, start: start), end)]
        case .sight(let before, _, let place):
            return [
                (.init(filter: before, start: .zero), place),
                (.init(filter: filter, start: .zero), end),
                // Every record of every instance.
                (.init(filter: Filter(model: filter.model), start: place), end),
            ]
        }
    }

    /// The server follows an instance back over so many records; with more it leaves and enters again.
    private static let stepsMax = 64

    /// What is told, by offset, from what is known of each of ``subjects``, in their order.
    func entries(_ known: [PlainTracker]) -> [NetChanges.Entry] {
        guard case .sight(let before, _, let place) = self.piece.opening, known.count == 3 else {
            return known.first?.changes ?? []
        }
        let (had, has) = (known[0].set, known[1].set)
        var entries: [NetChanges.Entry] = []
        for (key, was) in had {
            let isFollowed = (known[2].rows[key]?.count ?? 0) <= Self.stepsMax
            if has[key] == nil || !isFollowed {
                entries.append(NetChanges.Entry(offset: was, change: .left))
            }
        }
        for (key, isNow) in has {
            let isFollowed = (known[2].rows[key]?.count ?? 0) <= Self.stepsMax
            if had[key] == nil || !isFollowed {
                entries.append(NetChanges.Entry(offset: isNow, change: .entered))
            } else if isNow >= place {
                entries.append(NetChanges.Entry(offset: isNow, change: .updated))
            } else if before.sight != self.piece.filter.sight {
                // Perhaps it looks different now; the instance says so.
                entries.append(NetChanges.Entry(offset: isNow, change: .updated, clause: 0))
            }
        }
        return entries.sorted { $0.offset < $1.offset }
    }

    /// Whether `entry` is told, whose instance has not changed and perhaps looks different now.
    func tells(_ record: PlainRecord, _ entry: NetChanges.Entry) -> Bool {
        guard entry.clause != nil, case .sight(let before, _, _) = self.piece.opening else {
            return true
        }
        return record.clause(of: before.sight, .after)?.view
            != record.clause(of: self.piece.filter.sight, .after)?.view
    }
}
