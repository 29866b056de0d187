import LogFormat
package import LogModel

/// Checks that every byte of a log is as it was written, and changes nothing. It is safe on a directory that another
/// process works on, and what that one does meanwhile is no damage.
///
/// | what | against |
/// | --- | --- |
/// | pages, tables, blocks, records, indexes, runs | their checksums, their fields, zeros where zeros must be |
/// | segments | `meta`, their names, the checksum, epoch and digest of the one before |
/// | offsets, batch marks, times, producers | each other |
/// | sealed facts | the records; the digest over all bytes |
/// | an index | the digest of the records that it was made from |
///
/// That finds what a medium or a hand has changed. If asked to be deep it also makes again what the log derived when it
/// wrote, and so finds what a faulty program has written with a checksum that is right:
///
/// | what | against |
/// | --- | --- |
/// | hashes | the text that they are of |
/// | threads and previous records | the records that they lead to |
/// | memberships | the instance's previous record |
/// | an index | one that is made again from the records |
/// | a run | the indexes of the segments that it covers |
///
/// Memory: one segment; if deep, also its index made again, and the last record of up to `keyCountMax` keys: see
/// `KeyHistory`.
package final class LogVerifier {
    /// What was looked at.
    package struct Summary: Hashable, Sendable {
        /// The offset of the first record that is kept.
        package var first = Offset.zero
        /// The offset after the last record.
        package var end = Offset.zero
        /// How many records were read and found whole.
        package var recordCount = 0
        /// How many segments were looked at.
        package var segmentCount = 0
        /// Bytes of all files that were read.
        package var byteCount = 0
        /// How many findings of each severity there are.
        package var findings: [Finding.Severity: Int] = [:]
        /// How often the segments were gone through: more than once if there are too many keys for one pass.
        package var passes = 1
    }

    /// How far it is.
    package struct Progress: Sendable {
        /// Segments that are done, in all passes.
        package let segments: Int
        /// Segments to be done, as far as is known.
        package let segmentCount: Int
        /// Bytes that were read.
        package let byteCount: Int
    }

    /// How many keys are remembered at once if nothing else is said: about 256 MiB.
    package static let keyCountDefault = 6_000_000
    /// After so many findings about one file the others are only counted.
    static let findingsMax = 100

    let inspector: LogInspector
    let isDeep: Bool
    private let onFinding: (Finding) -> Void
    private let onProgress: (Progress) -> Void
    var summary = Summary()
    var history: KeyHistory
    private var reported: [String: Int] = [:]
    /// The segment before the one at hand, if it was whole.
    var previous: Previous?
    /// Segments whose index is right, for the check of the runs.
    var indexed: Set<Offset> = []
    /// What single records are checked against; set when the log's secret is known.
    var checks: RecordChecks?
    private var segmentsDone = 0
    /// What the bytes of the segment before were read into.
    var memory: [UInt8] = []

    /// What the next segment has to continue.
    struct Previous {
        let name: String
        let header: SegmentHeader
        let facts: SealedFacts?
        let end: Offset
        let checksum: UInt32
    }

    /// - Parameters:
    ///   - keyCountMax: how many keys are remembered at once. If there are more, a deep check goes through the log as
    ///     often as it takes.
    ///   - isDeep: whether what the log derived is made again.
    ///   - progress: is told after each segment.
    ///   - finding: is told of each finding as it is made.
    package init(
        _ directory: LogDirectory, keyCountMax: Int = LogVerifier.keyCountDefault,
        isDeep: Bool = false, progress: @escaping (Progress) -> Void = { _ in },
        finding: @escaping (Finding) -> Void
    ) {
        self.inspector = LogInspector(directory)
        self.isDeep = isDeep
        self.history = KeyHistory(keyCountMax: keyCountMax)
        self.onFinding = finding
        self.onProgress = progress
    }

    /// Checks the log, once. Throws `io` or `notALog` if there is nothing to look at; damage is a finding.
    package func verify() throws(StorageError) -> Summary {
        let start: LogListing
        do throws(StorageError) {
            start = try self.inspector.listing()
        } catch {
            guard error.code == .corrupt else { throw error }
            self.report(
                Finding(
                    error, file: MetaFile.name,
                    advice:
                        "restore it from a copy of the same log: without it nothing can be checked")
            )
            return self.summary
        }
        self.checkDirectory(start)
        self.summary.first = start.segments.first?.base ?? .zero
        self.history.addHole(.zero..<self.summary.first)
        try self.checkSegments(start)
        try self.checkKeysInFurtherPasses()
        try self.checkRuns()
        return self.summary
    }

    /// Tells of a finding.
    func report(_ finding: Finding) {
        self.summary.findings[finding.severity, default: 0] += 1
        let count = self.reported[finding.file, default: 0] + 1
        self.reported[finding.file] = count
        if count <= Self.findingsMax { self.onFinding(finding) }
        if count == Self.findingsMax {
            self.onFinding(
                Finding(.note, finding.file, "further findings about this file are only counted"))
        }
    }

    /// Tells how far it is.
    func advance(of count: Int) {
        self.segmentsDone += 1
        self.onProgress(
            Progress(
                segments: self.segmentsDone,
                segmentCount: max(
                    self.segmentsDone, count << self.history.partitionBits),
                byteCount: self.summary.byteCount))
    }

    /// What `meta` says, and files that are not needed or not known.
    private func checkDirectory(_ listing: LogListing) {
        for failure in listing.meta.failures {
            self.report(
                Finding(
                    .damage, MetaFile.name, position: failure.position,
                    "one of the two pages does not count: \(failure.message)",
                    advice:
                        "the other page has all that is needed; the next opening writes both, and "
                        + "begins a new epoch"))
        }
        do throws(StorageError) {
            try Recovery.check(
                listing.inventory, meta: listing.meta.newest,
                isPageLost: !listing.meta.failures.isEmpty, directory: self.inspector.directory)
        } catch {
            self.report(Finding(error, file: "", advice: "bring the file back from a copy"))
        }
        for name in listing.leftovers {
            self.report(
                Finding(
                    .note, name,
                    "a file that is being made just now, or that nobody needs any more",
                    advice: "nothing: the next opening removes it"))
        }
        for name in listing.strangers {
            self.report(Finding(.note, name, "not a file of a log"))
        }
    }

    /// What the first pass could not remember.
    private func checkKeysInFurtherPasses() throws(StorageError) {
        let bits = self.history.partitionBits
        guard bits > 0 else { return }
        for partition in 1..<UInt64(1) << UInt64(bits) {
            self.history = self.history.next(partition: partition, bits: bits)
            try self.checkKeys()
            self.summary.passes += 1
        }
    }

    /// One pass about keys only: everything else was checked in the first one.
    private func checkKeys() throws(StorageError) {
        let listing = try self.inspector.listing()
        self.history.addHole(.zero..<(listing.segments.first?.base ?? .zero))
        for (place, item) in listing.segments.enumerated() {
            let next = place + 1 < listing.segments.count ? listing.segments[place + 1].base : nil
            guard let segment = try? self.inspector.segment(item, reusing: &self.memory) else {
                self.history.addHole(item.base..<(next ?? Offset(.max)))
                continue
            }
            self.summary.byteCount += segment.fileByteCount
            self.checkKeys(of: segment, end: segment.facts?.end ?? next)
            segment.recycle(into: &self.memory)
            self.advance(of: listing.segments.count)
        }
    }

    private func checkKeys(of segment: InspectedSegment, end: Offset?) {
        let seed = segment.header.seed
        var next = segment.header.base
        let take = { (record: borrowing RecordView, position: Int) in
            self.history.addHole(next..<record.offset)
            next = record.offset.next
            self.history.check(record) { reason in
                self.report(
                    Finding(
                        .damage, segment.name, position: position, offset: record.offset, reason,
                        advice: Finding.Advice.restoreSegment))
            }
        }
        switch segment.contents {
        case .hot(let bytes):
            let scan = end == nil ? segment.scan() : nil
            _ = RecordWalk.walk(
                bytes.span.bytes, from: SegmentHeader.count,
                to: scan?.endPosition ?? segment.header.recordsEnd, first: segment.header.base,
                end: end ?? scan?.end ?? segment.header.base, seed: seed, damage: { _ in },
                body: take)
        case .cold(let cold):
            if cold.header.generation > 0 { self.history.addHole(cold.base..<cold.end) }
            // What is damaged was reported in the first pass; behind it nothing is known of the segment.
            try? cold.forEachRecord { record, position throws(StorageError) in
                if record.offset >= next { take(record, position) }
            }
        }
        if let end, next < end { self.history.addHole(next..<end) }
    }
}
