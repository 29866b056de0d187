import LogFormat
import LogModel

/// Which segments are looked at, in which order, and what they must be to each other.
extension LogVerifier {
    /// Goes through the segments of `listing`, and looks again when one of them has gone.
    func checkSegments(_ start: LogListing) throws(StorageError) {
        var listing = start
        self.checks = RecordChecks(
            self.isDeep ? GroupHasher(key: start.meta.newest.hashKey) : nil)
        var place = 0
        var attempts = 0
        while place < listing.segments.count {
            let item = listing.segments[place]
            if let end = self.previous?.end, item.base > end, attempts < LogInspector.attempts {
                // One may have changed its form while the directory was read.
                attempts += 1
                listing = try self.inspector.listing()
                place = listing.segments.firstIndex { $0.base >= end } ?? listing.segments.count
                continue
            }
            let nextBase =
                place + 1 < listing.segments.count ? listing.segments[place + 1].base : nil
            let segment: InspectedSegment?
            do throws(StorageError) {
                segment = try self.stableSegment(item, isLast: nextBase == nil)
            } catch {
                self.report(
                    Finding(error, file: item.name, advice: Finding.Advice.restoreSegment))
                self.lose(item.base..<(nextBase ?? Offset(.max)))
                place += 1
                continue
            }
            guard let segment else {
                listing = try self.inspector.listing()
                let found = listing.segments.firstIndex { $0.base >= item.base }
                place = found ?? listing.segments.count
                if let found, listing.segments[found].base == item.base,
                    attempts < LogInspector.attempts
                {
                    attempts += 1
                } else {
                    let base = found.map { listing.segments[$0].base } ?? Offset(.max)
                    if item.base >= listing.meta.newest.retained {
                        self.report(
                            Finding(
                                .damage, item.name, offset: item.base, "the segment has gone",
                                advice: Finding.Advice.restoreSegment))
                    }
                    self.lose(item.base..<base)
                }
                continue
            }
            attempts = 0
            self.summary.segmentCount += 1
            self.summary.byteCount += segment.fileByteCount
            if self.checkPlace(of: segment, item, listing) {
                try self.checkFooter(of: segment, listing, after: place)
                try self.checkRecords(of: segment, item, nextBase: nextBase, listing)
            } else {
                self.lose(item.base..<(nextBase ?? Offset(.max)))
            }
            segment.recycle(into: &self.memory)
            self.advance(of: listing.segments.count)
            place += 1
            if place == listing.segments.count, let end = self.previous?.end,
                self.previous?.facts != nil
            {
                // A sealed segment has a successor: one that was begun meanwhile, or one that was lost.
                listing = try self.inspector.listing()
                place =
                    listing.segments.firstIndex { $0.base >= end } ?? listing.segments.count
                if place == listing.segments.count {
                    self.report(
                        Finding(
                            .damage, item.name, offset: end,
                            "the segment after this one is missing",
                            advice: Finding.Advice.restoreSegment))
                }
            }
        }
    }

    /// Notes that of the records in `range` nothing is known.
    func lose(_ range: Range<Offset>) {
        self.previous = nil
        self.history.addHole(range)
    }

    /// The segment; one whose last page is being written just now is read again, and so is one that was perhaps sealed
    /// while it was read: its last page may be of a time at which it had records that were not there yet when their
    /// place was read. Who has a successor in the listing had all records before.
    private func stableSegment(
        _ item: LogListing.Item, isLast: Bool
    ) throws(StorageError) -> InspectedSegment? {
        var failure: FormatError?
        var wasSealed = !isLast
        while true {
            guard let segment = try self.inspector.segment(item, reusing: &self.memory) else {
                return nil
            }
            if let found = segment.footerFailure, found != failure {
                failure = found
            } else if segment.facts != nil, !wasSealed {
                wasSealed = true
            } else {
                return segment
            }
        }
    }

    /// Whether the segment belongs to the log and to its name. Reports that, and whether it continues the one
    /// before.
    private func checkPlace(
        of segment: InspectedSegment, _ item: LogListing.Item, _ listing: LogListing
    ) -> Bool {
        let header = segment.header
        func damage(_ position: Int, _ reason: String) {
            self.report(
                Finding(
                    .damage, segment.name, position: position, offset: item.base, reason,
                    advice: Finding.Advice.restoreSegment))
        }
        guard header.identity == listing.meta.newest.identity else {
            damage(16, "the segment belongs to another log")
            return false
        }
        guard header.base == item.base else {
            damage(40, "the segment begins at offset \(header.base) and is named for \(item.base)")
            return false
        }
        if header.base == .zero,
            header.previousChecksum != 0 || header.previousEpoch != header.epoch
        {
            damage(56, "the first segment of a log says that there was one before")
        }
        guard let previous = self.previous else { return true }
        if header.base > previous.end {
            damage(
                40,
                "the records \(previous.end) to \(header.base.rawValue - 1) are missing: a segment "
                    + "was lost")
            self.lose(previous.end..<header.base)
            return true
        }
        if header.previousChecksum != previous.checksum {
            damage(64, "the segment does not continue \(previous.name): a segment was replaced")
        }
        let isEmpty = previous.end == previous.header.base
        let epoch = isEmpty ? previous.header.previousEpoch : previous.header.epoch
        if header.previousEpoch != epoch {
            damage(56, "the epoch before is not that of \(previous.name)")
        }
        if let own = segment.facts, let other = previous.facts, own.previousDigest != other.digest {
            damage(
                segment.generation > 0 || item.isCold ? 136 : header.recordsEnd + 96,
                "the digest before is not that of \(previous.name)")
        }
        return true
    }

    /// A last page that is not whole is what a crash leaves while the segment is sealed, unless a later segment
    /// is sealed: then it was whole once.
    private func checkFooter(
        of segment: InspectedSegment, _ listing: LogListing, after place: Int
    ) throws(StorageError) {
        guard let failure = segment.footerFailure else { return }
        var wasSealed = false
        for item in listing.segments[(place + 1)...] where !wasSealed {
            if item.isCold { wasSealed = true }
            guard let file = try self.inspector.open(item.name) else { continue }
            guard let read = try? SegmentFile.read(file) else { continue }
            wasSealed = wasSealed || read.facts != nil
            if read.facts == nil { break }
        }
        self.report(
            Finding(
                wasSealed ? .damage : .staleDerived, segment.name,
                position: segment.header.recordsEnd + failure.position, offset: segment.header.base,
                "the last page is not whole: \(failure.message)",
                advice: "nothing: the segment is sealed again when the log is opened and worked on")
        )
    }
}
