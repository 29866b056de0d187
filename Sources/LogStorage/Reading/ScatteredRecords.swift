package import LogFormat
package import LogModel

/// Reads records that lie far apart, in ascending order, for who opens a log to look at some thousands of them and be
/// done.
///
/// The first look at a page of a mapping maps its neighbours too, and all of them are unmapped in the end: together 5
/// microseconds, which are shared by the records that lie there. A record that lies alone is read from the file instead,
/// in half a microsecond.
package struct ScatteredRecords {
    /// A record that begins nearer to the one before is read where it is mapped.
    private static let nearByteCount = 8192
    /// Bytes that are read at first; of a longer record the rest is read then.
    private static let firstCount = 1024

    private let log: ChangeLog
    private var extent: SegmentExtent?
    /// The file of the extent's segment; nil if its records are not mapped, or it has no name any more.
    private var file: (any DiskFile)?
    /// Where the record before began.
    private var position = 0
    private var bytes: [UInt8] = []

    /// Prepares to read records of `log`.
    package init(_ log: ChangeLog) {
        self.log = log
    }

    /// Lends the record at `offset`, which must be visible, to `body`, after a check of its checksum. Nil if
    /// compaction has removed it.
    ///
    /// Throws `corrupt`, with segment, position and reason, if the file is damaged.
    package mutating func withRecord<Result>(
        at offset: Offset, _ body: (borrowing RecordView) throws(StorageError) -> Result
    ) throws(StorageError) -> Result? {
        guard let segment = try self.segment(of: offset) else { return nil }
        guard let file else { return try segment.withRecord(at: offset, body) }
        let position = try segment.position(of: offset)
        let distance = position - self.position
        self.position = position
        if distance > Self.nearByteCount, self.read(position, of: file),
            let record = try? RecordView(
                checking: self.bytes.span.bytes, at: 0, seed: segment.seed),
            record.offset == offset
        {
            return try body(record)
        }
        // Also when the file could not be read or had another record there: to say exactly what is wrong.
        return try segment.withRecord(at: offset, body)
    }

    private mutating func segment(of offset: Offset) throws(StorageError) -> Segment? {
        if let extent, extent.segment.base <= offset, offset < extent.end { return extent.segment }
        self.extent = try self.log.extent(at: offset)
        self.file = self.extent?.segment.reopened()
        self.position = 0
        return self.extent?.segment
    }

    /// Reads the record at `position`, if there is one; returns whether it did.
    private mutating func read(_ position: Int, of file: any DiskFile) -> Bool {
        do throws(StorageError) {
            try file.read(at: position, count: Self.firstCount, into: &self.bytes)
            guard self.bytes.count >= RecordLayout.countMin else { return false }
            let count = Int(self.bytes.span.bytes.loadLittleEndian(0, as: UInt32.self))
            guard count <= RecordLayout.countMax else { return false }
            if count > self.bytes.count { self.bytes = try file.read(at: position, count: count) }
            return true
        } catch {
            return false
        }
    }
}
