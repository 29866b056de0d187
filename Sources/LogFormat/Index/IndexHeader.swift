public import LogModel

/// The first page of an index file. The layout is documented in `docs/format/index.md`.
///
///     0   magic "LVLGIDX1"
///     8   version u32          page bytes u32
///     16  log identity 16 bytes
///     32  epoch u64
///     40  base offset u64
///     48  records u32          entries u32
///     56  binding 32 bytes
///     88  file bytes u64
///     96  places, directory, buckets, filter, postings: 24 bytes each
///         0   position u64
///         8   bytes u64
///         16  crc32c u32       zero u32
///     216 zeros
///     4092 crc32c u32 over everything before
public struct IndexHeader: Hashable, Sendable {
    /// Bytes of the header page.
    public static let count = 4096
    /// The version that this program writes and reads.
    public static let version: UInt32 = 1

    private static let magic = UInt64(littleEndian: 0x3158_4449_474C_564C)  // "LVLGIDX1"
    private static let sectionsStart = 96

    /// The log that the segment belongs to.
    public let identity: LogIdentity
    /// The epoch of all records in the segment.
    public let epoch: Epoch
    /// The offset of the record with the ordinal 0.
    public let base: Offset
    /// How many ordinals the segment has, those of removed records included.
    public let recordCount: Int
    /// How many entries the directory has.
    public let entryCount: Int
    /// What the index was made from.
    public let binding: SegmentDigest
    /// Bytes of the whole file, this page included.
    public let fileCount: Int

    var places: IndexSection
    var directory: IndexSection
    var buckets: IndexSection
    var filter: IndexSection
    var postings: IndexSection

    /// Lays out a file; the checksums are yet to be set.
    init(
        identity: LogIdentity, epoch: Epoch, base: Offset, binding: SegmentDigest,
        recordCount: Int, entryCount: Int, postingsCount: Int
    ) {
        self.identity = identity
        self.epoch = epoch
        self.base = base
        self.binding = binding
        self.recordCount = recordCount
        self.entryCount = entryCount
        self.places = IndexSection(after: Self.count, count: recordCount * 4)
        self.directory = IndexSection(
            after: self.places.end, count: entryCount * IndexLayout.entryStride)
        let bucketCount = 1 << IndexLayout.bucketBits(entryCount: entryCount)
        self.buckets = IndexSection(after: self.directory.end, count: (bucketCount + 1) * 4)
        self.filter = IndexSection(
            after: self.buckets.end, count: HashFilter.byteCount(for: entryCount))
        self.postings = IndexSection(after: self.filter.end, count: postingsCount)
        self.fileCount = self.postings.end
    }

    /// The sections of a part.
    func sections(of part: IndexPart) -> [IndexSection] {
        switch part {
        case .filter: [self.filter]
        case .lookup: [self.directory, self.buckets, self.filter, self.postings]
        case .places: [self.places]
        }
    }

    /// The sections in the order in which they lie in the file.
    var sections: [IndexSection] {
        [self.places, self.directory, self.buckets, self.filter, self.postings]
    }

    /// Where in the file the places are.
    public var placesRange: Range<Int> {
        self.places.position..<self.places.position + self.places.count
    }

