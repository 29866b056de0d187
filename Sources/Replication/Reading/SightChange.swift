import LogFormat
package import LogModel
package import LogStorage
package import Matching

/// What makes the set that a reader has at one place of the log, by one sight, the set that it sees at a later one, or the
/// same, by another: who was seen and is not any more has `left`, who was not and is now has `entered`, and whoever has
/// changed, or of whom other properties are seen now, is `updated`.
///
/// Nothing is told record by record of what is between: so whatever place a reader is given to resume from, its set there
/// is that of the sight which it had there by the log.
///
/// Each entry is the instance's last record below the later place, or, if it left, below the earlier one. Memory and limits
/// are those of two ``NetChanges``.
package struct SightChange: Sendable {
    private enum Phase: Sendable {
        case readingBefore
        case readingAfter
        /// The entry from this one on, of after, may be of an instance that was there before.
        case matching(Int)
        /// The entries from these on, of before and after, are not compared yet.
        case comparing(Int, Int)
        case done
    }

    private let before: Predicate
    private let after: Predicate
    private let place: Offset
    private var had: NetChanges
    private var has: NetChanges
    private var hadEntries: [NetChanges.Entry] = []
    private var hasEntries: [NetChanges.Entry] = []
    /// The records of before that are not an instance's last one any more, and those of after that are it.
    private var superseded: Set<Offset> = []
    private var superseding: Set<Offset> = []
    private var phase = Phase.readingBefore
    /// What changes, ascending by offset.
    package private(set) var entries: [NetChanges.Entry] = []

    /// Prepares to compare what `before` wants of the records below `place`, and `after` of those below `end`.
    package init(
        from before: Predicate, at place: Offset, to after: Predicate, at end: Offset,
        in log: ChangeLog, by decisions: DecisionCache
    ) {
        self.place = place
        self.before = before
        self.after = after
        self.had = NetChanges(of: before, in: log, from: .zero, to: place, by: decisions)
        self.has = NetChanges(of: after, in: log, from: .zero, to: end, by: decisions)
    }

    /// Instances that it holds memory for, for a limit.
    var instanceCount: Int { max(self.had.instanceCount, self.has.instanceCount) }

    /// What has to be decided before another step is of use; empty if nothing has.
    var undecided: [RecordQuestion] { self.had.undecided + self.has.undecided }

    /// Does some more, as much as ``NetChanges/step(postingsMax:)``; true when all is done.
    package mutating func step(postingsMax: Int) throws(StorageError) -> Bool {
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
            let later = self.hasEntries.firstIndex { $0.offset >= self.place }
            self.phase = .matching(later ?? self.hasEntries.count)
        case .matching(let start):
            let end = min(start + max(postingsMax, 1), self.hasEntries.count)
            for entry in self.hasEntries[start..<end] { try self.match(entry) }
            self.phase = end < self.hasEntries.count ? .matching(end) : .comparing(0, 0)
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
                if !self.superseded.contains(was) {
                    self.entries.append(NetChanges.Entry(offset: was, change: .left))
                }
                old += 1
            case (let was, let isNow?) where was.map { isNow < $0 } ?? true:
                let clause = self.hasEntries[new].clause
                self.entries.append(
                    NetChanges.Entry(
                        offset: isNow,
                        change: self.superseding.contains(isNow) ? .updated : .entered,
                        clause: clause))
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

    /// Records of an instance that are looked at to find the one that a reader has of it. If there are more it has `left`,
    /// and `entered` again.
    private static let stepsMax = 64

    /// Notes which record of before the one of `entry` takes the place of.
    private mutating func match(_ entry: NetChanges.Entry) throws(StorageError) {
        var offset = entry.offset
        for _ in 0..<Self.stepsMax {
            guard offset >= self.place else { break }
            let previous = try self.has.withRecord(at: offset) { $0.previousOfKey }
            guard let known = previous ?? nil else { return }
            offset = known
        }
        guard offset < self.place, self.isHad(offset) else { return }
        self.superseded.insert(offset)
        self.superseding.insert(entry.offset)
    }

    /// Whether the record at `offset` is an entry of before.
    private func isHad(_ offset: Offset) -> Bool {
        var range = 0..<self.hadEntries.count
        while let middle = range.isEmpty ? nil : (range.lowerBound + range.upperBound) / 2 {
            let found = self.hadEntries[middle].offset
            if found == offset { return true }
            range = found < offset ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return false
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
