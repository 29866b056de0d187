import LogFormat
import LogModel

/// What is known of a segment while its records go by.
final class SegmentCheck {
    let segment: InspectedSegment
    let name: String
    /// The offset that comes next.
    var next: Offset
    /// Whether the last record ended its batch; nil if it is not known.
    var endsBatch: Bool? = true
    var lastChecksum: UInt32
    var firstTime: Int64?
    var lastTime: Int64 = 0
    /// Where in the file the block is that the records at hand are in; nil if they lie there themselves.
    var blockPosition: Int?
    /// Records that are damaged, as ordinals.
    private(set) var missing: [Range<UInt32>] = []

    init(_ segment: InspectedSegment) {
        self.segment = segment
        self.name = segment.name
        self.next = segment.header.base
        self.lastChecksum = segment.header.previousChecksum
    }

    /// Whether every record was seen that is there.
    var isWhole: Bool { self.missing.isEmpty }

    func addMissing(_ range: Range<Offset>) {
        let base = self.segment.header.base
        self.missing.append(
            UInt32(
                clamping: range.lowerBound.distance(from: base))..<UInt32(
                    clamping: range.upperBound.distance(from: base)))
        self.endsBatch = nil
        self.next = range.upperBound
    }

    /// Whether the record with this ordinal is not there, damaged or removed.
    func isMissing(_ ordinal: UInt32) -> Bool {
        if self.missing.contains(where: { $0.contains(ordinal) }) { return true }
        guard case .cold(let cold) = self.segment.contents else { return false }
        return cold.removed(ordinal: Int(ordinal)) != nil
    }
}

/// The records of one segment.
extension LogVerifier {
    /// Checks all records of `segment`, what its last page says of them, and its index.
    func checkRecords(
        of found: InspectedSegment, _ item: LogListing.Item, nextBase: Offset?,
        _ listing: LogListing
    ) throws(StorageError) {
        var segment = found
        var tail: SegmentScan?
        if found.facts == nil && nextBase == nil {
            guard let stable = try self.stableTail(item, found, listing) else {
                return self.lose(item.base..<Offset(.max))
            }
            (segment, tail) = stable
        }
        self.checks?.begin(segment.header.base)
        let state = SegmentCheck(segment)
        let meta = listing.meta.newest
        let rebuild =
            self.isDeep
            ? segment.facts.map { IndexRebuild($0, hasher: GroupHasher(key: meta.hashKey)) } : nil
        let take = { (record: borrowing RecordView, position: Int) in
            self.take(record, at: position, of: state, meta)
            if state.isWhole { rebuild?.add(record, at: position) }
        }
        switch segment.contents {
        case .hot(let bytes):
            self.checkHot(bytes, state, tail: tail, nextBase: nextBase, take: take)
        case .cold(let cold):
            self.checkCold(cold, state, take: take)
        }
        self.finish(state, nextBase: nextBase)
        guard let binding = segment.binding else { return }
        let expected = state.isWhole ? rebuild?.finish(binding: binding) : nil
        try self.checkIndex(of: segment, item, expected: expected)
    }

    /// One record of which checksum, fields and offset are right.
    private func take(
        _ record: borrowing RecordView, at position: Int, of state: SegmentCheck,
        _ meta: MetaPage
    ) {
        let offset = record.offset
        func problem(_ reason: String) {
            self.report(
                Finding(
                    .damage, state.name, position: state.blockPosition ?? position, offset: offset,
                    reason, advice: Finding.Advice.restoreSegment))
        }
        if let endsBatch = state.endsBatch, endsBatch != record.isFirstOfBatch {
            problem("the batch before is not whole")
        }
        if state.endsBatch == nil { self.checks?.noteMissing() }
        state.endsBatch = record.isLastOfBatch
        if self.isDeep { self.history.expect(record.keyHash) }
        self.checks?.check(record, isMissing: state.isMissing, problem: problem)
        if self.isDeep { self.history.check(record, problem: problem) }
        if offset.next == meta.durable, record.checksum != meta.durableChecksum {
            problem("this is not the record that \(MetaFile.name) names as the last durable one")
        }
        state.firstTime = state.firstTime ?? record.time
        state.lastTime = record.time
        state.lastChecksum = record.checksum
        state.next = offset.next
        self.summary.recordCount += 1
    }

