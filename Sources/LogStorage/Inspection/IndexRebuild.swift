import LogFormat
import LogModel

extension IndexFile {
    /// The bytes of the index of those records of a segment that can be read. `damage` is told of the others.
    static func buildOfReadable(
        _ segment: Segment, facts: SealedFacts, binding: SegmentDigest, hasher: GroupHasher,
        damage: DamageHandler
    ) -> [UInt8] {
        let rebuild = IndexRebuild(facts, hasher: hasher)
        segment.forEachReadableRecord(
            upTo: facts.end, damage: damage, { rebuild.add($0, at: $1) })
        return rebuild.finish(binding: binding)
    }
}

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
