import LogFormat
import LogModel

/// Finds the records of a segment that is not sealed, for who looks at a log.
///
/// Every record is checked, because groups are looked for in all of them: about 10 ms for the largest segment. Quickly
/// where all is well: then the zeros behind the records are not looked at. Otherwise the way is found again behind damage.
/// What is damaged has no place.
struct UnsealedRecords {
    /// The offset after the last whole batch; that of the next segment, if there is one.
    private(set) var end: Offset
    private let segment: Segment
    private let index: GrowingIndex
    private let mapping: Mapping
    private let nextBase: Offset?
    private let durable: Offset

    /// Finds the records of `segment` and notes where they are. `damage` is told of those that cannot be read.
    ///
    /// - Parameters:
    ///   - nextBase: where the next segment begins; nil for the last one.
    ///   - durable: a bound below which records were durable, and so are there although the end of their batch may not be.
    init(of segment: Segment, nextBase: Offset?, durable: Offset, damage: DamageHandler) {
        guard let index = segment.growing, let mapping = segment.mapping else {
            preconditionFailure("a segment that is not sealed has neither index nor mapping")
        }
        self.segment = segment
        self.index = index
        self.mapping = mapping
        self.nextBase = nextBase
        self.durable = durable
        self.end = segment.base
        if !self.findQuickly() { self.find(damage) }
        index.threadLater(mapping, upTo: self.end)
    }

    /// False if something is not as it should be.
    private mutating func findQuickly() -> Bool {
        let memory = self.mapping.base
        let bytes = memory.bytes.slice(0, self.segment.header.recordsEnd)
        var position = SegmentHeader.count
        var offset = self.segment.base
        var durable = self.nextBase == nil ? self.durable : .zero
        var (batchEnd, batchEndPosition) = (offset, position)
        while position + RecordLayout.countMin <= bytes.byteCount,
            bytes.loadLittleEndian(position, as: UInt32.self) != 0
        {
            guard
                let record = try? RecordView(
                    checking: bytes, at: position, seed: self.segment.seed),
                record.offset == offset
            else { return false }
            durable = max(durable, record.durable)
            self.index.add(offset, at: position)
            offset = offset.next
            position += record.count
            if record.isLastOfBatch { (batchEnd, batchEndPosition) = (offset, position) }
        }
        if let nextBase { guard batchEnd == nextBase else { return false } }
        // What is behind the last whole batch may be one that is being written just now, or damage.
        guard durable <= batchEnd, position == batchEndPosition else { return false }
        self.end = batchEnd
        return true
    }

    private mutating func find(_ damage: DamageHandler) {
        var batchEnd = self.segment.base
        var durable = self.durable
        var readEnd = self.segment.base
        var damages: [RecordWalk.Damage] = []
        let memory = self.mapping.base
        _ = RecordWalk.walk(
            memory.bytes, from: SegmentHeader.count,
            to: self.segment.header.recordsEnd, first: self.segment.base,
            end: self.nextBase ?? Offset(.max), seed: self.segment.seed,
            damage: { damages.append($0) },
            body: { record, position in
                self.index.add(record.offset, at: position)
                durable = max(durable, record.durable)
                readEnd = record.offset.next
                if record.isLastOfBatch { batchEnd = record.offset.next }
            })
        self.end = self.nextBase ?? max(batchEnd, min(durable, readEnd))
        for found in damages {
            let isTail = found.resumed >= self.end
            // What was never durable, and is behind all whole batches, was torn by a crash, or is being written.
            if isTail, self.nextBase == nil, durable <= found.offset { continue }
            let last = max(min(found.resumed, max(self.end, durable)), found.offset.next)
            // In the words of who reads all records, so that who hears both knows that it is one.
            damage(
                self.segment.damaged(found.offset..<last, found.reason, found.position))
        }
    }
}
