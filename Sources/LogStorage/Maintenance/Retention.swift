import LogFormat
import LogModel

/// Retention: the oldest segments are removed whole, in this order:
///
///     removed groups    the run of what was removed learns what goes, durably
///     meta              `retained` rises, durably
///     readers           `Watermarks.retained`, and the list of segments
///     files             the names are removed; who reads the segment finishes
///
/// A crash in between leaves files below `retained`, which the next opening removes.
extension Maintenance {
    /// Removes the first segment if the policy says so.
    func retain(now: Int64) throws(StorageError) -> Step? {
        guard let first = self.sealed.first, self.mustGo(first, now: now) else { return nil }
        let end = first.facts.end
        try self.noteRemoved(first.segment, first.facts) { _ in true }
        try self.core.updateMetaOrFail { $0.retained = end }
        self.core.log.watermarks.retain(from: end)
        self.core.log.segments.removeFirst()
        try self.core.removeFiles(base: first.segment.base)
        for run in self.core.log.runs.keys where run.header.end <= end {
            self.core.log.runs.remove(keys: run)
            try self.core.directory.remove(run.name)
        }
        return .retained(from: end)
    }

    private func mustGo(
        _ first: (segment: Segment, facts: SealedFacts), now: Int64
    ) -> Bool {
        // What nobody was shown yet is not old: a bound of what is kept is never above what is visible.
        guard first.facts.end <= self.core.log.watermarks.visible else { return false }
        let upkeep = self.core.options.upkeep
        if let age = upkeep.retainAge,
            now.subtractingReportingOverflow(first.facts.lastTime).partialValue > age
        {
            return true
        }
        guard let most = upkeep.retainByteCount else { return false }
        return self.core.log.segments.all.reduce(0) { $0 + $1.fileByteCount } > most
    }

    /// Lets the run of what was removed learn which hashes the records of `segment` carry that go: those whose
    /// ordinal `isRemoved` says so. Then a reader of another group can still go on from a token below them.
    ///
    /// If the run becomes too large, or is damaged, it begins anew with this segment, and what it knew before is answered
    /// as if it had been removed.
    func noteRemoved(
        _ segment: Segment, _ facts: SealedFacts, isRemoved: (UInt32) -> Bool
    ) throws(StorageError) {
        var entries: [RunEntry] = []
        try segment.sealed?.withView(of: segment) { view in
            for index in 0..<view.header.entryCount {
                let entry = view.entry(index)
                guard entry.postings.kind == .group else { continue }
                var last: UInt32?
                var cursor = PostingCursor(entry.postings, in: view.file)
                if isRemoved(entry.postings.last) {
                    last = entry.postings.last
                } else {
                    while let ordinal = cursor.current {
                        if isRemoved(ordinal) { last = ordinal }
                        cursor.advance(in: view.file)
                    }
                }
                if let last {
                    entries.append(
                        RunEntry(
                            hash: entry.hash,
                            offset: segment.base.advanced(by: Int(last)).rawValue))
                }
            }
        }
        let old = self.core.log.runs.removed
        let fits =
            (old?.header.entryCount ?? 0) + entries.count <= Self.removedEntriesMax
            && old.map { Self.isWhole($0) } ?? true
        let older = fits ? old : nil
        // What is not known now will not be known later: this bound never falls.
        let known = self.core.log.runs.removedIsKnownFrom
        let first =
            fits ? known : max(old?.header.end ?? segment.base, segment.base, known)
        let end = max(old?.header.end ?? facts.end, facts.end, first)
        let run = try self.core.writeRun(
            RunFile.Name.removed, kind: .group, first: first, end: end,
            [older.map { RunSource($0) }, RunSource(entries)].compactMap { $0 })
        self.core.log.runs.set(removed: run)
    }

    /// Whether no entry of the run is damaged.
    private static func isWhole(_ run: RunFile) -> Bool {
        var cursor = RunCursor()
        do throws(FormatError) {
            while try run.entry(at: &cursor) != nil {}
            return true
        } catch {
            return false
        }
    }

    /// Groups of which the log remembers what was removed, 16 bytes each on the disk.
    static let removedEntriesMax = 4_000_000
}
