import LogFormat
package import LogModel
package import LogStorage
import Matching
package import WireProtocol

/// Reads what one instance is, was, and what happened to it.
///
/// All calls block for a few reads of the log: not for event loops. After each of them ``undecided`` says whether it was of
/// use.
package struct InstanceReader: Sendable {
    /// What an instance is at some place of the log.
    package enum State: Hashable, Sendable {
        /// The log has no record of it below that place.
        case unknown
        /// Its last record, at this offset, says that it was deleted.
        case deleted(Offset)
        /// It is what the record at this offset says, whose dated `livelog.v1` form this is.
        case alive(Offset, json: [UInt8])
    }

    /// A part of an instance's history.
    package struct History: Hashable, Sendable {
        /// The dated `livelog.v1` forms of the records, joined by commas.
        package fileprivate(set) var records: [UInt8] = []
        /// How many records there are.
        package fileprivate(set) var count = 0
        /// Where the next part begins, if there is one.
        package fileprivate(set) var next: Offset?
        /// Whether retention or compaction took a record before or between these.
        package fileprivate(set) var isPartial = false
    }

    private let log: ChangeLog
    private let model: Text
    private let key: Text
    /// The instances that are seen.
    private let seen: Predicate
    private var lookup: DecisionLookup

    /// What has to be decided before it can be read: then what was read is not to be given to anybody.
    package var undecided: [RecordQuestion] { self.lookup.undecided }

    /// A reader of the instance `key` of `model`, as far as `sight` goes. What is not seen is unknown.
    package init(
        model: Text, key: Text, seenBy sight: Sight = .everything, in log: ChangeLog,
        by decisions: DecisionCache = DecisionCache()
    ) {
        self.lookup = DecisionLookup(decisions)
        self.log = log
        self.model = model
        self.key = key
        self.seen = Predicate(Filter(model: model, sight: sight), hasher: log.hasher)
    }

    /// What the instance is below `end`, or now.
    ///
    /// Throws `retained` if too much was removed to know; `corrupt`.
    package mutating func state(before end: Offset? = nil) throws(StorageError) -> State {
        // A record can be removed after it was found; then there is a later one.
        for _ in 0..<3 {
            guard
                let offset = try self.log.latestRecord(
                    model: self.model, key: self.key, before: end)
            else { return .unknown }
            let state = try self.log.withRecord(at: offset) { record -> State in
                guard let (change, view) = self.change(by: record), change != .left else {
                    return .unknown
                }
                guard record.action != .deleted else { return .deleted(offset) }
                var renderer = RecordRenderer()
                var json: [UInt8] = []
                renderer.appendDated(record, change, view, to: &json)
                return .alive(offset, json: json)
            }
            if let state { return state }
        }
        throw StorageError(
            .retained, "the record that says what the instance was is no longer kept", offset: end)
    }

    /// What the instance is at `place`. Throws a problem with the status 410 if nobody knows.
    package mutating func state(at place: ModelsQuery.Place) throws(Problem) -> State {
        let end = try self.log.offset(of: place)
        do throws(StorageError) {
            return try self.state(before: end)
        } catch {
            throw Problem(reading: error)
        }
    }

    /// At most `limit` of the instance's records, from the one at `start` on; a failure as a problem.
    package mutating func part(from start: Offset, limit: Int) throws(Problem) -> History {
        do throws(StorageError) {
            return try self.history(from: start, limit: limit)
        } catch {
            throw Problem(reading: error)
        }
    }

    /// At most `limit` of the instance's records, from the one at `start` on.
    ///
    /// Throws `corrupt`, or `retained` if records are removed just now.
    package mutating func history(
        from start: Offset = .zero, limit: Int
    ) throws(StorageError) -> History {
        var history = History()
        var renderer = RecordRenderer()
        var offsets = try self.log.history(
            model: self.model, key: self.key, from: start, limit: limit + 1)
        if offsets.count > limit { history.next = offsets.removeLast() }
        for offset in offsets {
            let previous = try self.log.withRecord(at: offset) { record in
                guard let (change, view) = self.change(by: record) else {
                    return record.previousOfKey
                }
                if history.count > 0 { history.records.append(UInt8(ascii: ",")) }
                renderer.appendDated(record, change, view, to: &history.records)
                history.count += 1
                return record.previousOfKey
            }
            if let previous = previous ?? nil, try !self.isKept(previous) {
                history.isPartial = true
            }
        }
        return history
    }

    /// What the record did to the set of instances that are seen, and what is seen of it; nil if it is no concern of theirs.
    private mutating func change(
        by record: borrowing RecordView
    ) -> (change: SetChange, view: View)? {
        if self.seen.filter.sight.isUnconditional, !self.seen.hasQuestions {
            let change = record.changeOfModel
            return (change, self.seen.view(of: record, change))
        }
        let seen = self.seen
        // That something left of which nobody knows whether it was seen is not told here.
        guard
            case .seen(let change, let view) = seen.verdict(
                on: record, by: { self.lookup.decision(on: $0) })
        else { return nil }
        return (change, view)
    }

    private func isKept(_ offset: Offset) throws(StorageError) -> Bool {
        guard offset >= self.log.first else { return false }
        return try self.log.withRecord(at: offset) { _ in true } ?? false
    }
}

extension RecordView {
    /// What the record did to the set of all instances of its model.
    fileprivate var changeOfModel: SetChange {
        for index in 0..<self.groupCount {
            let entry = self.group(index)
            if entry.isModelGroup { return SetChange(entry.membership, action: self.action) }
        }
        return self.action == .deleted ? .deleted : .updated
    }
}
