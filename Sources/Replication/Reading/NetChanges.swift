package import LogFormat
package import LogModel
package import LogStorage
package import Matching

/// What happened on the whole between two places of the log to the set of instances that a filter wants: one
/// record for each instance that matters, its last one.
///
///     var net = NetChanges(of: predicate, in: log, from: token.next, to: log.watermarks.visible)
///     while try !net.step(postingsMax: 1000) {}
///     for entry in try net.entries() { try net.withRecord(at: entry.offset) { … } }
///
/// From the log's start, offset 0, that is the set itself: every instance `entered`. From a later place it is
/// what a reader that had everything below it needs to be up to date:
///
/// | in the set before | in the set after | |
/// | --- | --- | --- |
/// | no | yes | `entered` |
/// | yes | yes | `updated`, if it has a record in between |
/// | yes | no | `left` or `deleted`, with the record that took it out |
/// | no | no | nothing |
///
/// That an instance was in the set before is what its first record in between says. So the deletion of an
/// instance that the log does not know may be told as `deleted`, as it is to live readers.
///
/// All of it is about the segments as they were when it was made, which it holds: what maintenance does
/// meanwhile changes nothing. Where records were removed earlier, it is exact, or refuses with `retained`:
/// - from a later place, if anything of a group by which records are found was removed from that place on;
/// - from the start, if compaction took something of such a group, and `end` is no longer near the end of the
///   log: a removed record may have been the last one below `end`.
/// What retention took from the start is missing, and ``isPartial`` says so.
///
/// Memory: one place in a table, of 32 to 77 bytes (from a later place 43 to 103) and the length of its key if
/// that is above 7 bytes, for each instance of which there is something to tell, or that had a record in
/// the segment that is being read; twice that while the table grows.
package struct NetChanges: Sendable {
    /// What happened to one instance.
    package struct Entry: Hashable, Sendable {
        /// Where its last record is.
        package let offset: Offset
        /// What happened to it on the whole.
        package let change: SetChange
        /// The clause of the sight by which it is seen, if the application was asked; otherwise its conditions say it.
        package let clause: UInt8?

        /// Creates an entry.
        package init(offset: Offset, change: SetChange, clause: UInt8? = nil) {
            self.offset = offset
            self.change = change
            self.clause = clause
        }
    }

    private enum Phase: Sendable {
        case begun
        /// The next walk is the one of a hash, by its place in the predicate's driver, in a segment.
        case reading(segment: Int, hash: Int)
        /// The instance at a place of the table is compared with its latest record.
        case comparing(Int)
        /// The instances from a place of the table on are added to the entries.
        case collecting(Int)
        /// The entries are put into order.
        case sorting
        /// What the application allows of the entries from this one on is not known yet.
        case deciding(Int)
        case done
    }

    private let predicate: Predicate
    private let held: HeldSegments
    private let start: Offset
    private let end: Offset
    /// The first offset from which on nothing was removed of any group by which records are found.
    private let available: Offset
    private var phase = Phase.begun
    private var walk: GroupWalk?
    private var table: InstanceTable
    private var sort = SteppedSort<Entry>([]) { $0.offset < $1.offset }
    private var collected: [Entry] = []
    private var lookup: DecisionLookup
    /// The first record of each instance by its last one, if the application has to be asked about what was before it.
    private var firsts: [Offset: Offset] = [:]
    /// The entries that are decided.
    private var decided: [Entry] = []

    /// Prepares to find the net changes by the records `start ..< end` of `log`. Looks at nothing yet.
    ///
    /// - Parameters:
    ///   - start: 0 for the set itself, or what the reader's token says.
    ///   - end: at most what is visible.
    ///   - decisions: what the application has decided.
    package init(
        of predicate: Predicate, in log: ChangeLog, from start: Offset, to end: Offset,
        by decisions: DecisionCache = DecisionCache()
    ) {
        self.predicate = predicate
        self.lookup = DecisionLookup(decisions)
        // In this order: what is removed is noted first and then removed.
        self.held = HeldSegments(log)
        self.available = predicate.driver.map { log.firstAvailable(of: $0) }.max() ?? .zero
        self.start = start
        self.end = min(end, self.held.visible)
        self.table = InstanceTable(keepsFirsts: start > .zero)
    }

    /// Whether retention took records of groups by which records of the set are found, so that instances may be
    /// missing from the set itself. Instances with a later record are not.
    package var isPartial: Bool {
        self.start == .zero && self.held.first > .zero && self.available > .zero
    }

    /// How many instances there is something to tell about so far, for a limit.
    package var instanceCount: Int { self.table.count }

    /// What has to be decided before another step is of use; empty if nothing has.
    package var undecided: [RecordQuestion] { self.lookup.undecided }

    /// Does some more; true when all is done. If it is not, ``undecided`` may say what it waits for.
    ///
    /// Looks at `postingsMax` records at most, at least one. To open a segment, even if it has nothing of the set,
    /// and to compare an instance with its latest record, where compaction makes that necessary, count as one
    /// record or more, and what is put into order at the end a fraction of one. When the table grows, a step takes
    /// time in proportion to it once.
    ///
    /// Throws `retained` in the first step if too much was removed to answer; `corrupt` if a record or an
    /// index is damaged.
    package mutating func step(postingsMax: Int) throws(StorageError) -> Bool {
        var left = max(postingsMax, 1)
        self.lookup.forget()
        while left > 0, self.lookup.undecided.isEmpty {
            switch self.phase {
            case .begun:
                try self.checkKnown()
                self.phase =
                    self.predicate.driver.isEmpty
                    ? .done : .reading(segment: self.held.index(of: self.start), hash: 0)
            case .reading(let segment, let hash):
                left -= 1
                try self.read(segment, hash)
            case .comparing(let place):
                left -= try self.compare(place)
            case .collecting(let place):
                left -= self.collect(from: place)
            case .sorting:
                left -= self.sortOn()
            case .deciding(let place):
                left -= try self.decide(from: place)
            case .done: return true
            }
        }
        if case .done = self.phase { return true }
        return false
    }

    /// The net changes, ascending by offset. Takes all steps that are left; nothing may be undecided.
    package mutating func entries() throws(StorageError) -> [Entry] {
        while try !self.step(postingsMax: .max) {
            precondition(self.undecided.isEmpty, "what is undecided is asked for between steps")
        }
        return self.collected
    }

    /// Lends the record of an entry to `body`, also if the log has removed it meanwhile. Nil for an offset that
    /// is not of an entry. Throws `corrupt`.
    package func withRecord<Result>(
        at offset: Offset, _ body: (borrowing RecordView) throws(StorageError) -> Result
    ) throws(StorageError) -> Result? {
        try self.held.withRecord(at: offset, body)
    }

    /// What is seen of the record of an entry.
    func view(of record: borrowing RecordView, _ entry: Entry) -> View {
        self.predicate.view(of: record, entry.change, by: entry.clause)
    }

    /// Takes one step of the walk that is under way, or begins the next one.
    private mutating func read(_ segment: Int, _ hash: Int) throws(StorageError) {
        if var walk = self.walk {
            self.walk = nil
            // Whatever was read is below the segments that come.
            let bound = self.held.base(of: segment)
            let isOver = try !walk.next { record in
                guard let change = self.predicate.change(by: record) else { return }
                self.table.note(record, change, notBelow: bound)
            }
            if !isOver {
                self.walk = walk
                return
            }
            let isLastHash = hash + 1 == self.predicate.driver.count
            self.phase =
                isLastHash
                ? .reading(segment: segment + 1, hash: 0)
                : .reading(segment: segment, hash: hash + 1)
        } else if segment < self.held.count, self.held.base(of: segment) < self.end {
            self.walk = try self.held.walk(
                of: self.predicate.driver[hash], in: segment, from: self.start, to: self.end)
        } else {
            self.phase = self.mustCompare ? .comparing(0) : .collecting(0)
        }
    }

    /// Places, or entries, that count as one record.
    private static let entriesARecord = 16

    /// Returns about how many records' work it was.
    private mutating func collect(from start: Int) -> Int {
        let end = min(start + 1024, self.table.placeCount)
        for place in start..<end {
            guard let change = self.table.change(at: place) else { continue }
            let last = self.table.lastOffset(at: place)
            self.collected.append(Entry(offset: last, change: change))
            if self.predicate.hasQuestions, let first = self.table.firstOffset(at: place) {
                self.firsts[last] = first
            }
        }
        if end < self.table.placeCount {
            self.phase = .collecting(end)
        } else {
            self.sort = SteppedSort(self.collected) { $0.offset < $1.offset }
            self.collected = []
            self.phase = .sorting
        }
        return 1024 / Self.entriesARecord
    }

    /// Returns about how many records' work it was.
    private mutating func sortOn() -> Int {
        if self.sort.step(countMax: 4096) {
            self.collected = self.sort.sorted
            self.phase = self.predicate.hasQuestions ? .deciding(0) : .done
        }
        return 4096 / Self.entriesARecord
    }

    /// Takes over what the application allows of the entries from `start` on, up to the first that is not decided; and
    /// notes what of those behind it is not. Returns how many records it looked at.
    private mutating func decide(from start: Int) throws(StorageError) -> Int {
        var next: Int?
        let end = min(start + 2 * DecisionLookup.askedMax, self.collected.count)
        for place in start..<end where !self.lookup.isFull {
            let entry = self.collected[place]
            let undecidedBefore = self.lookup.undecided.count
            let decided = try self.decided(entry)
            if self.lookup.undecided.count > undecidedBefore {
                next = next ?? place
            } else if next == nil, let decided {
                self.decided.append(decided)
            }
        }
        let reached = next ?? end
        self.phase = .deciding(reached)
        if reached == self.collected.count {
            self.collected = self.decided
            self.phase = .done
        }
        return 2 * (end - start) + 1
    }

    /// What the application leaves of `entry`; nil for nothing, also if something is not decided.
    private mutating func decided(_ entry: Entry) throws(StorageError) -> Entry? {
        let (predicate, held) = (self.predicate, self.held)
        var after = Predicate.Sighting.hidden
        if entry.change == .entered || entry.change == .updated {
            after =
                try held.withRecord(at: entry.offset) {
                    predicate.sighting(after: $0) { self.lookup.decision(on: $0) }
                } ?? .hidden
        }
        var before = Predicate.Sighting.hidden
        if entry.change != .entered, let first = self.firsts[entry.offset] {
            before =
                try held.withRecord(at: first) {
                    predicate.sighting(before: $0) { self.lookup.decision(on: $0) }
                } ?? .hidden
        }
        switch (before, after) {
        case (.undecided, _), (_, .undecided): return nil
        case (.seen, .seen(let clause)):
            return Entry(offset: entry.offset, change: .updated, clause: clause)
        case (_, .seen(let clause)):
            return Entry(offset: entry.offset, change: .entered, clause: clause)
        case (.seen(let clause), _):
            let change: SetChange = entry.change == .deleted ? .deleted : .left
            return Entry(offset: entry.offset, change: change, clause: clause)
        case (.unknown, _):
            throw .undecidable(at: entry.offset)
        case (.hidden, _): return nil
        }
    }

    /// Whether compaction may have taken the record with which an instance left, and have kept an older one.
    private var mustCompare: Bool { self.start == .zero && self.available > self.held.first }

    /// Takes the instance at `place` out of the set if a later record does not say that it is in it: whoever
    /// is in a group says so in each record. Returns about how many records' work that was.
    private mutating func compare(_ place: Int) throws(StorageError) -> Int {
        guard place < self.table.placeCount else {
            self.phase = .collecting(0)
            return 0
        }
        self.phase = .comparing(place + 1)
        guard self.table.change(at: place) != nil else { return 1 }
        let offset = self.table.lastOffset(at: place)
        guard offset < self.available else { return 1 }
        let key = self.table.key(at: place)
        let latest = try self.held.latestRecord(
            model: self.predicate.filter.model, key: key.text, keyHash: key.hash, before: self.end)
        if latest != offset { self.table.remove(at: place) }
        return 1 + (self.held.count - self.held.index(of: offset)) / 4
    }

    private func checkKnown() throws(StorageError) {
        if self.start > .zero {
            guard self.available <= self.start else {
                throw StorageError(
                    .retained,
                    "records below offset \(self.available) were removed, and offset \(self.start) is asked "
                        + "for: begin anew from a snapshot", offset: self.start)
            }
            return
        }
        let isCompacted = self.available > self.held.first
        guard self.end >= self.held.first, !isCompacted || self.end >= self.held.sealedEnd else {
            throw StorageError(
                .retained,
                "records were removed: what was before offset \(self.end) is not known any more; ask "
                    + "for a later state", offset: self.end)
        }
    }
}
