package import LogFormat
package import LogModel

/// One segment as readers see it: its records, where each is, and which records carry a hash.
///
/// What a segment *is* never changes: when it is sealed, becomes cold or is compacted, another `Segment` takes
/// its place in the list, and who still holds this one goes on reading the same records from it. The bytes
/// stay until the last holder is gone, also if the file was removed.
///
/// Threads: the appender adds records to a growing one; any thread reads those below `Watermarks.visible`.
package final class Segment: Sendable {
    /// Where the records are.
    private enum Contents {
        /// In the mapped file, back to back.
        case hot(Mapping)
        /// In compressed blocks.
        case cold(ColdSegment)
        /// Nowhere: its file is missing or cannot be read, and the log is only looked at.
        case lost
    }

    /// Where the postings are.
    enum Index {
        /// Threaded through the records, with heads in memory.
        case growing(GrowingIndex)
        /// In an index file.
        case sealed(SealedIndex)
    }

    /// Where the file is.
    let path: String
    package let header: SegmentHeader
    /// What every checksum in the segment begins with.
    let seed: UInt32
    /// What is known for ever, once it is sealed.
    package let facts: SealedFacts?
    let index: Index
    private let contents: Contents
    /// The bytes of a hot segment, which stay mapped as long as `contents` does: as long as the segment.
    nonisolated(unsafe) private let bytes: UnsafeRawBufferPointer

    /// A segment that is appended to, or that was and waits to be sealed.
    init(
        growing path: String, header: SegmentHeader, mapping: Mapping
    ) throws(StorageError) {
        self.path = path
        self.header = header
        self.seed = header.seed
        self.facts = nil
        self.index = .growing(try GrowingIndex(header))
        self.contents = .hot(mapping)
        self.bytes = mapping.base
    }

    /// A sealed segment whose records are in the mapped file.
    init(hot path: String, facts: SealedFacts, mapping: Mapping, index: SealedIndex) {
        self.path = path
        self.header = facts.header
        self.seed = facts.header.seed
        self.facts = facts
        self.index = .sealed(index)
        self.contents = .hot(mapping)
        self.bytes = mapping.base
    }

    /// A segment whose records are compressed.
    init(cold path: String, _ cold: ColdSegment, index: SealedIndex) {
        self.path = path
        self.header = cold.header.facts.header
        self.seed = cold.header.facts.header.seed
        self.facts = cold.header.facts
        self.index = .sealed(index)
        self.contents = .cold(cold)
        self.bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// A stretch of the log whose records are lost, in its place: for who looks at the rest.
    ///
    /// - Parameter header: what would be in the file's first page, as far as it is known.
    init(lost path: String, _ header: SegmentHeader) throws(StorageError) {
        self.path = path
        self.header = header
        self.seed = header.seed
        self.facts = nil
        self.index = .growing(try GrowingIndex(header))
        self.contents = .lost
        self.bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// The same records, found by `index`.
    func with(_ index: SealedIndex) -> Segment {
        switch (self.contents, self.facts) {
        case (.cold(let cold), _): return Segment(cold: self.path, cold, index: index)
        case (.hot(let mapping), let facts?):
            return Segment(hot: self.path, facts: facts, mapping: mapping, index: index)
        case (.hot, nil), (.lost, _):
            preconditionFailure("only a sealed segment has an index of that kind")
        }
    }

    /// Bytes of the segment's file.
    package var fileByteCount: Int {
        switch self.contents {
        case .cold(let cold): Int(cold.header.fileCount)
        case .hot: Int(self.header.fileCount)
        case .lost: 0
        }
    }

    /// Whether its records are lost.
    package var isLost: Bool {
        if case .lost = self.contents { true } else { false }
    }

    /// The offset of the segment's first record.
    package var base: Offset { self.header.base }
    /// The epoch of the segment's records.
    package var epoch: Epoch { self.header.epoch }
    /// The compressed form, if it is the one that is read.
    var cold: ColdSegment? {
        if case .cold(let cold) = self.contents { cold } else { nil }
    }
    /// The mapped file of a hot segment.
    var mapping: Mapping? {
        if case .hot(let mapping) = self.contents { mapping } else { nil }
    }
    /// The index of a segment that is not sealed yet.
    var growing: GrowingIndex? {
        if case .growing(let index) = self.index { index } else { nil }
    }
    /// The index of a segment that is sealed.
    var sealed: SealedIndex? {
        if case .sealed(let index) = self.index { index } else { nil }
    }
    /// How many times compaction has taken records away.
    var generation: UInt32 { self.cold?.header.generation ?? 0 }

    /// The epoch of the record before `next`, which is in this segment or begins it.
    func epoch(before next: Offset) -> Epoch {
        next == self.base ? self.header.previousEpoch : self.epoch
    }

    /// The file of a sealed segment whose records are mapped; nil for others, and if it has no name any more.
    func reopened() -> (any DiskFile)? {
        guard let sealed, self.mapping != nil else { return nil }
        return try? sealed.directory.disk.open(self.path, .read)
    }

    /// Lends the record at `offset`, which must be visible, to `body`, after a check of its checksum. Nil if
    /// compaction has removed it.
    ///
    /// Throws `corrupt`, with segment, position and reason, if the file is damaged.
    package func withRecord<Result>(
        at offset: Offset, _ body: (borrowing RecordView) throws(StorageError) -> Result
    ) throws(StorageError) -> Result? {
        let position = try self.position(of: offset)
        switch self.contents {
        case .hot:
            guard position > 0 else { throw self.unplaced(offset) }
            try self.check(offset, at: position)
            return try body(self.hotRecord(at: position))
        case .cold(let cold):
            guard position > 0 else { return nil }
            return try cold.withRecord(atPosition: position, offset: offset, body)
        case .lost: return nil
        }
    }

    /// How many records further on memory is asked for: enough for it to come while those before are read.
    static let expectedCount = 8

    /// Begins to bring near the record `base + ordinal`, which must be visible, without waiting for it: for who
    /// reads it a few records later. Does nothing for a cold segment.
    func expect(_ ordinal: UInt32) {
        guard case .hot = self.contents,
            let position = try? self.position(of: self.base.advanced(by: Int(ordinal)))
        else { return }
        // Most records have no more lines; of the others the processor sees that they are read one after the
        // other.
        for line in 0..<8 { self.bytes.bytes.expect(position + line * 64) }
    }

    /// The same without the check, for records of a hot segment that this process has just written itself.
    package func withOwnRecord<Result>(
        at offset: Offset, _ body: (borrowing RecordView) throws(StorageError) -> Result
    ) throws(StorageError) -> Result? {
        guard case .growing(let index) = self.index else {
            return try self.withRecord(at: offset, body)
        }
        return try body(self.hotRecord(at: index.position(of: offset)))
    }

    /// The same for a record that the caller has had checked just now. What is read from a file's compressed
    /// form is checked again.
    func withCheckedRecord<Result>(
        at offset: Offset, _ body: (borrowing RecordView) throws(StorageError) -> Result
    ) throws(StorageError) -> Result? {
        guard case .hot = self.contents else { return try self.withRecord(at: offset, body) }
        return try body(self.hotRecord(at: try self.position(of: offset)))
    }

    /// What survives of the record at `offset`, which must be visible: its checksum and its marks.
    func trace(of offset: Offset) throws(StorageError) -> (checksum: UInt32, marks: BatchMarks) {
        let position = try self.position(of: offset)
        switch self.contents {
        case .lost:
            throw StorageError(.corrupt, "the record is lost", path: self.path, offset: offset)
        case .hot:
            guard position > 0 else { throw self.unplaced(offset) }
            try self.check(offset, at: position)
            return (
                self.hotRecord(at: position).checksum,
                BatchMarks(of: self.bytes.bytes, at: position)
            )
        case .cold(let cold):
            if position == 0 {
                guard let removed = cold.removed(ordinal: offset.distance(from: self.base)) else {
                    throw StorageError(
                        .corrupt, "nothing is known of a removed record", path: self.path,
                        offset: offset)
                }
                return removed
            }
            return try cold.withRecord(atPosition: position, offset: offset) { record in
                (record.checksum, BatchMarks(of: record.bytes, at: 0))
            }
        }
    }

    /// Where the record at `offset`, which must be visible, stands in its batch. Of a hot segment this looks
    /// at the marks only, so that damage to the rest of the record does no harm here.
    func marks(at offset: Offset) throws(StorageError) -> BatchMarks {
        guard case .hot = self.contents else { return try self.trace(of: offset).marks }
        let position = try self.position(of: offset)
        guard position > 0 else { throw self.unplaced(offset) }
        return BatchMarks(of: self.bytes.bytes, at: position)
    }

    /// The byte at which the record at `offset` begins in the stream of records; 0 if it was removed, or if it is not
    /// known because of damage.
    func position(of offset: Offset) throws(StorageError) -> Int {
        if self.isLost { return 0 }
        switch self.index {
        case .growing(let index): return index.position(of: offset)
        case .sealed(let index):
            return Int(try index.place(offset.distance(from: self.base), of: self))
                * RecordLayout.alignment
        }
    }

    /// The first offset from `offset` on, which is in the segment, whose record compaction has not removed; the
    /// segment's end if there is none. O(log n).
    func firstKept(from offset: Offset) -> Offset {
        guard case .cold(let cold) = self.contents else { return offset }
        let ordinal = cold.removedTable.firstOther(from: offset.distance(from: self.base))
        return self.base.advanced(by: ordinal)
    }

    /// Lends every record that is still there from `start`, or from the first, up to `end` to `body`, in order
    /// and with its position, after a check. Takes time in proportion to the records, and from the first
    /// one no index.
    func forEachRecord(
        from start: Offset? = nil, upTo end: Offset,
        _ body: (borrowing RecordView, Int) throws(StorageError) -> Void
    ) throws(StorageError) {
        if case .cold(let cold) = self.contents {
            return try cold.forEachRecord(from: start ?? self.base) {
                record, position throws(StorageError) in
                if record.offset < end { try body(record, position) }
            }
        }
        if self.isLost { return }
        var offset = start ?? self.base
        var position = offset == self.base ? SegmentHeader.count : try self.position(of: offset)
        guard position > 0 else { throw self.unplaced(offset) }
        while offset < end {
            try self.check(offset, at: position)
            let count = self.hotRecord(at: position).count
            try body(self.hotRecord(at: position), position)
            position += count
            offset = offset.next
        }
    }

    @_lifetime(borrow self)
    private func hotRecord(at position: Int) -> RecordView {
        let record = RecordView(trusting: self.bytes.bytes, at: position)
        // The bytes stay mapped as long as the segment is borrowed.
        return _overrideLifetime(record, borrowing: self)
    }

    /// The error about a record of which nobody knows where it is: it is damaged, so that it could not be indexed.
    private func unplaced(_ offset: Offset) -> StorageError {
        StorageError(
            .corrupt, "a record is damaged, so that it is not known where it begins",
            path: self.path, offset: offset)
    }

    private func check(_ offset: Offset, at position: Int) throws(StorageError) {
        var found = offset
        do throws(FormatError) {
            found = try RecordView(checking: self.bytes.bytes, at: position, seed: self.seed).offset
        } catch {
            throw StorageError(
                .corrupt, "a durable record is damaged: \(error.message)", path: self.path,
                position: position, offset: offset)
        }
        guard found == offset else {
            throw StorageError(
                .corrupt, "a durable record is out of place: here is offset \(found)",
                path: self.path, position: position, offset: offset)
        }
    }
}
