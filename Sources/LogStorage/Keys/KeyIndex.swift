import LogFormat
import LogModel

/// The last record of each instance: what makes membership a fact of the log.
///
/// Keeps nothing of its own: growing segments have the heads of their keys in memory, sealed ones have them in
/// their indexes and in the runs over these. So memory is bounded by the segments that are not sealed yet,
/// for any number of keys. It knows keys by their *hash*; records are threaded to the one before with the
/// same hash, so that a key is found behind another that collides with it.
///
/// Threads: only the appender's.
struct KeyIndex: ~Copyable {
    private let log: ChangeLog
    /// Newest first.
    private var growing: [(segment: Segment, index: GrowingIndex)] = []
    private var sealed: SealedLookup
    private var version: UInt64

    init(_ log: ChangeLog) {
        self.log = log
        self.version = log.segments.version
        let segments = log.segments.all
        self.sealed = SealedLookup(segments, log.runs)
        self.growing = Self.growing(segments)
    }

    private static func growing(_ segments: [Segment]) -> [(Segment, GrowingIndex)] {
        segments.reversed().compactMap { segment in
            segment.growing.map { (segment, $0) }
        }
    }

    /// Takes note of segments that were added, sealed or removed. Returns whether there were any.
    mutating func refresh() -> Bool {
        let version = self.log.segments.version
        guard version != self.version else { return false }
        self.version = version
        // Both from one look, so that a segment that is sealed just now is in one of them.
        let segments = self.log.segments.all
        self.sealed = SealedLookup(segments, self.log.runs)
        self.growing = Self.growing(segments)
        return true
    }

    /// The last record with this key hash.
    func lastRecord(ofKeyHash keyHash: UInt64) throws(StorageError) -> Offset? {
        for (_, index) in self.growing {
            if let offset = index.last(of: keyHash) { return offset }
        }
        return try self.sealed.last(of: keyHash)
    }

    /// The last record with each of `hashes`, into the same places of `found`. Faster for many than one after
    /// the other, because waits for memory overlap.
    func lastRecords(
        ofKeyHashes hashes: [UInt64], into found: inout [Offset?]
    ) throws(StorageError) {
        found.removeAll(keepingCapacity: true)
        if hashes.count == 1 {
            found.append(try self.lastRecord(ofKeyHash: hashes[0]))
            return
        }
        for _ in hashes { found.append(nil) }
        var wanted = Array(hashes.indices)
        for (_, index) in self.growing { index.findLast(of: hashes, at: &wanted, into: &found) }
        try self.sealed.find(hashes, at: &wanted, into: &found)
    }

    /// The last record in sealed segments with the hash of a producer.
    func lastSealedRecord(ofProducerHash hash: UInt64) throws(StorageError) -> Offset? {
        try self.sealed.last(of: hash)
    }

    /// The record of the instance of `change` at `last` or, if that is another instance whose key has the same
    /// hash, the last one before it; after a check of its checksum. Nil if there is none, or if it says that
    /// the instance was deleted.
    func lastRecord(
        of change: Changes.Change, from last: Offset?, in changes: Changes,
        pending: borrowing PendingRecords
    ) throws(StorageError) -> Offset? {
        var at = last
        while let offset = at {
            var isDeleted = false
            var isOther = false
            var previous: Offset?
            let isThere = try self.withRecord(at: offset, pending: pending) { record in
                isDeleted = record.action == .deleted
                isOther = !Self.isRecord(record, of: change, in: changes)
                previous = record.previousOfKey
            }
            // Older records may not be kept any more: then nothing is known of the instance.
            guard isThere else { return nil }
            guard isOther else { return isDeleted ? nil : offset }
            at = previous
        }
        return nil
    }

    /// Begins to bring near the record `offset`, which is looked at a few records later.
    func expect(_ offset: Offset) {
        guard let segment = self.log.segments.segment(of: offset)?.segment else { return }
        segment.expect(UInt32(offset.distance(from: segment.base)))
    }

    /// Lends the record `offset` to `body`, after a check unless it is pending, or was checked just now as
    /// ``lastRecord(of:from:in:pending:)`` does. Returns false if it is no longer kept.
    func withRecord(
        at offset: Offset, pending: borrowing PendingRecords, isChecked: Bool = false,
        _ body: (borrowing RecordView) -> Void
    ) throws(StorageError) -> Bool {
        if offset >= pending.base, let (_, index) = self.growing.first {
            body(pending.record(at: index.position(of: offset)))
            return true
        }
        guard let segment = self.log.segments.segment(of: offset)?.segment else { return false }
        return isChecked
            ? try segment.withCheckedRecord(at: offset) { record in body(record) } != nil
            : try segment.withRecord(at: offset) { record in body(record) } != nil
    }

    private static func isRecord(
        _ record: borrowing RecordView, of change: Changes.Change, in changes: Changes
    ) -> Bool {
        let text = changes.text.span.bytes
        return record.key.isEqual(to: text.slice(change.key.text.start, change.key.text.count))
            && record.model.isEqual(to: text.slice(change.model.start, change.model.count))
    }
}