    /// The records of a segment's own file, and the zeros behind them.
    private func checkHot(
        _ bytes: [UInt8], _ state: SegmentCheck, tail: SegmentScan?, nextBase: Offset?,
        take: (borrowing RecordView, Int) -> Void
    ) {
        let header = state.segment.header
        let span = bytes.span.bytes
        let facts = state.segment.facts
        let isLast = facts == nil && nextBase == nil
        let end = isLast ? tail?.end : facts?.end ?? nextBase
        let endPosition = isLast ? tail?.endPosition : facts.map { Int($0.endPosition) }
        // Half of the work, so it is another processor's.
        let digest = facts.map {
            BackgroundDigest(of: bytes, count: Int($0.endPosition), after: $0.previousDigest)
        }
        let stop = RecordWalk.walk(
            span, from: SegmentHeader.count, to: endPosition ?? header.recordsEnd,
            first: header.base,
            end: end ?? header.base, seed: header.seed,
            damage: { damage in
                self.report(
                    Finding(
                        .damage, state.name, position: damage.position, offset: damage.offset,
                        damage.reason
                            + (damage.resumed == damage.offset.next
                                ? "" : "; the records up to \(damage.resumed) are not readable"),
                        advice: Finding.Advice.restoreSegment))
                state.addMissing(damage.offset..<damage.resumed)
                self.history.addHole(damage.offset..<damage.resumed)
            }, body: take)
        if let end, stop.next < end {
            self.report(
                Finding(
                    .damage, state.name, position: stop.position, offset: stop.next,
                    "the records end before offset \(end)", advice: Finding.Advice.restoreSegment))
            state.addMissing(stop.next..<end)
            self.history.addHole(stop.next..<end)
        } else if let facts, stop.position != Int(facts.endPosition), state.isWhole {
            self.report(
                Finding(
                    .damage, state.name, position: header.recordsEnd + 32, offset: facts.end,
                    "the records end at byte \(stop.position) and not at \(facts.endPosition)",
                    advice: Finding.Advice.restoreSegment))
        }
        if !isLast, state.isWhole,
            let position = RecordWalk.firstNonzero(span, in: stop.position..<header.recordsEnd)
        {
            self.report(
                Finding(
                    .damage, state.name, position: position,
                    "a byte behind the last record is not zero: no record is harmed, but the medium "
                        + "changed a byte", advice: Finding.Advice.restoreSegment))
        }
        if let facts, let digest {
            self.compare(digest.wait(), with: facts, state, at: header.recordsEnd + 64)
        }
    }

    private func compare(
        _ digest: SegmentDigest, with facts: SealedFacts, _ state: SegmentCheck, at position: Int
    ) {
        guard digest != facts.digest else { return }
        self.report(
            Finding(
                .damage, state.name, position: position, offset: facts.header.base,
                "the digest is not that of the bytes", advice: Finding.Advice.restoreSegment))
    }

