import LogFormat
import LogModel

/// Names and contents of index files.
enum IndexFile {
    private static let suffix = ".index"

    /// The name of the index file of the segment that begins at `base`.
    static func name(base: Offset) -> String { SegmentFile.digits(base) + self.suffix }

    /// The base offset in a name, or nil if it is not an index file's.
    static func base(inName name: String) -> Offset? {
        SegmentFile.base(inName: name, suffix: self.suffix)
    }

    /// Maps the index file of the segment at `base`, or gives nil if there is none.
    static func map(
        base: Offset, in directory: LogDirectory
    ) throws(StorageError) -> Mapping? {
        let name = self.name(base: base)
        guard directory.has(name) else { return nil }
        let file = try directory.open(name, .read)
        let count = try file.count()
        return count > 0 ? try file.map(count: count) : nil
    }

    /// Writes the index file of the segment at `base`, in place of another if there is one. A crash leaves
    /// the old one, none, or the new one.
    static func write(
        _ bytes: [UInt8], base: Offset, in directory: LogDirectory
    ) throws(StorageError) {
        try directory.write(self.name(base: base)) { file throws(StorageError) in
            try file.reserve(bytes.count)
            try file.write(bytes.span.bytes, at: 0)
        }
    }

    /// The bytes of the index of a segment of which `facts` are true. Takes time in proportion to the segment,
    /// and memory in proportion to its postings.
    ///
    /// Throws `corrupt` if a record is damaged.
    static func build(
        of segment: Segment, facts: SealedFacts, binding: SegmentDigest, hasher: GroupHasher
    ) throws(StorageError) -> [UInt8] {
        var builder = IndexBuilder(recordCount: facts.recordCount)
        var next = facts.header.base
        try segment.forEachRecord(upTo: facts.end) { record, position throws(StorageError) in
            while next < record.offset {
                builder.add(place: 0)
                next = next.next
            }
            builder.add(record, at: position, hasher: hasher)
            next = next.next
        }
        while next < facts.end {
            builder.add(place: 0)
            next = next.next
        }
        return builder.finish(
            identity: facts.header.identity, epoch: facts.header.epoch, base: facts.header.base,
            binding: binding)
    }
}

extension IndexBuilder {
    /// Adds the record that begins at byte `position` of the stream of records, under all its hashes.
    mutating func add(_ record: borrowing RecordView, at position: Int, hasher: GroupHasher) {
        self.add(place: UInt32(position / RecordLayout.alignment))
        for index in 0..<record.groupCount { self.note(record.groupHash(index), .group) }
        self.note(record.keyHash, .key)
        if record.isFirstOfBatch, let producer = record.producer {
            self.note(hasher.producerHash(low: producer.id.low, high: producer.id.high), .producer)
        }
    }
}
