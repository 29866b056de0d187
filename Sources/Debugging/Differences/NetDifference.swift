import LogFormat
package import LogModel
package import LogStorage
import Matching
import Replication

/// What became of a model's instances, or of those that a filter wants, between two places of a log: one entry for each
/// that is not what it was.
package struct NetDifference {
    /// What became of one instance.
    package struct Entry: Hashable, Sendable {
        /// What happened to the set of instances on the whole.
        package let change: SetChange
        /// The instance's last record in between.
        package let last: RecordFacts
        /// The properties that changed. Of an instance that is gone, none.
        package let changes: [PropertyChange]
    }

    private static let stepCount = 1 << 14

    private let log: ChangeLog
    private let model: Text
    private let start: Offset
    private var net: NetChanges
    /// Instances that have records in between, and are what they were.
    package private(set) var unchangedCount = 0

    /// Prepares to compare the instances of `filter` before the record at `start` with those before the one at `end`.
    package init(of filter: Filter, in log: ChangeLog, from start: Offset, to end: Offset) {
        let predicate = Predicate(filter, hasher: log.hasher) { log.rarity(of: $0) }
        self.log = log
        self.model = filter.model
        self.start = start
        self.net = NetChanges(of: predicate, in: log, from: start, to: end)
    }

    /// Hands an entry for each instance that is not what it was to `body`, in the order of their last records.
    ///
    /// Its cost grows with the records in between that the filter is looked up by. Throws `retained` if something in
    /// between, or what was before, was removed; `corrupt`.
    ///
    /// - Parameter progress: told now and then how many instances there are so far.
    package mutating func forEachEntry(
        progress: (Int) -> Void, _ body: (Entry) throws -> Void
    ) throws {
        while try !self.net.step(postingsMax: Self.stepCount) { progress(self.net.instanceCount) }
        for entry in try self.net.entries() {
            let found = try self.net.withRecord(at: entry.offset) { RecordFacts($0) }
            guard let last = found else { continue }
            guard entry.change == .entered || entry.change == .updated else {
                try body(Entry(change: entry.change, last: last, changes: []))
                continue
            }
            let before = try self.before(last)
            let changes = last.properties.changes(from: before)
            if entry.change == .updated, changes.isEmpty {
                self.unchangedCount += 1
            } else {
                try body(Entry(change: entry.change, last: last, changes: changes))
            }
        }
    }

    /// What the instance of `record` was before the first place.
    private func before(_ record: RecordFacts) throws(StorageError) -> Properties {
        guard self.start > .zero,
            let offset = try self.log.latestRecord(
                model: self.model, key: record.key.text, before: self.start)
        else { return .none }
        return try RecordFacts(at: offset, in: self.log)?.properties ?? .none
    }
}
