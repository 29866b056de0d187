package import LogFormat
package import LogModel

/// Is told of damage that somebody passes over who looks at a log and wants to see the rest.
package typealias DamageHandler = @Sendable (StorageError) -> Void

extension SegmentExtent {
    /// Lends every record of the stretch from `start` on that can be read to `body`, in order; those that compaction
    /// removed are passed over, and `damage` is told of those that are damaged, each stretch of them once.
    package func forEachReadableRecord(
        from start: Offset? = nil, damage: DamageHandler, _ body: (borrowing RecordView) -> Void
    ) {
        self.segment.forEachReadableRecord(
            from: start, upTo: self.end, damage: damage, { record, _ in body(record) })
    }
}

extension Segment {
    /// The same, with the byte at which each record begins in the stream of records. From the segment's first record on
    /// it needs no index.
    func forEachReadableRecord(
        from start: Offset? = nil, upTo end: Offset, damage: DamageHandler,
        _ body: (borrowing RecordView, Int) -> Void
    ) {
        if self.isLost { return }
        if let cold {
            return self.forEachReadable(of: cold, from: start, upTo: end, damage, body)
        }
        guard let mapping else { return }
        var first = start ?? self.base
        var position = SegmentHeader.count
        if first > self.base {
            // Behind a record that is damaged the next one that is known to be somewhere.
            position = 0
            while position == 0, first < end {
                position = (try? self.position(of: first)) ?? 0
                if position == 0 { first = first.next }
            }
            if let start, first > start {
                damage(self.damaged(start..<first, "records are damaged", nil))
            }
        }
        guard first < end else { return }
        let last = self.facts.map { Int($0.endPosition) } ?? self.header.recordsEnd
        let memory = mapping.base
        let (_, next) = RecordWalk.walk(
            memory.bytes, from: position, to: last, first: first, end: end, seed: self.seed,
            damage: { found in
                damage(
                    self.damaged(
                        found.offset..<min(found.resumed, end), found.reason, found.position))
            },
            body: body)
        if next < end {
            damage(self.damaged(next..<end, "the records end here", last))
        }
    }

    private func forEachReadable(
        of cold: ColdSegment, from start: Offset?, upTo end: Offset, _ damage: DamageHandler,
        _ body: (borrowing RecordView, Int) -> Void
    ) {
        let table = cold.blockTable
        let first = start ?? self.base
        let firstBlock = table.index(ofOrdinal: first.distance(from: self.base)) ?? 0
        for index in firstBlock..<table.count {
            let place = table[index]
            let blockBase = self.base.advanced(by: place.firstOrdinal)
            guard blockBase < end else { return }
            let blockEnd =
                index + 1 < table.count
                ? self.base.advanced(by: table[index + 1].firstOrdinal) : cold.end
            var next = blockBase
            var failure: String?
            do throws(StorageError) {
                let block = try cold.load(index)
                failure = RecordWalk.walk(block.bytes, seed: self.seed) { record, at in
                    guard record.offset >= next, record.offset < blockEnd else {
                        return "the record here says it has offset \(record.offset)"
                    }
                    next = record.offset.next
                    if record.offset >= first, record.offset < end {
                        body(record, place.start + at)
                    }
                    return nil
                }
            } catch {
                failure = error.message
            }
            if let failure, max(next, first) < min(blockEnd, end) {
                damage(
                    self.damaged(max(next, first)..<min(blockEnd, end), failure, place.position))
            }
        }
    }

    /// The error about damaged records of the segment.
    func damaged(
        _ range: Range<Offset>, _ reason: String, _ position: Int?
    ) -> StorageError {
        let last = range.upperBound.previous ?? range.lowerBound
        let which =
            last == range.lowerBound
            ? "the record \(last) is not read"
            : "the records \(range.lowerBound) to \(last) are not read"
        return StorageError(
            .corrupt, "\(which): \(reason)", path: self.path, position: position,
            offset: range.lowerBound)
    }
}
