/// An index file in borrowed bytes (`docs/format/index.md`): nothing is copied or decoded beforehand.
///
/// ``check(_:)`` is called once in a process for each part of the file before that is used otherwise. After that the
/// content is trusted; every access is still bounds checked, so bytes that lie trap, and read nothing else.
public struct IndexView: ~Escapable {
    /// What the first page says.
    public let header: IndexHeader
    /// The whole file.
    public let file: RawSpan
    private let bucketBits: Int

    /// The index in `file`, whose first page is `header`.
    @_lifetime(copy file)
    public init(_ file: RawSpan, header: IndexHeader) {
        precondition(file.byteCount == header.fileCount, "an index file of another length")
        self.header = header
        self.file = file
        self.bucketBits = IndexLayout.bucketBits(entryCount: header.entryCount)
    }

    /// Compares the sections of `part` with their checksums, about 15 bytes a nanosecond.
    public func check(_ part: IndexPart) throws(FormatError) {
        for section in self.header.sections(of: part) {
            let bytes = self.file.slice(section.position, section.end - section.position)
            let computed = Checksum.crc32c(bytes)
            guard computed == section.checksum else {
                throw FormatError(
                    .wrongChecksum,
                    "a section's checksum is \(section.checksum), the bytes give \(computed)",
                    position: section.position)
            }
        }
    }

    /// Compares all sections with their checksums.
    public func check() throws(FormatError) {
        try self.check(.lookup)
        try self.check(.places)
    }

    /// Bytes of a record's place.
    public static let placeStride = 4

    /// The place in the segment, in units of 8 bytes, of the record with this ordinal; 0 if it was removed.
    /// Traps if the segment has no such ordinal.
    public func place(_ ordinal: Int) -> UInt32 {
        let range = self.header.placesRange
        return Self.place(ordinal, in: self.file.slice(range.lowerBound, range.count))
    }

    /// The same from `places`, the bytes of ``IndexHeader/placesRange``.
    public static func place(_ ordinal: Int, in places: RawSpan) -> UInt32 {
        places.loadLittleEndian(ordinal * self.placeStride, as: UInt32.self)
    }

    /// Whether a record may be found by `hash`; false is certain. Touches one cache line.
    public func mayContain(_ hash: UInt64) -> Bool {
        HashFilter.mayContain(
            hash, in: self.file, at: self.header.filter.position,
            byteCount: self.header.filter.count)
    }

    /// Where in the file the one cache line is that ``mayContain(_:)`` looks at.
    public func filterLine(of hash: UInt64) -> Int {
        self.header.filter.position
            + HashFilter.line(of: hash, byteCount: self.header.filter.count)
    }

    /// The records that are found by `hash`, nil if there are none. Asks the filter first.
    public func postings(of hash: UInt64, _ kind: HashKind) -> PostingList? {
        guard self.mayContain(hash) else { return nil }
        let bucket =
            self.header.buckets.position
            + IndexLayout.bucket(of: hash, bits: self.bucketBits) * 4
        let start = Int(self.file.loadLittleEndian(bucket, as: UInt32.self))
        let end = Int(self.file.loadLittleEndian(bucket + 4, as: UInt32.self))
        var at = self.header.directory.position + start * IndexLayout.entryStride
        for _ in start..<end {
            let found = self.file.loadLittleEndian(at, as: UInt64.self)
            if found > hash { return nil }
            if found == hash {
                let list = self.list(at: at)
                if list.kind == kind { return list }
            }
            at += IndexLayout.entryStride
        }
        return nil
    }

    /// The directory entry at `index`, from 0 to `header.entryCount - 1`. Entries are sorted by hash, and
    /// by kind where two kinds have the same hash.
    public func entry(_ index: Int) -> IndexEntry {
        precondition(
            index >= 0 && index < self.header.entryCount, "the directory has no such entry")
        let at = self.header.directory.position + index * IndexLayout.entryStride
        return IndexEntry(
            hash: self.file.loadLittleEndian(at, as: UInt64.self), postings: self.list(at: at))
    }

    /// What the directory itself says of its entry at `index`: a list that lies elsewhere is not looked at.
    @inline(__always)
    public func count(ofEntry index: Int) -> HashCount {
        precondition(
            index >= 0 && index < self.header.entryCount, "the directory has no such entry")
        let at = self.header.directory.position + index * IndexLayout.entryStride
        let (kind, count) = self.kindAndCount(at: at)
        return HashCount(
            hash: self.file.loadLittleEndian(at, as: UInt64.self), kind: kind, count: count)
    }

    /// The list of the directory entry at the position `at`.
    private func list(at: Int) -> PostingList {
        let position = self.file.loadLittleEndian(
            at + IndexLayout.entryPosition, as: UInt32.self)
        let (kind, count) = self.kindAndCount(at: at)
        return count == 1
            ? PostingList(kind: kind, only: position)
            : PostingList(
                kind: kind, count: count,
                position: self.header.postings.position + Int(position), in: self.file)
    }

    @inline(__always)
    private func kindAndCount(at: Int) -> (kind: HashKind, count: Int) {
        let countAndKind = self.file.loadLittleEndian(
            at + IndexLayout.entryCountAndKind, as: UInt32.self)
        guard let kind = HashKind(rawValue: countAndKind >> IndexLayout.countBits) else {
            preconditionFailure("an index was used that nobody had checked")
        }
        return (kind, Int(countAndKind & IndexLayout.countMask))
    }
}

/// A part of an index file that can be used as soon as its own checksums are known to be right.
public enum IndexPart: Hashable, Sendable, CaseIterable {
    /// What says of most hashes that are not there that they are not.
    case filter
    /// What finds the records of a hash, the filter included.
    case lookup
    /// Where records are in their segment.
    case places
}

/// An entry of an index file's directory.
public struct IndexEntry: Hashable, Sendable {
    /// The hash.
    public let hash: UInt64
    /// The records that are found by it.
    public let postings: PostingList
}

/// A hash of an index file's directory, and how many records are found by it.
public struct HashCount: Hashable, Sendable {
    /// The hash.
    public let hash: UInt64
    /// What it is of.
    public let kind: HashKind
    /// How many records there are, at least 1.
    public let count: Int
}
