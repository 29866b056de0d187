package import LogFormat
package import LogModel

/// Finds the subscriptions that want a record, by the hashes that the record carries.
///
///     hash --> place of the table, 32 bytes
///              group: model and property, value      -> subscriber, or a run of subscribers
///              hash of a filter's driver             -> target, or a run of targets
///                                                       target: program, and a subscriber or a run of them
///
/// Who wants exactly one group stands in the place of that group, which has the group's name by all its bytes. Any other
/// filter is a target, which is found by the hashes of its driver and then judges the record by itself. So a
/// hash that two groups share costs time, and is never a wrong delivery.
///
/// A record costs one look at the table for each of its groups, however many subscriptions there are. Matching
/// allocates nothing and counts no references. Adding and removing take constant time on the whole, also in a group
/// that everybody wants; a table that is full is built again twice as large.
package struct Matcher {
    var table = GroupTable()
    private var runs = Runs()
    private var families = Families()
    private var targets = Targets()
    /// The number of subscriptions.
    private var count = 0
    /// The number of the match at hand.
    private var matchNumber: UInt64 = 0

    /// Subscribers are in one run each, so runs of them need no other name than one that no hash has.
    private static let subscribers: UInt64 = 0

    /// Creates a matcher without subscriptions.
    package init() {}

    /// Whether nothing is subscribed to.
    package var isEmpty: Bool { self.count == 0 }

    // MARK: - Subscriptions

    /// Adds a subscription, which is not in the matcher yet.
    package mutating func add(_ subscriber: Subscriber, _ predicate: Predicate) {
        self.count += 1
        if let group = Self.group(of: predicate) {
            self.add(subscriber, to: group, hash: predicate.driver[0])
        } else if let number = self.targets.number(of: predicate) {
            self.runs.append(
                subscriber.word, to: &self.targets[number].subscribers, name: Self.subscribers)
        } else {
            let number = self.targets.insert(predicate, for: subscriber, in: &self.runs.pool)
            for hash in predicate.driver { self.addTarget(number, hash: hash) }
        }
    }

    /// Removes a subscription that was added with this predicate.
    package mutating func remove(_ subscriber: Subscriber, _ predicate: Predicate) {
        precondition(self.count > 0, "a subscription was removed that had not been added")
        self.count -= 1
        if let group = Self.group(of: predicate) {
            self.remove(subscriber, from: group, hash: predicate.driver[0])
            return
        }
        guard let number = self.targets.number(of: predicate) else {
            preconditionFailure("a subscription was removed that had not been added")
        }
        guard
            self.runs.remove(
                subscriber.word, from: &self.targets[number].subscribers, name: Self.subscribers)
        else { return }
        for hash in predicate.driver { self.removeTarget(number, hash: hash) }
        self.targets.remove(number, of: predicate, in: &self.runs.pool)
    }

    /// The group that holds exactly what `predicate` wants, if there is one and a record can name it.
    private static func group(of predicate: Predicate) -> GroupKey? {
        guard predicate.plan == .group, let group = predicate.filter.group,
            group.model.bytes.count <= FilterProgram.textCountMax,
            group.property.bytes.count <= FilterProgram.textCountMax,
            group.value.text.bytes.count <= FilterProgram.textCountMax
        else { return nil }
        return group
    }

    private mutating func add(_ subscriber: Subscriber, to group: GroupKey, hash: UInt64) {
        if let place = self.place(of: group, hash: hash) {
            self.runs.append(
                subscriber.word, to: &self.table.places[place].items, name: Self.subscribers)
            return
        }
        var place = GroupPlace()
        place.hash = hash
        place.items = Run(subscriber.word)
        place.family = self.families.retain(group, in: &self.runs.pool)
        let value = group.value.text.bytes.span.bytes
        if value.byteCount <= GroupPlace.valueCountMax {
            place.valueCount = UInt8(value.byteCount)
            place.value = value.paddedWord(0)
            place.valueEnd = UInt16(truncatingIfNeeded: value.paddedWord(8))
        } else {
            place.valueCount = GroupPlace.long
            place.value = UInt64(self.runs.pool.allocate(value))
            place.valueEnd = UInt16(value.byteCount)
        }
        self.table.insert(place)
    }

    private mutating func remove(_ subscriber: Subscriber, from group: GroupKey, hash: UInt64) {
        guard let index = self.place(of: group, hash: hash) else {
            preconditionFailure("a subscription was removed that had not been added")
        }
        guard
            self.runs.remove(
                subscriber.word, from: &self.table.places[index].items, name: Self.subscribers)
        else { return }
        let place = self.table.places[index]
        if place.isLong {
            self.runs.pool.free(UInt32(place.value), byteCount: Int(place.valueEnd))
        }
        self.families.release(place.family, group, in: &self.runs.pool)
        self.table.remove(at: index)
    }

    /// Where `group` is, if somebody wants it.
    private func place(of group: GroupKey, hash: UInt64) -> Int? {
        guard let family = self.families.number(of: group) else { return nil }
        let value = group.value.text.bytes.span.bytes
        let pool = self.runs.pool.words.span.bytes
        return self.table.find(hash) {
            !$0.isFiltered && $0.family == family && Self.hasValue($0, value, pool)
        }
    }

    private mutating func addTarget(_ number: Int, hash: UInt64) {
        if let place = self.table.find(hash, where: \.isFiltered) {
            self.runs.append(UInt64(number), to: &self.table.places[place].items, name: hash)
            return
        }
        var place = GroupPlace()
        place.hash = hash
        place.items = Run(UInt64(number))
        place.valueCount = GroupPlace.filtered
        self.table.insert(place)
    }

    private mutating func removeTarget(_ number: Int, hash: UInt64) {
        guard let place = self.table.find(hash, where: \.isFiltered) else {
            preconditionFailure("a subscription was removed that had not been added")
        }
        if self.runs.remove(UInt64(number), from: &self.table.places[place].items, name: hash) {
            self.table.remove(at: place)
        }
    }

    /// Whether the value of the group in `place` is `value`.
    @inline(__always)
    private static func hasValue(_ place: GroupPlace, _ value: RawSpan, _ pool: RawSpan) -> Bool {
        if place.isLong {
            return value.hasBytes(of: pool, at: Int(place.value) * 8, Int(place.valueEnd))
        }
        let count = value.byteCount
        guard count == Int(place.valueCount), value.paddedWord(0) == place.value else {
            return false
        }
        return count <= 8 || UInt16(truncatingIfNeeded: value.paddedWord(8)) == place.valueEnd
    }

    // MARK: - Records

    /// Calls `body` once for each subscription that `record` concerns, in the order of the record's groups: with
    /// the group by which it was found first.
    package mutating func match(
        _ record: borrowing RecordView,
        _ body: (_ subscriber: Subscriber, _ change: SetChange, _ entry: GroupEntry) -> Void
    ) {
        self.matchNumber &+= 1
        for index in 0..<record.groupCount {
            let hash = record.groupHash(index)
            let tag = GroupTable.tag(of: hash)
            var word = self.table.home(of: hash)
            while true {
                let tags = self.table.control[word]
                var candidates = GroupTable.candidates(tags, tag)
                while candidates != 0 {
                    let place = GroupTable.place(word, candidates)
                    candidates &= candidates &- 1
                    if self.table.places[place].hash == hash {
                        self.give(record, index, to: place, body)
                    }
                }
                if GroupTable.hasFree(tags) { break }
                word = self.table.next(word)
            }
        }
    }

    /// Gives the record to whom it concerns of those in a place that has the hash of its group at `index`.
    private mutating func give(
        _ record: borrowing RecordView, _ index: Int, to place: Int,
        _ body: (_ subscriber: Subscriber, _ change: SetChange, _ entry: GroupEntry) -> Void
    ) {
        let group = self.table.places[place]
        let entry = record.group(index)
        if group.isFiltered {
            if group.items.isSingle {
                self.give(record, entry, toTarget: Int(group.items.bits), body)
            } else {
                for place in group.items.places {
                    self.give(record, entry, toTarget: Int(self.runs.pool[place]), body)
                }
            }
            return
        }
        guard Self.hasValue(group, record.value(of: entry), self.runs.pool.words.span.bytes),
            self.families.isName(
                group.family, of: entry, in: record, self.runs.pool.words.span.bytes),
            let change = Self.change(by: record, entry, at: index)
        else { return }
        self.give(change, entry, to: group.items, body)
    }

    /// Gives the record to those who want the target `number`, if it concerns them, they have not got it by another
    /// group, and the group `entry` is one by which the target is found.
    private mutating func give(
        _ record: borrowing RecordView, _ entry: GroupEntry, toTarget number: Int,
        _ body: (_ subscriber: Subscriber, _ change: SetChange, _ entry: GroupEntry) -> Void
    ) {
        let target = self.targets[number]
        guard target.matchNumber != self.matchNumber else { return }
        switch self.judge(record, entry, by: Int(target.program) * 8) {
        case .anotherGroup: return
        case .noConcern: break
        case .concern(let change): self.give(change, entry, to: target.subscribers, body)
        }
        self.targets[number].matchNumber = self.matchNumber
    }

    /// What a program says of a record.
    private enum Judgement {
        /// The record is no concern of the filter's.
        case noConcern
        /// It is, and is found by another of its groups, which has the same hash or comes later.
        case anotherGroup
        case concern(SetChange)
    }

    @inline(__always)
    private func judge(
        _ record: borrowing RecordView, _ entry: GroupEntry, by program: Int
    ) -> Judgement {
        let pool = self.runs.pool.words.span.bytes
        guard let (wasIn, isIn) = FilterProgram.sides(of: record, pool, at: program),
            let change = SetChange(wasIn: wasIn, isIn: isIn, action: record.action)
        else { return .noConcern }
        return FilterProgram.isDriver(entry, of: record, pool, at: program)
            ? .concern(change) : .anotherGroup
    }

    @inline(__always)
    private func give(
        _ change: SetChange, _ entry: GroupEntry, to subscribers: Run,
        _ body: (_ subscriber: Subscriber, _ change: SetChange, _ entry: GroupEntry) -> Void
    ) {
        if subscribers.isSingle {
            body(Subscriber(word: subscribers.bits), change, entry)
        } else {
            for place in subscribers.places {
                body(Subscriber(word: self.runs.pool[place]), change, entry)
            }
        }
    }

    /// What `record` did to its group at `index`; nil if that is a repetition of an earlier one. Records name a group
    /// once, but nothing here relies on it.
    @inline(__always)
    private static func change(
        by record: borrowing RecordView, _ entry: GroupEntry, at index: Int
    ) -> SetChange? {
        for other in 0..<record.groupCount
        where record.groupHash(other) == entry.hash && other != index {
            return self.changeOfRepeated(record, entry, at: index)
        }
        return SetChange(entry.membership, action: record.action)
    }

    private static func changeOfRepeated(
        _ record: borrowing RecordView, _ entry: GroupEntry, at index: Int
    ) -> SetChange? {
        var wasIn = false
        var isIn = false
        for other in 0..<record.groupCount where record.groupHash(other) == entry.hash {
            let same = record.group(other)
            guard (same.valueKind == .null) == (entry.valueKind == .null),
                record.value(of: same).isEqual(to: record.value(of: entry)),
                record.property(of: same).isEqual(to: record.property(of: entry))
            else { continue }
            if other < index { return nil }
            wasIn = wasIn || same.membership != .entered
            isIn = isIn || same.membership != .left
        }
        return SetChange(wasIn: wasIn, isIn: isIn, action: record.action)
    }
}