    /// The page.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.count)
        bytes.appendLittleEndian(Self.magic)
        bytes.appendLittleEndian(Self.version)
        bytes.appendLittleEndian(UInt32(Self.count))
        bytes.appendLittleEndian(self.identity.low)
        bytes.appendLittleEndian(self.identity.high)
        bytes.appendLittleEndian(self.epoch.rawValue)
        bytes.appendLittleEndian(self.base.rawValue)
        bytes.appendLittleEndian(UInt32(self.recordCount))
        bytes.appendLittleEndian(UInt32(self.entryCount))
        bytes += self.binding.bytes
        bytes.appendLittleEndian(UInt64(self.fileCount))
        for section in self.sections {
            bytes.appendLittleEndian(UInt64(section.position))
            bytes.appendLittleEndian(UInt64(section.count))
            bytes.appendLittleEndian(section.checksum)
            bytes.appendLittleEndian(0 as UInt32)
        }
        return Page.sealed(bytes, count: Self.count)
    }

    /// Reads the page at the start of `file`, which is the whole file. Afterwards all sections are known
    /// to lie in it, in order and without gaps; what is in them is not known to be right
    /// (``IndexView/check()``).
    public init(reading file: RawSpan) throws(FormatError) {
        try Page.check(
            file, count: Self.count, magic: Self.magic, version: Self.version, of: "index")
        let pageCount = file.loadLittleEndian(12, as: UInt32.self)
        guard pageCount == UInt32(Self.count) else {
            throw FormatError(
                .wrongField, "an index's first page cannot have \(pageCount) bytes", position: 12)
        }
        let recordCount = file.loadLittleEndian(48, as: UInt32.self)
        guard recordCount <= IndexLayout.recordCountMax else {
            throw FormatError(
                .wrongField, "a segment cannot have \(recordCount) records", position: 48)
        }
        let entryCount = file.loadLittleEndian(52, as: UInt32.self)
        guard entryCount <= IndexLayout.entryCountMax else {
            throw FormatError(
                .wrongField, "an index cannot have \(entryCount) entries", position: 52)
        }
        let postingsAt = Self.sectionsStart + 4 * IndexSection.stride
        let postingsCount = file.loadLittleEndian(postingsAt + 8, as: UInt64.self)
        guard postingsCount <= IndexLayout.postingsCountMax else {
            throw FormatError(
                .wrongField, "postings cannot have \(postingsCount) bytes",
                position: postingsAt + 8)
        }
        self.init(
            identity: LogIdentity(
                low: file.loadLittleEndian(16, as: UInt64.self),
                high: file.loadLittleEndian(24, as: UInt64.self)),
            epoch: Epoch(file.loadLittleEndian(32, as: UInt64.self)),
            base: Offset(file.loadLittleEndian(40, as: UInt64.self)),
            binding: SegmentDigest(reading: file, at: 56), recordCount: Int(recordCount),
            entryCount: Int(entryCount), postingsCount: Int(postingsCount))
        try self.readSections(of: file)
    }

    /// Compares the sections' lines and the file's length with what follows from the counts, and takes
    /// the checksums.
    private mutating func readSections(of file: RawSpan) throws(FormatError) {
        for (index, section) in self.sections.enumerated() {
            let at = Self.sectionsStart + index * IndexSection.stride
            guard file.loadLittleEndian(at, as: UInt64.self) == UInt64(section.position),
                file.loadLittleEndian(at + 8, as: UInt64.self) == UInt64(section.count)
            else {
                throw FormatError(
                    .wrongField, "section \(index) of the index is not where its counts put it",
                    position: at)
            }
        }
        self.places.checksum = file.loadLittleEndian(Self.sectionsStart + 16, as: UInt32.self)
        self.directory.checksum = file.loadLittleEndian(Self.sectionsStart + 40, as: UInt32.self)
        self.buckets.checksum = file.loadLittleEndian(Self.sectionsStart + 64, as: UInt32.self)
        self.filter.checksum = file.loadLittleEndian(Self.sectionsStart + 88, as: UInt32.self)
        self.postings.checksum = file.loadLittleEndian(Self.sectionsStart + 112, as: UInt32.self)
        guard file.loadLittleEndian(88, as: UInt64.self) == UInt64(self.fileCount) else {
            throw FormatError(
                .wrongField, "the index's length does not follow from its counts", position: 88)
        }
        guard file.byteCount >= self.fileCount else {
            throw FormatError(
                .truncated, "the index has \(self.fileCount) bytes, here are \(file.byteCount)",
                position: 88)
        }
        guard file.byteCount == self.fileCount else {
            throw FormatError(
                .wrongLength, "the index has \(self.fileCount) bytes, here are \(file.byteCount)",
                position: 88)
        }
    }
}
