import LogModel

/// The last page of a segment's file, written once when the segment is sealed. The layout is documented in
/// `docs/format/segment.md`.
///
///     0   magic "LVLGEND1"
///     8   version u32          page bytes u32
///     16  base offset u64
///     24  end offset u64
///     32  end position u64
///     40  last checksum u32    zero u32
///     48  first time i64
///     56  last time i64
///     64  digest 32 bytes
///     96  digest before 32 bytes
///     128 zeros
///     4092 crc32c u32 over everything before
///
/// A page that is not whole means that the segment is not sealed, because a crash can tear the only write of
/// it; then the records are looked through, and the segment is sealed again.
public enum SegmentFooter {
    /// Bytes of the footer page.
    public static let count = 4096
    /// The version that this program writes and reads.
    public static let version: UInt32 = 1

    private static let magic = UInt64(littleEndian: 0x3144_4E45_474C_564C)  // "LVLGEND1"

    /// The page of a segment of which `facts` are true.
    public static func bytes(of facts: SealedFacts) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.count)
        bytes.appendLittleEndian(Self.magic)
        bytes.appendLittleEndian(Self.version)
        bytes.appendLittleEndian(UInt32(Self.count))
        bytes.appendLittleEndian(facts.header.base.rawValue)
        bytes.appendLittleEndian(facts.end.rawValue)
        bytes.appendLittleEndian(facts.endPosition)
        bytes.appendLittleEndian(facts.lastChecksum)
        bytes.appendLittleEndian(UInt32(0))
        bytes.appendLittleEndian(facts.firstTime)
        bytes.appendLittleEndian(facts.lastTime)
        bytes += facts.digest.bytes
        bytes += facts.previousDigest.bytes
        return Page.sealed(bytes, count: Self.count)
    }

    /// Reads the page of the segment that begins with `header`.
    public static func facts(
        reading bytes: RawSpan, header: SegmentHeader
    ) throws(FormatError) -> SealedFacts {
        try Page.check(
            bytes, count: Self.count, magic: Self.magic, version: Self.version,
            of: "segment's last page")
        let base = Offset(bytes.loadLittleEndian(16, as: UInt64.self))
        let end = Offset(bytes.loadLittleEndian(24, as: UInt64.self))
        let endPosition = bytes.loadLittleEndian(32, as: UInt64.self)
        guard base == header.base, end > base else {
            throw FormatError(
                .wrongField, "the last page is that of the offsets \(base) to \(end)", position: 16)
        }
        guard
            endPosition > UInt64(SegmentHeader.count),
            endPosition <= UInt64(header.recordsEnd)
        else {
            throw FormatError(
                .wrongField, "the records cannot end at byte \(endPosition)", position: 32)
        }
        // Each record takes its bytes, so that a page which says more is another one's, whatever its checksum.
        let recordCountMax =
            (endPosition - UInt64(SegmentHeader.count)) / UInt64(RecordLayout.countMin)
        guard end.rawValue - base.rawValue <= recordCountMax else {
            throw FormatError(
                .wrongField, "\(endPosition) bytes cannot have the records \(base) to \(end)",
                position: 24)
        }
        return SealedFacts(
            header: header, end: end, endPosition: endPosition,
            lastChecksum: bytes.loadLittleEndian(40, as: UInt32.self),
            firstTime: bytes.loadLittleEndian(48, as: Int64.self),
            lastTime: bytes.loadLittleEndian(56, as: Int64.self),
            digest: SegmentDigest(reading: bytes, at: 64),
            previousDigest: SegmentDigest(reading: bytes, at: 96))
    }
}

extension SegmentHeader {
    /// The byte at which records must have ended: the last page of the file is the footer's.
    public var recordsEnd: Int { Int(self.fileCount) - SegmentFooter.count }
}
