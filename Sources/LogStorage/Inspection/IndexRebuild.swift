import LogFormat
import LogModel

/// Makes the index of a segment again, record by record.
final class IndexRebuild {
    private var builder: IndexBuilder
    private let header: SegmentHeader
    private let end: Offset
    private let hasher: GroupHasher
    private var next: Offset

    init(_ facts: SealedFacts, hasher: GroupHasher) {
        self.builder = IndexBuilder(recordCount: facts.recordCount)
        self.header = facts.header
        self.end = facts.end
        self.hasher = hasher
        self.next = facts.header.base
    }

    /// Adds the record at byte `position` of the stream of records.
    func add(_ record: borrowing RecordView, at position: Int) {
        self.pass(upTo: record.offset)
        self.builder.add(record, at: position, hasher: self.hasher)
        self.next = record.offset.next
    }

    /// The index file's bytes. Call it once.
    func finish(binding: SegmentDigest) -> [UInt8] {
        self.pass(upTo: self.end)
        var builder = IndexBuilder()
        swap(&builder, &self.builder)
        return builder.finish(
            identity: self.header.identity, epoch: self.header.epoch, base: self.header.base,
            binding: binding)
    }

    /// Goes on over records that were removed.
    private func pass(upTo offset: Offset) {
        while self.next < offset {
            self.builder.add(place: 0)
            self.next = self.next.next
        }
    }
}
