package import LogFormat
package import LogModel
import Synchronization

/// One segment file as readers see it: its bytes, where each record is, and the last record of each group.
///
/// Threads: the appender adds records; any thread reads those below `Watermarks.visible`.
package final class Segment: Sendable {
    /// Where the file is.
    let path: String
    let header: SegmentHeader
    /// What every checksum in the segment begins with.
    let seed: UInt32
    private let mapping: Mapping
    /// The mapping's bytes, which stay as long as `mapping` does: as long as the segment.
    nonisolated(unsafe) private let bytes: UnsafeRawBufferPointer
    /// The place of the record `header.base + index`, in units of 8 bytes.
    private let places: NumberTable
    private let heads = Mutex(GroupHeads())

    init(path: String, header: SegmentHeader, mapping: Mapping) throws(StorageError) {
        self.path = path
        self.header = header
        self.seed = header.seed
        self.mapping = mapping
        self.bytes = mapping.base
        let recordsMax = (Int(header.fileCount) - SegmentHeader.count) / RecordLayout.countMin
        self.places = try NumberTable(capacity: recordsMax)
    }

    /// The offset of the segment's first record.
    package var base: Offset { self.header.base }

    /// The epoch of the segment's records.
    package var epoch: Epoch { self.header.epoch }

    /// The epoch of the record before `next`, which is in this segment or begins it.
    func epoch(before next: Offset) -> Epoch {
        next == self.base ? self.header.previousEpoch : self.epoch
    }

    /// The byte at which the record `offset` begins.
    func position(of offset: Offset) -> Int {
        Int(self.places[offset.distance(from: self.base)]) * RecordLayout.alignment
    }

    /// The record at `offset`, which must be visible. Not checked again: for records that this process has
    /// just written.
    @_lifetime(borrow self)
    package func record(at offset: Offset) -> RecordView {
        let record = RecordView(
            trusting: self.bytes.bytes, at: self.position(of: offset))
        // The bytes stay mapped as long as the segment is borrowed.
        return _overrideLifetime(record, borrowing: self)
    }

    /// The record at `offset`, which must be visible, after a check of its checksum.
    ///
    /// Throws `corrupt`, with segment, position and reason, if the file was damaged since it was opened.
    @_lifetime(borrow self)
    package func checkedRecord(at offset: Offset) throws(StorageError) -> RecordView {
        try self.check(offset)
        return self.record(at: offset)
    }

    /// Where the record at `offset`, which must be visible, stands in its batch.
    func marks(at offset: Offset) -> BatchMarks {
        BatchMarks(of: self.bytes.bytes, at: self.position(of: offset))
    }

    private func check(_ offset: Offset) throws(StorageError) {
        let position = self.position(of: offset)
        do throws(FormatError) {
            _ = try RecordView(checking: self.bytes.bytes, at: position, seed: self.seed)
        } catch {
            throw StorageError(
                .corrupt, "a durable record is damaged: \(error.message)", path: self.path,
                position: position, offset: offset)
        }
    }

    /// Notes where the next record is. Only the appender calls this, before the record is visible.
    func add(_ offset: Offset, at position: Int) {
        self.places[offset.distance(from: self.base)] = UInt32(position / RecordLayout.alignment)
    }

    /// Notes that the record `offset` carries `groups[range]`, and threads each to the previous record of its
    /// group. Only the appender calls this.
    ///
    /// - Parameter written: the bound below which records are in the file.
    func thread(
        _ groups: inout [PlannedGroup], _ range: Range<Int>, through offset: Offset, written: Offset
    ) {
        let ordinal = UInt32(offset.distance(from: self.base))
        let writtenOrdinal = written <= self.base ? 0 : UInt32(written.distance(from: self.base))
        self.heads.withLock { heads in
            for index in range {
                let previous = heads.replace(
                    groups[index].hash, with: ordinal, written: writtenOrdinal)
                groups[index].previousDistance = previous.map { ordinal - $0 } ?? 0
            }
        }
    }

    /// Notes the groups of a record that is in the file already, when the log is opened.
    func thread(_ record: borrowing RecordView) {
        let ordinal = UInt32(record.offset.distance(from: self.base))
        let hashes = (0..<record.groupCount).map { record.groupHash($0) }
        self.heads.withLock { heads in
            for hash in hashes { _ = heads.replace(hash, with: ordinal, written: ordinal) }
        }
    }

    /// The last record of the group with this hash that is in the file and not above `visible`, or one a
    /// little above.
    func head(of hash: UInt64, visible: Offset) -> Offset? {
        guard visible > self.base else { return nil }
        let bound = UInt32(clamping: visible.distance(from: self.base))
        return self.heads.withLock { $0.head(of: hash, visible: bound) }
            .map { self.base.advanced(by: Int($0)) }
    }
}

/// The last record of each group in one segment, as ordinals within the segment.
///
/// The appender notes a record before its bytes are in the file, because the next record of the batch is
/// threaded to it. A reader must not follow such a head. So beside the last record each group keeps the
/// last one that was in the file when it was replaced. That one suffices: what lies between the two was
/// noted after the last write, and becomes visible with the next one all at once, last record included.
struct GroupHeads: Sendable {
    private struct Head: BitwiseCopyable, Sendable {
        var last: UInt32
        var lastWritten: UInt32
        static let none = UInt32.max
    }

    private var table = HashTable<Head>(filler: Head(last: Head.none, lastWritten: Head.none))

    /// Makes `ordinal` the last record of the group and returns the one before.
    mutating func replace(_ hash: UInt64, with ordinal: UInt32, written: UInt32) -> UInt32? {
        guard let old = self.table[hash] else {
            self.table.set(hash, to: Head(last: ordinal, lastWritten: Head.none))
            return nil
        }
        let lastWritten = old.last < written ? old.last : old.lastWritten
        self.table.set(hash, to: Head(last: ordinal, lastWritten: lastWritten))
        return old.last
    }

    /// From where a reader that sees the records below `visible` follows the group's thread.
    func head(of hash: UInt64, visible: UInt32) -> UInt32? {
        guard let head = self.table[hash] else { return nil }
        if head.last < visible { return head.last }
        return head.lastWritten == Head.none ? nil : head.lastWritten
    }
}
