import LogFormat
import LogModel

/// What one record must agree with: its batch and the clock and, if the log's secret is given, its own text and the
/// records before it in its segment. The checksum and the ranges of its fields were checked before.
///
/// Memory: with the secret one number for each hash in the segment at hand.
struct RecordChecks {
    private let hasher: GroupHasher?
    /// The last record of each hash in the segment, as an ordinal.
    private var heads = HashTable<UInt32>(filler: 0)
    private var base = Offset.zero
    private var lastTime = Int64.min
    /// The producer of the batch at hand, if a record of it was seen.
    private var producer: ProducerIdentity??

    init(_ hasher: GroupHasher?) {
        self.hasher = hasher
    }

    /// Begins the segment at `base`.
    mutating func begin(_ base: Offset) {
        self.base = base
        self.heads.removeAll()
        self.producer = .none
    }

    /// Notes that a record before the next one is not there: damaged, or removed.
    mutating func noteMissing() { self.producer = .none }

    /// Checks the next record.
    ///
    /// - Parameter isMissing: whether a record of the segment, by its ordinal, was not there.
    mutating func check(
        _ record: borrowing RecordView, isMissing: (UInt32) -> Bool, problem: (String) -> Void
    ) {
        if record.time < self.lastTime {
            problem("the time is before that of the record before")
        }
        self.lastTime = max(self.lastTime, record.time)
        let producer = record.producer
        if !record.isFirstOfBatch, let known = self.producer, known != producer {
            problem("the producer is not that of the batch")
        }
        self.producer = .some(producer)
        guard let hasher else { return }
        if hasher.keyHash(model: record.model, key: record.key) != record.keyHash {
            problem("the hash of the key is not that of its text")
        }
        self.checkGroups(record, hasher, isMissing: isMissing, problem: problem)
    }

    private mutating func checkGroups(
        _ record: borrowing RecordView, _ hasher: GroupHasher, isMissing: (UInt32) -> Bool,
        problem: (String) -> Void
    ) {
        let ordinal = UInt32(truncatingIfNeeded: record.offset.distance(from: self.base))
        let isDeleted = record.action == .deleted
        for index in 0..<record.groupCount { self.heads.expect(record.groupHash(index)) }
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            let hash = hasher.groupHash(
                model: record.model, property: record.property(of: entry),
                isNull: entry.valueKind == .null, value: record.value(of: entry))
            if hash != entry.hash { problem("the hash of group \(index) is not that of its text") }
            if entry.isModelGroup != (index == 0) {
                problem("group \(index) is \(index == 0 ? "not " : "")the model's")
            }
            if isDeleted ? entry.membership != .left : index == 0 && entry.membership == .left {
                problem("the membership in group \(index) is not one that the action can have")
            }
            let head = self.replaceHead(of: entry.hash, with: ordinal)
            // The same group twice in one record is threaded to nothing.
            let expected = head.map { ordinal - $0 } ?? 0
            if entry.previousDistance == expected { continue }
            // The thread may go on to a record that is no longer there.
            let distance = entry.previousDistance
            let target = distance > 0 && distance <= ordinal ? ordinal - distance : nil
            let canBeMissing = target.map { $0 >= head ?? 0 && isMissing($0) } ?? false
            if !canBeMissing { problem("the thread of group \(index) leads to another record") }
        }
        _ = self.replaceHead(of: record.keyHash, with: ordinal)
    }

    private mutating func replaceHead(of hash: UInt64, with ordinal: UInt32) -> UInt32? {
        guard hash != 0 else { return nil }
        var previous: UInt32?
        // Ordinals are kept plus one, so that the filler means none.
        self.heads.update(hash) { head in
            previous = head == 0 ? nil : head - 1
            head = ordinal + 1
        }
        return previous
    }
}