    /// The records of a cold segment's blocks, the table of removed records, and the zeros between blocks.
    private func checkCold(
        _ cold: ColdSegment, _ state: SegmentCheck, take: (borrowing RecordView, Int) -> Void
    ) {
        func damage(_ position: Int?, _ offset: Offset?, _ reason: String) {
            self.report(
                Finding(
                    .damage, state.name, position: position, offset: offset, reason,
                    advice: Finding.Advice.restoreSegment))
        }
        do throws(StorageError) {
            try cold.checkPadding()
        } catch {
            damage(error.position, error.offset, error.message)
        }
        let facts = cold.header.facts
        // A key's last record may be one that was removed, of which the key is not known.
        if cold.header.generation > 0 { self.history.addHole(cold.base..<cold.end) }
        let digest = DigestStream(after: facts.previousDigest)
        digest.add(facts.header.bytes.span.bytes)
        for index in 0..<cold.blockTable.count {
            let place = cold.blockTable[index]
            let first = cold.base.advanced(by: place.firstOrdinal)
            self.passRemoved(before: first, cold, state)
            let block: Block
            do throws(StorageError) {
                block = try cold.load(index)
            } catch {
                damage(error.position, error.offset, error.message)
                let following = self.firstOffset(after: index, cold)
                state.addMissing(first..<following)
                self.history.addHole(first..<following)
                continue
            }
            digest.add(block.bytes)
            state.blockPosition = place.position
            let failure = RecordWalk.walk(block.bytes, seed: cold.seed) { record, at in
                self.passRemoved(before: record.offset, cold, state)
                guard record.offset == state.next, record.offset < cold.end,
                    at > 0 || record.offset == first
                else { return "the record here says it has offset \(record.offset)" }
                take(record, place.start + at)
                return nil
            }
            guard let failure else { continue }
            damage(place.position, state.next, failure)
            let following = self.firstOffset(after: index, cold)
            if state.next < following {
                self.history.addHole(state.next..<following)
                state.addMissing(state.next..<following)
            }
        }
        self.passRemoved(before: cold.end, cold, state)
        if state.next < cold.end {
            damage(nil, state.next, "the record is neither there nor removed")
            self.history.addHole(state.next..<cold.end)
            state.addMissing(state.next..<cold.end)
        }
        if cold.header.generation == 0, state.isWhole {
            self.compare(digest.finish(), with: facts, state, at: 104)
        }
    }

    /// The offset of the first record behind the block at `index`.
    private func firstOffset(after index: Int, _ cold: ColdSegment) -> Offset {
        index + 1 < cold.blockTable.count
            ? cold.base.advanced(by: cold.blockTable[index + 1].firstOrdinal) : cold.end
    }

    /// Goes on over records that compaction removed.
    private func passRemoved(before offset: Offset, _ cold: ColdSegment, _ state: SegmentCheck) {
        while state.next < offset,
            let removed = cold.removed(ordinal: state.next.distance(from: cold.base))
        {
            if let endsBatch = state.endsBatch, endsBatch != removed.marks.isFirstOfBatch {
                self.report(
                    Finding(
                        .damage, state.name, position: Int(cold.header.removedTable.position),
                        offset: state.next, "the batch before a removed record is not whole",
                        advice: Finding.Advice.restoreSegment))
            }
            state.endsBatch = removed.marks.isLastOfBatch
            self.checks?.noteMissing()
            state.lastChecksum = removed.checksum
            state.next = state.next.next
        }
    }

    /// What the segment was sealed with, against its records; and what the next one has to continue.
    private func finish(_ state: SegmentCheck, nextBase: Offset?) {
        let segment = state.segment
        self.summary.end = max(self.summary.end, state.next)
        func damage(_ reason: String) {
            self.report(
                Finding(
                    .damage, state.name,
                    position: segment.generation > 0 || segment.isCold
                        ? 0 : segment.header.recordsEnd,
                    offset: segment.header.base, reason, advice: Finding.Advice.restoreSegment))
        }
        if let facts = segment.facts, state.isWhole {
            let hasFirst = !state.isMissing(0)
            let hasLast = !state.isMissing(UInt32(clamping: max(facts.recordCount, 1) - 1))
            if hasFirst, state.firstTime ?? 0 != facts.firstTime {
                damage("the segment was sealed with another time of its first record")
            }
            if hasLast, state.lastTime != facts.lastTime {
                damage("the segment was sealed with another time of its last record")
            }
            if state.lastChecksum != facts.lastChecksum {
                damage("the segment was sealed after another record")
            }
        }
        if state.endsBatch == false { damage("the last batch of the segment is not whole") }
        if let nextBase, let facts = segment.facts, facts.end > nextBase {
            damage("the segment runs into the next one, which begins at offset \(nextBase)")
        }
        self.previous = Previous(
            name: state.name, header: segment.header, facts: segment.facts, end: state.next,
            checksum: segment.facts?.lastChecksum ?? state.lastChecksum)
        if !state.isWhole && segment.facts == nil { self.previous = nil }
    }
}

extension InspectedSegment {
    /// Whether its records are in compressed blocks.
    var isCold: Bool {
        if case .cold = self.contents { true } else { false }
    }
}
