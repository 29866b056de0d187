package import LogModel
package import LogStorage
package import Matching
import WireProtocol

/// A page of the records that concern a set, from a place on.
///
/// It ends between batches. A page that is full never changes: what it says depends on its place, its limits and
/// records that are there for ever or refused.
package struct ChangePage: Sendable {
    /// What a page may have.
    package struct Limits: Hashable, Sendable {
        /// Records after which a page ends with the batch that is at hand; at least 1.
        package var recordsMax = 100
        /// Bytes of records after which it does. Default 1 MiB.
        package var byteCountGoal = 1 << 20
        /// Records that are looked at before a page ends with the batch that is at hand, full or not: bounds the
        /// time that a page takes. Default 65,536.
        package var lookedAtMax = 1 << 16

        /// Creates the default limits.
        package init() {}
    }

    /// The `livelog.v1` forms of the records, joined by commas.
    package private(set) var records: [UInt8] = []
    /// How many records there are.
    package private(set) var count = 0
    /// Everything that concerns the set below this offset is in this page or was before it.
    package private(set) var next: Offset
    /// Whether the page is full, so that nothing will be added to it.
    package private(set) var isFull = false
    /// Whether the page reaches what was visible.
    package private(set) var isAtEnd = false

    /// What has to be decided before there can be such a page: then this one is not to be given to anybody.
    package var undecided: [RecordQuestion] { self.lookup.undecided }

    private var lookup: DecisionLookup
    private var lookedAt = 0
    /// Where the batch ends with which the page ends, once that is decided.
    private var end: Offset?
    private var renderer = RecordRenderer()

    /// Reads the page of `predicate` that begins at `start`. Blocks for as long as it takes to read
    /// ``Limits/lookedAtMax`` records: not for event loops.
    ///
    /// Throws `retained` if something that could concern the set was removed from `start` on; `corrupt`.
    package init(
        of predicate: Predicate, in log: ChangeLog, from start: Offset, limits: Limits = Limits(),
        by decisions: DecisionCache = DecisionCache()
    ) throws(StorageError) {
        self.lookup = DecisionLookup(decisions)
        let held = HeldSegments(log)
        let available = predicate.driver.map { log.firstAvailable(of: $0) }.max() ?? .zero
        guard start >= available else {
            throw StorageError(
                .retained,
                "records below offset \(available) were removed, and offset \(start) is asked for: begin "
                    + "anew from a snapshot", offset: start)
        }
        self.next = max(start, held.first)
        while self.next < held.visible, !self.lookup.isFull {
            let (offsets, bound) = try held.postings(
                of: predicate.driver, from: self.next, limit: 256)
            for offset in offsets {
                if let end = self.end, offset >= end { break }
                try self.add(offset, predicate, held, limits)
            }
            self.next = bound
            if let end, bound >= end {
                self.next = end
                break
            }
        }
        self.isAtEnd = self.next >= held.visible
    }

    private mutating func add(
        _ offset: Offset, _ predicate: Predicate, _ held: HeldSegments, _ limits: Limits
    ) throws(StorageError) {
        _ = try held.withRecord(at: offset) { record throws(StorageError) in
            switch predicate.verdict(on: record, by: { self.lookup.decision(on: $0) }) {
            case .nothing, .undecided: return
            case .unknown: throw .undecidable(at: offset)
            case .seen(let change, let view):
                if self.count > 0 { self.records.append(UInt8(ascii: ",")) }
                self.renderer.appendLivelog1(record, change, view, to: &self.records)
                self.count += 1
            }
        }
        self.lookedAt += 1
        if self.count >= limits.recordsMax || self.records.count >= limits.byteCountGoal {
            self.isFull = true
        }
        if self.end == nil, self.isFull || self.lookedAt >= limits.lookedAtMax {
            self.end = try held.batch(of: offset).upperBound
        }
    }
}
