import LogFormat
import LogModel
import Synchronization

/// Where the records of a segment that is not sealed yet are, and the last record of each hash that they
/// carry: of groups and of keys. The records before are threaded to it by what they themselves say.
///
/// Threads: the appender adds; any thread reads what is below `Watermarks.visible`.
final class GrowingIndex: Sendable {
    /// How many hashes further on memory is asked for.
    private static let expectedCount = 8

    private let base: Offset
    /// The place of the record `base + index`, in units of 8 bytes.
    private let places: NumberTable
    private let heads = Mutex(Heads())
    /// The records of a log that is only looked at, until they are threaded.
    private let unthreaded = Mutex<UnthreadedRecords?>(nil)
    private let hasUnthreaded = Atomic(false)

    init(_ header: SegmentHeader) throws(StorageError) {
        self.base = header.base
        let recordsMax = (header.recordsEnd - SegmentHeader.count) / RecordLayout.countMin
        self.places = try NumberTable(capacity: recordsMax)
    }

    /// The byte at which the record `offset` begins.
    func position(of offset: Offset) -> Int {
        Int(self.places[offset.distance(from: self.base)]) * RecordLayout.alignment
    }

    /// Notes where the next record is. Only the appender calls this, before the record is visible.
    func add(_ offset: Offset, at position: Int) {
        self.places[offset.distance(from: self.base)] = UInt32(position / RecordLayout.alignment)
    }

    /// Notes that the record `offset` has the key `keyHash` and carries `groups[range]`, and threads each
    /// group to its previous record. Only the appender calls this.
    ///
    /// - Parameter written: the bound below which records are in the file.
    func thread(
        _ groups: inout [PlannedGroup], _ range: Range<Int>, keyHash: UInt64,
        through offset: Offset, written: Offset
    ) {
        let ordinal = UInt32(offset.distance(from: self.base))
        let writtenOrdinal = written <= self.base ? 0 : UInt32(written.distance(from: self.base))
        self.heads.withLock { heads in
            for index in range {
                let previous = heads.replace(
                    groups[index].hash, with: ordinal, written: writtenOrdinal)
                groups[index].previousDistance = previous.map { ordinal - $0 } ?? 0
            }
            _ = heads.replace(keyHash, with: ordinal, written: writtenOrdinal)
        }
    }

    /// Notes what a record that is in the file already carries, when the log is opened.
    func thread(_ record: borrowing RecordView) {
        let ordinal = UInt32(record.offset.distance(from: self.base))
        self.heads.withLock { heads in
            for index in 0..<record.groupCount {
                _ = heads.replace(record.groupHash(index), with: ordinal, written: ordinal)
            }
            _ = heads.replace(record.keyHash, with: ordinal, written: ordinal)
        }
    }

    /// Says that the records below `end`, which were added and whose bytes are in `mapping`, are to be threaded when
    /// somebody asks for more than a few heads: for who looks at a log once. Called before anybody reads.
    func threadLater(_ mapping: Mapping, upTo end: Offset) {
        self.unthreaded.withLock { $0 = UnthreadedRecords(mapping: mapping, end: end) }
        self.hasUnthreaded.store(true, ordering: .releasing)
    }

    /// The head of `hash` by a look at the records, or, after some of these, by threading all of them.
    private func unthreadedHead(of hash: UInt64, visible: Offset) -> Offset?? {
        self.unthreaded.withLock { records -> Offset?? in
            guard let end = records?.end, let mapping = records?.mapping else { return nil }
            records?.lookCount += 1
            guard records?.lookCount ?? 0 <= UnthreadedRecords.looksMax else {
                for ordinal in 0..<end.distance(from: self.base) {
                    self.withRecord(ordinal, in: mapping) { self.thread($0) }
                }
                records = nil
                self.hasUnthreaded.store(false, ordering: .releasing)
                return nil
            }
            for ordinal in (0..<min(end, visible).distance(from: self.base)).reversed() {
                let carries = self.withRecord(ordinal, in: mapping) { record in
                    if record.keyHash == hash { return true }
                    for index in 0..<record.groupCount where record.groupHash(index) == hash {
                        return true
                    }
                    return false
                }
                if carries == true { return .some(self.base.advanced(by: ordinal)) }
            }
            return .some(nil)
        }
    }

