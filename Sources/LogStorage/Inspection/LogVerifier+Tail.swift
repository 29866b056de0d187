import LogFormat
import LogModel

/// The end of the log, where a writer may be at work.
extension LogVerifier {
    /// Reads the last segment until what is behind its last whole batch cannot be a writer's doing, and tells of
    /// it. Nil if the file has gone meanwhile.
    ///
    /// A file that is written from the front is read from the front, so a reading can miss a batch and see a
    /// later one, which says that the first was durable. The next reading sees all that the one before had
    /// passed. So only what is there twice is damage.
    func stableTail(
        _ item: LogListing.Item, _ found: InspectedSegment, _ listing: LogListing
    ) throws(StorageError) -> (InspectedSegment, SegmentScan?)? {
        var segment = found
        var meta = listing.meta
        var last: (end: Offset, position: Int?, generation: UInt64)?
        while let scan = segment.scan(), segment.facts == nil {
            let judgement = self.judge(scan, meta.newest, isUncertain: meta.isUncertain)
            let this = (scan.end, scan.damage?.position, meta.newest.generation)
            if judgement == nil || last.map({ $0 == this }) ?? false {
                self.tell(of: scan, segment, damage: judgement)
                return (segment, scan)
            }
            last = this
            meta = try self.inspector.meta()
            guard let again = try self.inspector.segment(item, reusing: &self.memory) else {
                return nil
            }
            segment = again
        }
        return (segment, nil)
    }

    /// Why what is behind the last whole batch is damage, or nil if it can be a torn tail.
    private func judge(_ scan: SegmentScan, _ meta: MetaPage, isUncertain: Bool) -> String? {
        let durable = max(scan.durable, meta.durable)
        if scan.end < durable {
            guard let damage = scan.damage else {
                return "the records \(scan.end) to \(durable.rawValue - 1) are missing"
            }
            return "\(damage.reason); the records below \(durable) were durable"
        }
        if let damage = scan.damage, meta.isClosedCleanly, !isUncertain {
            return "\(damage.reason); the log was closed with all durable"
        }
        return nil
    }

    private func tell(of scan: SegmentScan, _ segment: InspectedSegment, damage reason: String?) {
        if let reason {
            self.report(
                Finding(
                    .damage, segment.name, position: scan.damage?.position ?? scan.endPosition,
                    offset: scan.damage?.offset ?? scan.end, reason,
                    advice: Finding.Advice.restoreTail))
        } else if let damage = scan.damage {
            self.report(
                Finding(
                    .note, segment.name, position: scan.endPosition, offset: scan.end,
                    "a batch that is being written just now, or a torn tail: \(damage.reason)",
                    advice: "nothing: it was not acknowledged; the next opening cuts it"))
        }
    }
}
