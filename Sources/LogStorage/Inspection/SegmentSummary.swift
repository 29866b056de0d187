import LogFormat
package import LogModel

/// What is known of one segment without reading its records.
package struct SegmentSummary: Hashable, Sendable {
    /// Where its records are.
    package enum State: String, Sendable, CaseIterable {
        /// In the file that records are appended to, or were until just now.
        case open
        /// In a file that takes no more records.
        case sealed
        /// In compressed blocks.
        case cold
        /// Nowhere: the file is missing, or cannot be read.
        case lost
    }

    /// The name of the file.
    package let file: String
    /// Where its records are.
    package let state: State
    /// The offset of the first record.
    package let base: Offset
    /// The offset after the last record.
    package let end: Offset
    /// The epoch of its records.
    package let epoch: Epoch
    /// How many records are there; fewer than between `base` and `end` if compaction removed some.
    package let recordCount: Int
    /// Bytes of the file.
    package let byteCount: Int
    /// Bytes of the records that are there, before compression.
    package let recordByteCount: Int
    /// Bytes of the index file; nil if there is none.
    package let indexByteCount: Int?
    /// When its first record was appended, in microseconds since 1970; nil without records, or if that is not
    /// known without reading damaged ones.
    package let firstTime: Int64?
    /// When its last record was appended.
    package let lastTime: Int64?
    /// How often compaction has gone over it.
    package let generation: UInt32

    /// How many bytes of records there are for each byte of the file; nil if it is not compressed.
    package var compressionRatio: Double? {
        self.state == .cold && self.byteCount > 0
            ? Double(self.recordByteCount) / Double(self.byteCount) : nil
    }
}

extension LogInspector {
    /// What is known of the segments of `log`, which this inspector has opened.
    package func summaries(of log: ChangeLog) -> [SegmentSummary] {
        log.extents.map { extent in
            let segment = extent.segment
            let state: SegmentSummary.State =
                segment.isLost
                ? .lost : segment.cold != nil ? .cold : segment.facts != nil ? .sealed : .open
            var lastTime = segment.facts?.lastTime
            var firstTime = segment.facts?.firstTime
            if segment.facts == nil, let last = extent.end.previous, last >= segment.base {
                firstTime = (try? segment.withRecord(at: segment.base) { $0.time }) ?? nil
                lastTime = (try? segment.withRecord(at: last) { $0.time }) ?? nil
            }
            let index = try? self.open(IndexFile.name(base: segment.base))
            let indexByteCount = index.flatMap { try? $0.count() }
            return SegmentSummary(
                file: state == .cold
                    ? ColdFile.name(base: segment.base) : SegmentFile.name(base: segment.base),
                state: state, base: segment.base, end: extent.end, epoch: segment.epoch,
                recordCount: segment.isLost
                    ? 0
                    : segment.cold.map { Int($0.header.keptCount) }
                        ?? extent.end.distance(from: segment.base),
                byteCount: segment.fileByteCount,
                recordByteCount: self.recordByteCount(of: extent),
                indexByteCount: indexByteCount, firstTime: firstTime, lastTime: lastTime,
                generation: segment.generation)
        }
    }

    private func recordByteCount(of extent: SegmentExtent) -> Int {
        let segment = extent.segment
        if let cold = segment.cold { return Int(cold.header.streamEnd) - SegmentHeader.count }
        if let facts = segment.facts { return Int(facts.endPosition) - SegmentHeader.count }
        guard let last = extent.end.previous, last >= segment.base,
            let position = try? segment.position(of: last),
            let count = (try? segment.withRecord(at: last) { $0.count }) ?? nil
        else { return 0 }
        return position + count - SegmentHeader.count
    }
}
