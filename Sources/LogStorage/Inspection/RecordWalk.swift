import LogFormat
import LogModel

/// Goes through records that lie back to back, and finds its way again behind damage.
enum RecordWalk {
    /// A place at which the record that should be there is not.
    struct Damage {
        let position: Int
        let offset: Offset
        let reason: String
        /// The offset of the next record that was found.
        let resumed: Offset
    }

    /// Lends the records from byte `start` on to `body`, each after a check of its checksum and fields and of its
    /// offset, until `end` or the byte `endPosition`. Returns where it stopped.
    ///
    /// - Parameters:
    ///   - first: the offset that the first record must have.
    ///   - damage: is told of each stretch that is passed over, and where it goes on.
    static func walk(
        _ bytes: RawSpan, from start: Int, to endPosition: Int, first: Offset, end: Offset,
        seed: UInt32, damage: (Damage) -> Void, body: (borrowing RecordView, Int) -> Void
    ) -> (position: Int, next: Offset) {
        let records = bytes.slice(0, endPosition)
        var position = start
        var next = first
        while position < endPosition && next < end {
            var reason = ""
            do throws(FormatError) {
                let record = try RecordView(checking: records, at: position, seed: seed)
                if record.offset == next {
                    body(record, position)
                    position += record.count
                    next = next.next
                    continue
                }
                reason = "the record here says it has offset \(record.offset)"
            } catch {
                reason = error.message
            }
            let found = self.find(
                in: records, from: position + 8, above: next, below: end, seed: seed)
            damage(
                Damage(
                    position: position, offset: next, reason: reason, resumed: found?.offset ?? end)
            )
            position = found?.position ?? endPosition
            next = found?.offset ?? end
        }
        return (position, next)
    }

    /// Lends the records of a block to `body`, each after a check of its checksum and fields, with its place in
    /// the block. Stops where that fails or `body` gives a reason, which is returned with the place.
    static func walk(
        _ block: RawSpan, seed: UInt32, body: (borrowing RecordView, Int) -> String?
    ) -> String? {
        var at = 0
        while at < block.byteCount {
            do throws(FormatError) {
                let record = try RecordView(checking: block, at: at, seed: seed)
                if let reason = body(record, at) { return "at \(at) of a block: \(reason)" }
                at += record.count
            } catch {
                return "at \(at) of a block: \(error.message)"
            }
        }
        return nil
    }

    /// The next place with a whole record of an offset between the two.
    private static func find(
        in bytes: RawSpan, from start: Int, above low: Offset, below high: Offset, seed: UInt32
    ) -> (position: Int, offset: Offset)? {
        var position = start
        while position + RecordLayout.countMin <= bytes.byteCount {
            let length = Int(bytes.loadLittleEndian(position, as: UInt32.self))
            if length >= RecordLayout.countMin, length <= RecordLayout.countMax,
                length <= bytes.byteCount - position
            {
                // Looked at before the checksum, which a wrong length would make long.
                let offset = RecordView(trusting: bytes, at: position).offset
                if offset > low, offset < high, self.isWhole(bytes, at: position, seed: seed) {
                    return (position, offset)
                }
            }
            position += RecordLayout.alignment
        }
        return nil
    }

    private static func isWhole(_ bytes: RawSpan, at position: Int, seed: UInt32) -> Bool {
        do throws(FormatError) {
            _ = try RecordView(checking: bytes, at: position, seed: seed)
            return true
        } catch {
            return false
        }
    }

    /// The first byte in `range` that is not zero.
    static func firstNonzero(_ bytes: RawSpan, in range: Range<Int>) -> Int? {
        var at = range.lowerBound
        while at + 8 <= range.upperBound, bytes.loadLittleEndian(at, as: UInt64.self) == 0 {
            at += 8
        }
        while at < range.upperBound, bytes.loadLittleEndian(at, as: UInt8.self) == 0 { at += 1 }
        return at < range.upperBound ? at : nil
    }
}
