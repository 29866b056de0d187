public import LogModel

/// Collects what the records of a segment are found by, and makes the index file of it
/// (`docs/format/index.md`).
///
/// Call ``add(place:)`` for each record in order and then ``note(_:_:)`` for each of its hashes. Holds 16
/// bytes for each hash noted, and twice as many while ``finish(identity:epoch:base:binding:)`` sorts.
public struct IndexBuilder: ~Copyable {
    private var places: [UInt32] = []
    private var postings: [NotedPosting] = []

    /// Creates a builder with room for so many records and hashes; it grows if there are more.
    public init(recordCount: Int = 0, postingCount: Int = 0) {
        self.places.reserveCapacity(recordCount)
        self.postings.reserveCapacity(postingCount)
    }

    /// Begins the record with the next ordinal. `place` is its position in the segment in units of 8
    /// bytes, or 0 if compaction has removed it.
    public mutating func add(place: UInt32) {
        precondition(
            self.places.count < IndexLayout.recordCountMax, "an index of too many records")
        self.places.append(place)
    }

    /// Says that the record begun last is found by `hash`. The same may be said again.
    @inline(__always)
    public mutating func note(_ hash: UInt64, _ kind: HashKind) {
        precondition(!self.places.isEmpty, "a hash was noted before the first record")
        self.postings.append(
            NotedPosting(
                hash, kind, ordinal: UInt32(truncatingIfNeeded: self.places.count - 1)))
    }

    /// The bytes of the file, of a segment with this epoch and base in this log.
    public consuming func finish(
        identity: LogIdentity, epoch: Epoch, base: Offset, binding: SegmentDigest
    ) -> [UInt8] {
        let places = self.places
        // Taken out of the builder, so that sorting does not copy it first.
        var postings: [NotedPosting] = []
        swap(&postings, &self.postings)
        NotedPosting.sort(&postings)

        let counts = Self.counts(of: postings)
        precondition(
            counts.entries <= IndexLayout.entryCountMax
                && counts.postings <= IndexLayout.postingsCountMax, "an index of too many postings")
        var header = IndexHeader(
            identity: identity, epoch: epoch, base: base, binding: binding,
            recordCount: places.count, entryCount: counts.entries, postingsCount: counts.postings)
        var file = [UInt8](repeating: 0, count: header.postings.position)
        file.reserveCapacity(header.fileCount)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(counts.postings)
        ByteWriter.withBytes(of: &file, from: 0, count: file.count) { bytes in
            for (ordinal, place) in places.enumerated() {
                bytes.store(place, at: header.places.position + ordinal * 4)
            }
            Self.write(postings, to: bytes, encoded: &encoded, layout: header)
        }
        precondition(encoded.count == counts.postings, "postings of another length than counted")
        file += encoded
        file.append(contentsOf: repeatElement(0, count: header.fileCount - file.count))
        Self.seal(&file, with: &header)
        return file
    }

    /// How many directory entries `postings` make, and how many bytes those of them take that lie outside
    /// of the directory.
    private static func counts(of postings: [NotedPosting]) -> (entries: Int, postings: Int) {
        var entries = 0
        var bytes = 0
        var start = 0
        while start < postings.count {
            let end = Self.end(of: start, in: postings)
            entries += 1
            if end - start > 1 {
                bytes += PostingCode.skipTableCount(for: end - start)
                var previous = UInt32.max
                for index in start..<end {
                    let ordinal = postings[index].ordinal
                    bytes += PostingCode.byteCount(of: ordinal &- previous &- 1)
                    previous = ordinal
                }
            }
            start = end
        }
        return (entries, bytes)
    }

    /// Where the postings of another entry begin.
    @inline(__always)
    private static func end(of start: Int, in postings: [NotedPosting]) -> Int {
        var end = start + 1
        while end < postings.count && postings[end].isSameEntry(as: postings[start]) { end += 1 }
        return end
    }

    /// Writes directory, buckets and filter to `bytes` and the postings to `encoded`.
    private static func write(
        _ postings: [NotedPosting], to bytes: borrowing ByteWriter, encoded: inout [UInt8],
        layout: IndexHeader
    ) {
        let bits = IndexLayout.bucketBits(entryCount: layout.entryCount)
        var entry = 0
        var bucket = 0
        var start = 0
        while start < postings.count {
            let end = Self.end(of: start, in: postings)
            let first = postings[start]
            let ownBucket = IndexLayout.bucket(of: first.hash, bits: bits)
            while bucket <= ownBucket {
                bytes.store(UInt32(entry), at: layout.buckets.position + bucket * 4)
                bucket += 1
            }
            let at = layout.directory.position + entry * IndexLayout.entryStride
            let isAlone = end - start == 1
            bytes.store(first.hash, at: at)
            bytes.store(
                isAlone ? first.ordinal : UInt32(encoded.count), at: at + IndexLayout.entryPosition)
            bytes.store(
                first.kindBits | UInt32(end - start), at: at + IndexLayout.entryCountAndKind)
            if !isAlone { PostingCode.append(postings[start..<end], to: &encoded) }
            HashFilter.add(
                first.hash, to: bytes, at: layout.filter.position, byteCount: layout.filter.count)
            entry += 1
            start = end
        }
        while bucket <= 1 << bits {
            bytes.store(UInt32(entry), at: layout.buckets.position + bucket * 4)
            bucket += 1
        }
    }

    /// Sets the sections' checksums and writes the page.
    private static func seal(_ file: inout [UInt8], with header: inout IndexHeader) {
        func checksum(_ section: IndexSection) -> UInt32 {
            Checksum.crc32c(file.span.bytes.slice(section.position, section.end - section.position))
        }
        header.places.checksum = checksum(header.places)
        header.directory.checksum = checksum(header.directory)
        header.buckets.checksum = checksum(header.buckets)
        header.filter.checksum = checksum(header.filter)
        header.postings.checksum = checksum(header.postings)
        file.replaceSubrange(0..<IndexHeader.count, with: header.bytes)
    }
}
