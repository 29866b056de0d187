public import LogModel

/// Writes a hash run as a stream (`docs/format/run.md`), with memory for one partition and the table.
///
/// What is written goes to the `sink` of each call as bytes and their position in the file. Positions follow
/// each other from ``RunHeader/count`` on without gaps, up to the header page, which
/// ``finish(to:)`` hands out last for position 0. So a file without its header was not finished; and who
/// syncs before writing at position 0 has whole files wherever there is a header. When the sink throws the
/// writer is of no more use.
public struct RunWriter: ~Copyable {
    private let identity: LogIdentity
    private let kind: HashKind
    private let first: Offset
    private let end: Offset
    private let partitionBits: Int
    private var partition = 0
    private var entries: [RunEntry] = []
    private var entryCount = 0
    private var position = RunHeader.count
    private var table: [UInt8] = []

    /// Begins a run about the offsets from `first` to `end`, exclusive. `entryCountMax` is about how many
    /// entries there will be at most; it decides only how many partitions there are.
    public init(
        identity: LogIdentity, kind: HashKind, first: Offset, end: Offset, entryCountMax: Int
    ) {
        precondition(first <= end, "a hash run of offsets that go backwards")
        self.identity = identity
        self.kind = kind
        self.first = first
        self.end = end
        self.partitionBits = RunLayout.partitionBits(entryCount: entryCountMax)
    }

    /// Adds an entry; its hash is above that of the entry before.
    public mutating func add<Failure: Error>(
        _ entry: RunEntry, to sink: (RawSpan, Int) throws(Failure) -> Void
    ) throws(Failure) {
        let partition = RunLayout.partition(of: entry.hash, bits: self.partitionBits)
        while self.partition < partition { try self.endPartition(to: sink) }
        precondition(
            partition == self.partition && self.entries.last.map { $0.hash < entry.hash } ?? true,
            "a hash run's entries must come by hash ascending")
        self.entries.append(entry)
    }

    /// Writes what is left, and last the header page, which is returned as well.
    @discardableResult
    public consuming func finish<Failure: Error>(
        to sink: (RawSpan, Int) throws(Failure) -> Void
    ) throws(Failure) -> RunHeader {
        while self.partition < 1 << self.partitionBits { try self.endPartition(to: sink) }
        let header = RunHeader(
            identity: self.identity, kind: self.kind, first: self.first, end: self.end,
            entryCount: self.entryCount, partitionBits: self.partitionBits,
            tablePosition: self.position,
            tableChecksum: Checksum.crc32c(self.table.span.bytes))
        try sink(self.table.span.bytes, self.position)
        try sink(header.bytes.span.bytes, 0)
        return header
    }

    /// Writes the partition and begins the next one.
    private mutating func endPartition<Failure: Error>(
        to sink: (RawSpan, Int) throws(Failure) -> Void
    ) throws(Failure) {
        let bytes = Self.bytes(of: self.entries)
        self.table.appendLittleEndian(UInt64(self.position))
        self.table.appendLittleEndian(UInt32(self.entries.count))
        self.table.appendLittleEndian(Checksum.crc32c(bytes.span.bytes))
        if !bytes.isEmpty { try sink(bytes.span.bytes, self.position) }
        self.position += bytes.count
        self.entryCount += self.entries.count
        self.entries.removeAll(keepingCapacity: true)
        self.partition += 1
    }

    /// The bytes of a partition of `entries`.
    private static func bytes(of entries: [RunEntry]) -> [UInt8] {
        let filterCount = RunLayout.filterCount(entryCount: entries.count)
        var bytes = [UInt8](
            repeating: 0, count: RunLayout.partitionCount(entryCount: entries.count))
        ByteWriter.withBytes(of: &bytes, from: 0, count: bytes.count) { bytes in
            var at = filterCount
            for entry in entries {
                HashFilter.add(entry.hash, to: bytes, at: 0, byteCount: filterCount)
                bytes.store(entry.hash, at: at)
                bytes.store(entry.offset, at: at + 8)
                at += RunLayout.entryStride
            }
        }
        return bytes
    }
}
