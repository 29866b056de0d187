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

    /// Collects into `groups` what the instance of `change` is in by its last record. Their text is added to
    /// `changes.text`. Returns false if it has no record, or was deleted.
    func collectGroups(
        of change: Changes.Change, keyHash: UInt64, in changes: inout Changes,
        pending: borrowing PendingRecords, into groups: inout [PlannedGroup]
    ) throws(StorageError) -> Bool {
        var at = self.lastRecord(ofKeyHash: keyHash)
        while let offset = at {
            // Older records may not be kept any more: then nothing is known of the instance.
            guard let found = self.segments.segment(of: offset) else { return false }
            let step: Step
            if offset >= pending.base {
                let record = pending.record(at: found.segment.position(of: offset))
                step = Self.step(record, change: change, in: &changes, into: &groups)
            } else {
                let record = try found.segment.checkedRecord(at: offset)
                step = Self.step(record, change: change, in: &changes, into: &groups)
            }
            switch step {
            case .isAlive: return true
            case .isDeleted: return false
            case .isOther(let previous): at = previous
            }
        }
        return false
    }

    /// What one record says of an instance.
    private enum Step {
        case isAlive
        case isDeleted
        /// The record is another instance's, whose key has the same hash.
        case isOther(previous: Offset?)
    }

    private static func step(
        _ record: borrowing RecordView, change: Changes.Change, in changes: inout Changes,
        into groups: inout [PlannedGroup]
    ) -> Step {
        guard self.isRecord(record, of: change, in: changes) else {
            return .isOther(previous: record.previousOfKey)
        }
        if record.action == .deleted { return .isDeleted }
        self.collectGroups(of: record, in: &changes, into: &groups)
        return .isAlive
    }

    private static func isRecord(
        _ record: borrowing RecordView, of change: Changes.Change, in changes: Changes
    ) -> Bool {
        let text = changes.text.span.bytes
        return record.key.isEqual(to: text.slice(change.key.text.start, change.key.text.count))
            && record.model.isEqual(to: text.slice(change.model.start, change.model.count))
    }

    private static func collectGroups(
        of record: borrowing RecordView, in changes: inout Changes,
        into groups: inout [PlannedGroup]
    ) {
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            guard entry.membership != .left else { continue }
            let property = changes.add(record.property(of: entry))
            let value = changes.add(record.value(of: entry))
            groups.append(
                PlannedGroup(
                    hash: entry.hash, membership: entry.membership, property: property,
                    value: Changes.ScalarSlice(kind: entry.valueKind, text: value)))
        }
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

extension Changes {
    /// Adds the bytes of `span` to `text` and returns where they are.
    fileprivate mutating func add(_ span: RawSpan) -> Slice {
        span.withUnsafeBytes { self.add($0) }
    }
}
