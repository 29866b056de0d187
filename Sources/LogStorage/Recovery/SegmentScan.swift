import LogFormat
import LogModel

/// Finds out, record by record, what of a segment is whole.
///
/// Reads the file with `pread` and not through the mapping, because damage to the medium is then an error and
/// not a signal. Tells what is there; what to do about it is `Recovery`'s.
struct SegmentScan {
    /// Something that is not a record where one is expected.
    struct Damage {
        let position: Int
        let offset: Offset
        let reason: String
    }

    /// The offset after the last record of the last whole batch.
    private(set) var end: Offset
    /// The byte after that record.
    private(set) var endPosition = SegmentHeader.count
    /// The checksum and time of that record.
    private(set) var lastChecksum: UInt32
    private(set) var lastTime = Int64.min
    /// The highest bound that any record in the file says was durable, also one beyond damage.
    private(set) var durable = Offset.zero
    /// What follows the last whole batch, if it is not zeros to the end of the file.
    private(set) var damage: Damage?

    /// Scans `bytes`, the whole file, and hands each record of each whole batch to `note` with its position.
    init(
        _ bytes: [UInt8], header: SegmentHeader,
        note: (borrowing RecordView, Int) -> Void
    ) {
        self.end = header.base
        self.lastChecksum = header.previousChecksum
        let seed = header.seed
        let span = bytes.span.bytes
        var position = SegmentHeader.count
        var offset = header.base
        while let stop = self.nextBatchEnd(span, from: position, offset: offset, seed: seed) {
            while position < stop {
                let record = RecordView(trusting: span, at: position)
                self.durable = max(self.durable, record.durable)
                self.lastChecksum = record.checksum
                self.lastTime = record.time
                note(record, position)
                offset = offset.next
                position += record.count
            }
            self.end = offset
            self.endPosition = position
        }
        if span.isZero(from: self.endPosition) {
            self.damage = nil
        } else {
            self.lookBeyond(span, seed: seed)
        }
    }

    /// The byte after the batch that begins at `start`, or nil if there is no whole batch; then the reason is
    /// in `damage`.
    private mutating func nextBatchEnd(
        _ bytes: RawSpan, from start: Int, offset first: Offset, seed: UInt32
    ) -> Int? {
        var position = start
        var offset = first
        while true {
            do throws(FormatError) {
                let record = try RecordView(checking: bytes, at: position, seed: seed)
                guard record.offset == offset else {
                    throw FormatError(
                        .wrongField, "the record here says it has offset \(record.offset)",
                        position: position)
                }
                guard record.isFirstOfBatch == (position == start) else {
                    throw FormatError(
                        .wrongField, "the batch before is not whole", position: position)
                }
                position += record.count
                offset = offset.next
                if record.isLastOfBatch { return position }
            } catch {
                self.damage = Damage(position: position, offset: offset, reason: error.message)
                return nil
            }
        }
    }

    /// Looks at every place behind the damage where a record could begin, for one that proves that what is
    /// damaged was durable. A record there has an offset that is not below `end`: the look at that number
    /// saves the checksum over some megabytes that a wrong length would cost.
    private mutating func lookBeyond(_ bytes: RawSpan, seed: UInt32) {
        var position = self.endPosition
        while position + RecordLayout.countMin <= bytes.byteCount {
            let length = Int(bytes.loadLittleEndian(position, as: UInt32.self))
            if length >= RecordLayout.countMin, length <= RecordLayout.countMax,
                length <= bytes.byteCount - position,
                RecordView(trusting: bytes, at: position).offset >= self.end,
                let durable = Self.durable(bytes, at: position, seed: seed)
            {
                self.durable = max(self.durable, durable)
            }
            position += RecordLayout.alignment
        }
    }

    private static func durable(_ bytes: RawSpan, at position: Int, seed: UInt32) -> Offset? {
        do throws(FormatError) {
            return try RecordView(checking: bytes, at: position, seed: seed).durable
        } catch {
            return nil
        }
    }
}