    /// Nil if the record is damaged, so that nobody knows where it is.
    private func withRecord<Result>(
        _ ordinal: Int, in mapping: Mapping, _ body: (borrowing RecordView) -> Result
    ) -> Result? {
        let place = self.places[ordinal]
        guard place > 0 else { return nil }
        let memory = mapping.base
        return body(
            RecordView(trusting: memory.bytes, at: Int(place) * RecordLayout.alignment))
    }

    /// The last record with this hash that is in the file and not above `visible`, or one a little above.
    func head(of hash: UInt64, visible: Offset) -> Offset? {
        guard visible > self.base else { return nil }
        if self.hasUnthreaded.load(ordering: .acquiring),
            let found = self.unthreadedHead(of: hash, visible: visible)
        {
            return found
        }
        let bound = UInt32(clamping: visible.distance(from: self.base))
        return self.heads.withLock { $0.head(of: hash, visible: bound) }
            .map { self.base.advanced(by: Int($0)) }
    }

    /// The last record with this hash, also one that is not in the file yet. For the appender.
    func last(of hash: UInt64) -> Offset? {
        self.heads.withLock { $0.last(of: hash) }.map { self.base.advanced(by: Int($0)) }
    }

    /// The same for each of `hashes` at the places `wanted`, into the same places of `found`. Leaves in `wanted`
    /// those that have none.
    func findLast(of hashes: [UInt64], at wanted: inout [Int], into found: inout [Offset?]) {
        var kept = 0
        self.heads.withLock { heads in
            for index in wanted.indices {
                let place = wanted[index]
                if index + Self.expectedCount < wanted.count {
                    heads.expect(hashes[wanted[index + Self.expectedCount]])
                }
                let last = heads.last(of: hashes[place])
                found[place] = last.map { self.base.advanced(by: Int($0)) }
                wanted[kept] = place
                kept += last == nil ? 1 : 0
            }
        }
        wanted.removeLast(wanted.count - kept)
    }
}

/// Records that are not threaded yet.
private struct UnthreadedRecords: Sendable {
    /// Heads that are looked for record by record before all are threaded, which takes as long as about so many.
    static let looksMax = 8

    let mapping: Mapping
    /// The first offset that is not one of theirs.
    let end: Offset
    var lookCount = 0
}

/// The last record of each hash in one segment, as ordinals within the segment.
///
/// The appender notes a record before its bytes are in the file, because the next record of the batch is
/// threaded to it. A reader must not follow such a head. So beside the last record each hash keeps the last
/// one that was in the file when it was replaced. That one suffices: what lies between the two was noted
/// after the last write, and becomes visible with the next one all at once, last record included.
struct Heads: Sendable {
    private struct Head: BitwiseCopyable, Sendable {
        var last: UInt32
        var lastWritten: UInt32
        static let none = UInt32.max
    }

    private var table = HashTable<Head>(filler: Head(last: Head.none, lastWritten: Head.none))

    /// Makes `ordinal` the last record with this hash and returns the one before.
    mutating func replace(_ hash: UInt64, with ordinal: UInt32, written: UInt32) -> UInt32? {
        var previous: UInt32?
        self.table.update(hash) { head in
            guard head.last != Head.none else {
                head.last = ordinal
                return
            }
            previous = head.last
            if head.last < written { head.lastWritten = head.last }
            head.last = ordinal
        }
        return previous
    }

    /// From where a reader that sees the records below `visible` follows the thread.
    func head(of hash: UInt64, visible: UInt32) -> UInt32? {
        guard let head = self.table[hash] else { return nil }
        if head.last < visible { return head.last }
        return head.lastWritten == Head.none ? nil : head.lastWritten
    }

    /// The last record with this hash.
    func last(of hash: UInt64) -> UInt32? { self.table[hash]?.last }

    /// Begins to bring near what ``last(of:)`` reads.
    func expect(_ hash: UInt64) { self.table.expect(hash) }
}
