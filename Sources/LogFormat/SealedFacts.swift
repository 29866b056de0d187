public import LogModel

/// What is known for ever of a segment that nobody appends to any more. It survives that the segment becomes
/// cold, and that compaction takes records from it.
public struct SealedFacts: Hashable, Sendable {
    /// The segment's header page.
    public let header: SegmentHeader
    /// The offset after the last record; the base if the segment has none.
    public let end: Offset
    /// The byte after the last record, in the segment's file.
    public let endPosition: UInt64
    /// The checksum of the last record; that of the record before the base if the segment has none.
    public let lastChecksum: UInt32
    /// When the first record was appended, in microseconds since 1970-01-01T00:00:00Z; 0 without records.
    public let firstTime: Int64
    /// When the last record was appended; 0 without records.
    public let lastTime: Int64
    /// The digest of the segment.
    public let digest: SegmentDigest
    /// The digest of the segment before.
    public let previousDigest: SegmentDigest

    /// Creates the facts of a segment.
    public init(
        header: SegmentHeader, end: Offset, endPosition: UInt64, lastChecksum: UInt32,
        firstTime: Int64, lastTime: Int64, digest: SegmentDigest, previousDigest: SegmentDigest
    ) {
        self.header = header
        self.end = end
        self.endPosition = endPosition
        self.lastChecksum = lastChecksum
        self.firstTime = firstTime
        self.lastTime = lastTime
        self.digest = digest
        self.previousDigest = previousDigest
    }

    /// How many records the segment was sealed with.
    public var recordCount: Int { self.end.distance(from: self.header.base) }
}
