import LogFormat
import LogModel

/// Finds the records of a segment that is not sealed, for who looks at a log.
///
/// Quickly where all is well: what is known to have been durable is passed over by its lengths and offsets, and each
/// record is checked when it is read. Where something is not as it should be, every record is checked, and the way is
/// found again behind damage.
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
        let bytes = memory.bytes
        let recordsEnd = self.segment.header.recordsEnd
        var position = SegmentHeader.count
        var offset = self.segment.base
        var durable = Offset.zero
        var (batchEnd, batchEndPosition) = (offset, position)
        while position + RecordLayout.countMin <= recordsEnd {
            let count = Int(bytes.loadLittleEndian(position, as: UInt32.self))
            if count == 0 { break }
            guard
                count >= RecordLayout.countMin, count <= RecordLayout.countMax,
                count % RecordLayout.alignment == 0, count <= recordsEnd - position
            else { return false }
            let record = RecordView(trusting: bytes, at: position)
            guard record.offset == offset else { return false }
            durable = max(durable, record.durable)
            self.index.add(offset, at: position)
            offset = offset.next
            position += count
            if record.isLastOfBatch { (batchEnd, batchEndPosition) = (offset, position) }
        }
        if let nextBase { guard batchEnd == nextBase else { return false } }
        guard durable <= batchEnd, nextBase != nil || self.durable <= batchEnd else { return false }
        // What is behind may be a batch that is being written just now, or damage.
        guard position == batchEndPosition else { return false }
        offset = max(durable, self.segment.base)
        while offset < batchEnd {
            do throws(FormatError) {
                _ = try RecordView(
                    checking: bytes, at: self.index.position(of: offset), seed: self.segment.seed)
            } catch {
                return false
            }
            offset = offset.next
        }
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
            damage(
                StorageError(
                    .corrupt,
                    "the records \(found.offset) to \(last.rawValue - 1) are damaged: \(found.reason)",
                    path: self.segment.path, position: found.position, offset: found.offset))
        }
    }
}
