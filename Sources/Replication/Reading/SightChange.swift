import LogModel
import LogStorage
import Matching

/// What it does to a reader's set at one place of the log that from there on something else is seen of it: who was seen
/// and is not any more has `left`, who was not and is now has `entered`, and of whom other properties are
/// seen now is `updated`.
///
/// Each entry is the instance's last record below that place. Memory and limits are those of two ``NetChanges``.
struct SightChange: Sendable {
    private enum Phase: Sendable {
        case readingBefore
        case readingAfter
        /// The entries from these on, of before and after, are not compared yet.
        case comparing(Int, Int)
        case done
    }

    private let before: Predicate
    private let after: Predicate
    private var had: NetChanges
    private var has: NetChanges
    private var hadEntries: [NetChanges.Entry] = []
    private var hasEntries: [NetChanges.Entry] = []
    private var phase = Phase.readingBefore
    /// What changes, ascending by offset.
    private(set) var entries: [NetChanges.Entry] = []

    /// Prepares to compare what `before` and `after` want of the records below `end`.
    init(
        from before: Predicate, to after: Predicate, in log: ChangeLog, at end: Offset,
        by decisions: DecisionCache
    ) {
        self.before = before
        self.after = after
        self.had = NetChanges(of: before, in: log, from: .zero, to: end, by: decisions)
        self.has = NetChanges(of: after, in: log, from: .zero, to: end, by: decisions)
    }

    /// Instances that it holds memory for, for a limit.
    var instanceCount: Int { max(self.had.instanceCount, self.has.instanceCount) }

    /// What has to be decided before another step is of use; empty if nothing has.
    var undecided: [RecordQuestion] { self.had.undecided + self.has.undecided }

    /// Does some more, as much as ``NetChanges/step(postingsMax:)``; true when all is done.
    mutating func step(postingsMax: Int) throws(StorageError) -> Bool {
        switch self.phase {
        case .readingBefore:
            // Nobody has to look for what a sight of nothing shows.
            let isNothing = self.before.filter.sight.isNothing
            if !isNothing {
                guard try self.had.step(postingsMax: postingsMax) else { return false }
                self.hadEntries = try self.had.entries()
            }
            self.phase = .readingAfter
        case .readingAfter:
            let isNothing = self.after.filter.sight.isNothing
            if !isNothing {
                guard try self.has.step(postingsMax: postingsMax) else { return false }
                self.hasEntries = try self.has.entries()
            }
            self.phase = .comparing(0, 0)
        case .comparing(let old, let new):
            self.phase = try self.compare(old, new, countMax: max(postingsMax, 1))
        case .done: return true
        }
        if case .done = self.phase { return true }
        return false
    }

    /// Goes through both lists in the order of the log: whoever is in both is there with the same record, the last one.
    private func nextPair(_ old: Int, _ new: Int) -> (old: Offset?, new: Offset?) {
        (
            old < self.hadEntries.count ? self.hadEntries[old].offset : nil,
            new < self.hasEntries.count ? self.hasEntries[new].offset : nil
        )
    }

    private mutating func compare(
        _ old: Int, _ new: Int, countMax: Int
    ) throws(StorageError) -> Phase {
        var (old, new) = (old, new)
        for _ in 0..<countMax {
            switch self.nextPair(old, new) {
            case (nil, nil):
                self.hadEntries = []
                self.hasEntries = []
                return .done
            case (let was?, let isNow) where isNow.map { was < $0 } ?? true:
                self.entries.append(NetChanges.Entry(offset: was, change: .left))
                old += 1
            case (let was, let isNow?) where was.map { isNow < $0 } ?? true:
                let clause = self.hasEntries[new].clause
                self.entries.append(
                    NetChanges.Entry(offset: isNow, change: .entered, clause: clause))
                new += 1
            default:
                let (was, isNow) = (self.hadEntries[old], self.hasEntries[new])
                if try self.looksDifferent(was, isNow) {
                    self.entries.append(
                        NetChanges.Entry(
                            offset: isNow.offset, change: .updated, clause: isNow.clause))
                }
                old += 1
                new += 1
            }
        }
        return .comparing(old, new)
    }

    private func looksDifferent(
        _ was: NetChanges.Entry, _ isNow: NetChanges.Entry
    ) throws(StorageError) -> Bool {
        if let was = self.before.onlyView, let isNow = self.after.onlyView { return was != isNow }
        return try self.has.withRecord(at: isNow.offset) { record in
            self.before.view(of: record, .updated, by: was.clause)
                != self.after.view(of: record, .updated, by: isNow.clause)
        } ?? false
    }
}
