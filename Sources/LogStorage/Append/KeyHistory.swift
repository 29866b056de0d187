import LogFormat
import LogModel

/// The last record of each instance: what makes membership a fact of the log.
///
/// Keeps the last offset of each key *hash*, 24 bytes a key or less; records are threaded to the one before
/// with the same hash, so that a key is found behind another that collides with it.
///
/// Threads: only the appender's.
struct KeyHistory: ~Copyable {
    private var last = HashTable<UInt64>(filler: 0)
    private let segments: SegmentList

    init(segments: SegmentList) {
        self.segments = segments
    }

    /// The last record with this key hash.
    func lastRecord(ofKeyHash keyHash: UInt64) -> Offset? {
        self.last[keyHash].map { Offset($0) }
    }

    /// Makes `offset` the last record with this key hash.
    mutating func note(_ keyHash: UInt64, at offset: Offset) {
        self.last.set(keyHash, to: offset.rawValue)
    }

    /// The last record of the instance of `change`, after a check of its checksum; nil if there is none, or if
    /// it says that the instance was deleted.
    func lastRecord(
        of change: Changes.Change, keyHash: UInt64, in changes: Changes,
        pending: borrowing PendingRecords
    ) throws(StorageError) -> Offset? {
        var at = self.lastRecord(ofKeyHash: keyHash)
        while let offset = at {
            // Older records may not be kept any more: then nothing is known of the instance.
            guard let found = self.segments.segment(of: offset) else { return nil }
            if offset < pending.base { _ = try found.segment.checkedRecord(at: offset) }
            var isDeleted = false
            var isOther = false
            var previous: Offset?
            self.withRecord(at: offset, pending: pending) { record in
                isDeleted = record.action == .deleted
                isOther = !Self.isRecord(record, of: change, in: changes)
                previous = record.previousOfKey
            }
            guard isOther else { return isDeleted ? nil : offset }
            // Another instance, whose key has the same hash: the one before may be the one.
            at = previous
        }
        return nil
    }

    /// Lends the record `offset`, which was checked, to `body`.
    func withRecord(
        at offset: Offset, pending: borrowing PendingRecords,
        _ body: (borrowing RecordView) -> Void
    ) {
        guard let segment = self.segments.segment(of: offset)?.segment else {
            preconditionFailure("the record \(offset) was there a moment ago")
        }
        if offset >= pending.base {
            body(pending.record(at: segment.position(of: offset)))
        } else {
            body(segment.record(at: offset))
        }
    }

    private static func isRecord(
        _ record: borrowing RecordView, of change: Changes.Change, in changes: Changes
    ) -> Bool {
        let text = changes.text.span.bytes
        return record.key.isEqual(to: text.slice(change.key.text.start, change.key.text.count))
            && record.model.isEqual(to: text.slice(change.model.start, change.model.count))
    }
}

/// Encoded records that are not in the file yet.
struct PendingRecords {
    /// The records.
    var bytes: [UInt8] = []
    /// The byte of the active segment at which they go.
    var position: Int
    /// The offset of the first of them.
    var base: Offset

    /// The record that goes to the byte `position` of the active segment.
    @_lifetime(borrow self)
    func record(at position: Int) -> RecordView {
        RecordView(trusting: self.bytes.span.bytes, at: position - self.position)
    }

    /// Where the next record goes.
    var end: Int { self.position + self.bytes.count }
}
