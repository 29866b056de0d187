package import LogFormat
package import LogModel
package import LogStorage
import Matching
import Replication

/// The instances that a filter wants, as they were at some place of the log.
package struct SetState {
    /// Records that are looked at between two reports.
    private static let stepCount = 1 << 14

    private var net: NetChanges

    /// Prepares to find the instances of `filter` before the record at `end`. Looks at nothing yet.
    package init(of filter: Filter, in log: ChangeLog, before end: Offset) {
        let predicate = Predicate(filter, hasher: log.hasher) { log.rarity(of: $0) }
        self.net = NetChanges(of: predicate, in: log, from: .zero, to: end)
    }

    /// Whether retention took records, so that instances that did not change since are missing.
    package var isPartial: Bool { self.net.isPartial }

    /// Lends the last record of each instance to `body`, in the order of the log.
    ///
    /// Reads every record of the groups by which the filter is looked up. Throws `retained` if compaction removed what
    /// would say it; `corrupt`; or what `body` throws.
    ///
    /// - Parameter progress: told now and then how many instances there are so far.
    package mutating func forEachInstance(
        progress: (Int) -> Void, _ body: (borrowing RecordView) throws(StorageError) -> Void
    ) throws(StorageError) {
        while try !self.net.step(postingsMax: Self.stepCount) { progress(self.net.instanceCount) }
        for entry in try self.net.entries() {
            _ = try self.net.withRecord(at: entry.offset, body)
        }
    }
}
