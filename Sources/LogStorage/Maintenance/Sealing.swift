import LogFormat
import LogModel

/// Sealing: a segment that is full gets its index file, and then its footer with a digest of all its bytes,
/// chained to that of the segment before. From then on nothing is written to it.
///
/// The index comes first, so that a segment with a footer has one; without it, it is built again.
extension Maintenance {
    /// Seals the first segment that is full and not sealed.
    func sealFirst() throws(StorageError) -> Step? {
        let segments = self.core.log.segments.all
        guard let place = segments.firstIndex(where: { $0.facts == nil }),
            place + 1 < segments.count, let mapping = segments[place].mapping
        else { return nil }
        let segment = segments[place]
        let previous = place > 0 ? segments[place - 1].facts?.digest : nil
        let facts = try self.facts(
            of: segment, mapping: mapping, end: segments[place + 1].base,
            previousDigest: previous ?? .none)
        let bytes = try IndexFile.build(
            of: segment, facts: facts, binding: facts.digest, hasher: self.core.log.hasher)
        try IndexFile.write(bytes, base: segment.base, in: self.core.directory)
        try self.writeFooter(facts, path: segment.path)
        self.core.log.segments.replace(
            with: Segment(
                hot: segment.path, facts: facts, mapping: mapping,
                index: self.core.index(of: segment.base, binding: facts.digest)))
        return .sealed(segment.base)
    }

    /// What will be true of the segment once it is sealed.
    private func facts(
        of segment: Segment, mapping: Mapping, end: Offset, previousDigest: SegmentDigest
    ) throws(StorageError) -> SealedFacts {
        guard let last = end.previous else { preconditionFailure("a full segment has records") }
        let firstTime = try segment.withRecord(at: segment.base) { record in record.time }
        let found = try segment.withRecord(at: last) { record in
            (time: record.time, checksum: record.checksum, count: record.count)
        }
        guard let firstTime, let found else {
            preconditionFailure("nothing was removed from a segment that is not sealed")
        }
        let endPosition = try segment.position(of: last) + found.count
        return SealedFacts(
            header: segment.header, end: end, endPosition: UInt64(endPosition),
            lastChecksum: found.checksum, firstTime: firstTime, lastTime: found.time,
            digest: Machine.digest(of: mapping, count: endPosition, after: previousDigest),
            previousDigest: previousDigest)
    }

    /// Writes the footer, durably. A failure to write to a file of records ends the log's life as one that is
    /// written to, though what it holds was durable before: the disk is not to be trusted.
    private func writeFooter(_ facts: SealedFacts, path: String) throws(StorageError) {
        do throws(StorageError) {
            let file = try self.core.directory.disk.open(path, .readWrite)
            try file.write(
                SegmentFooter.bytes(of: facts).span.bytes, at: facts.header.recordsEnd)
            try file.synchronize()
        } catch {
            throw self.core.poison(error)
        }
    }
}
