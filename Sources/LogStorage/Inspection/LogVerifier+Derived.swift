import LogFormat
import LogModel

/// What is derived from records: indexes and runs.
extension LogVerifier {
    /// Checks the index file of `segment`.
    ///
    /// - Parameter expected: the bytes that it must have; nil if they are not known, because not all records could be
    ///   read or because only checksums are asked for.
    func checkIndex(
        of segment: InspectedSegment, _ item: LogListing.Item, expected: [UInt8]?
    ) throws(StorageError) {
        let name = IndexFile.name(base: segment.header.base)
        func stale(_ position: Int?, _ reason: String) {
            self.report(
                Finding(
                    .staleDerived, name, position: position, offset: segment.header.base, reason,
                    advice: Finding.Advice.reopen))
        }
        guard let bytes = try self.inspector.bytes(name) else {
            // With its segment it may have gone by right.
            if self.inspector.directory.has(item.name) { stale(nil, "the segment has no index") }
            return
        }
        self.summary.byteCount += bytes.count
        do throws(FormatError) {
            let header = try IndexHeader(reading: bytes.span.bytes)
            guard header.identity == segment.header.identity else {
                return stale(16, "the index belongs to another log")
            }
            guard header.base == segment.header.base else {
                return stale(40, "the index is that of the segment at offset \(header.base)")
            }
            guard header.binding == segment.binding else {
                return stale(56, "the index was made from other records than the segment has now")
            }
            try IndexView(bytes.span.bytes, header: header).check()
        } catch {
            return stale(error.position, error.message)
        }
        guard let expected else { return }
        guard bytes != expected else {
            self.indexed.insert(segment.header.base)
            return
        }
        let common = zip(bytes, expected).prefix { $0 == $1 }.count
        self.report(
            Finding(
                .damage, name, position: common, offset: segment.header.base,
                "the index is whole, and not the one that the records give",
                advice: Finding.Advice.removeDerived))
    }

    /// Checks the runs: all their bytes and, if deep, those of keys against the indexes of the segments that they cover.
    func checkRuns() throws(StorageError) {
        let listing = try self.inspector.listing()
        let end = listing.segments.last?.base ?? .zero
        for name in listing.keyRuns + (listing.hasRemovedRun ? [RunFile.Name.removed] : []) {
            guard let run = try self.openRun(name, listing) else { continue }
            let isOfKeys = name != RunFile.Name.removed
            guard run.header.kind == (isOfKeys ? .key : .group) else {
                self.reportRun(.damage, name, 56, nil, "the run is of another kind than its name")
                continue
            }
            let isOther =
                isOfKeys
                && name != RunFile.Name.keys(first: run.header.first, end: run.header.end)
            if isOther || run.header.end > end {
                self.reportRun(
                    .staleDerived, name, 32, run.header.end,
                    "the run is about the records \(run.header.first) to \(run.header.end), which is not "
                        + "its name or not in the log")
                continue
            }
            if !isOfKeys {
                self.checkRemoved(run)
            } else if self.isDeep {
                try self.compare(run, listing)
            }
        }
    }

    private func reportRun(
        _ severity: Finding.Severity, _ name: String, _ position: Int?, _ offset: Offset?,
        _ reason: String
    ) {
        self.report(
            Finding(
                severity, name, position: position, offset: offset, reason,
                advice: Finding.Advice.removeDerived))
    }

    /// Maps the run and compares all its checksums; nil if it has gone or is of no use.
    private func openRun(
        _ name: String, _ listing: LogListing
    ) throws(StorageError) -> RunFile? {
        guard let file = try self.inspector.open(name) else { return nil }
        let count = try file.count()
        guard count > 0 else {
            self.reportRun(.staleDerived, name, 0, nil, "the run is empty")
            return nil
        }
        self.summary.byteCount += count
        let mapping = try file.map(count: count)
        do throws(FormatError) {
            let run = try RunFile(name, mapping: mapping)
            let view = RunView(mapping.base.bytes, header: run.header)
            try view.checkTable()
            for index in 0..<run.header.partitionCount { try view.checkPartition(index) }
            guard run.header.identity == listing.meta.newest.identity else {
                self.reportRun(.staleDerived, name, 16, nil, "the run belongs to another log")
                return nil
            }
            return run
        } catch {
            self.reportRun(.staleDerived, name, error.position, nil, error.message)
            return nil
        }
    }

    /// Compares a run of keys with the directories of the indexes that it was made from. Memory: a page of each.
    private func compare(_ run: RunFile, _ listing: LogListing) throws(StorageError) {
        let name = run.name
        var segments: [Segment] = []
        // Where the run may know of records that are no longer there.
        var removed: [Range<Offset>] = []
        let hasher = GroupHasher(key: listing.meta.newest.hashKey)
        var covered: Offset?
        for item in listing.segments
        where run.header.first <= item.base && item.base < run.header.end {
            if let covered, covered != item.base {
                return self.noteUncompared(name, "a segment that it covers was changed meanwhile")
            }
            if covered == nil, run.header.first < item.base {
                removed.append(run.header.first..<item.base)
            }
            guard self.indexed.contains(item.base) else {
                return self.noteUncompared(name, "of a segment that it covers there is no index")
            }
            let segment: Segment?
            do throws(StorageError) {
                segment = try Recovery.openSealed(
                    Inventory.Item(base: item.base, isCold: item.isCold),
                    in: self.inspector.directory, blocks: BlockCache(byteCountMax: 0),
                    hasher: hasher)
            } catch {
                return self.noteUncompared(name, "a segment that it covers was changed meanwhile")
            }
            guard let segment, let end = segment.facts?.end else {
                // What is missing on one side would be taken for an extra record on the other.
                return self.noteUncompared(name, "a segment that it covers has no footer yet")
            }
            if segment.generation > 0 { removed.append(item.base..<end) }
            segments.append(segment)
            covered = end
        }
        guard covered == run.header.end else {
            return self.noteUncompared(name, "a segment that it covers was changed meanwhile")
        }
        let comparison = RunComparison(removed: removed) { hash, offset, reason in
            self.reportRun(.damage, name, nil, offset, reason)
        }
        do throws(StorageError) {
            try comparison.compare(run, with: segments.map { RunSource(identitiesOf: $0) })
        } catch {
            self.noteUncompared(name, error.message)
        }
    }

    private func noteUncompared(_ name: String, _ reason: String) {
        self.report(Finding(.note, name, "the run was not compared with the records: \(reason)"))
    }

    private func checkRemoved(_ run: RunFile) {
        var source = RunSource(run)
        while let entry = try? source.next() {
            if entry.offset >= run.header.end.rawValue {
                self.reportRun(
                    .damage, run.name, nil, Offset(entry.offset),
                    "the run names a removed record behind its end")
            }
        }
    }
}

/// Compares a run with what it was made from.
struct RunComparison {
    /// Stretches of which the run may name records that are no longer there.
    let removed: [Range<Offset>]
    let report: (_ hash: UInt64, _ offset: Offset, _ reason: String) -> Void

    /// Goes through both in the order of hashes.
    func compare(_ run: RunFile, with sources: [RunSource]) throws(StorageError) {
        var source = RunSource(run)
        var entry = try source.next()
        try mergeRuns(sources) { expected throws(StorageError) in
            while let own = entry, own.hash < expected.hash {
                self.checkExtra(own)
                entry = try source.next()
            }
            guard let own = entry, own.hash == expected.hash else {
                self.report(
                    expected.hash, Offset(expected.offset),
                    "the run lacks the key or producer of this record")
                return
            }
            if own.offset < expected.offset {
                self.report(
                    own.hash, Offset(own.offset),
                    "the run names this record as the last of its key or producer, which is "
                        + "\(expected.offset)")
            } else if own.offset > expected.offset {
                self.checkExtra(own)
            }
            entry = try source.next()
        }
        while let own = entry {
            self.checkExtra(own)
            entry = try source.next()
        }
    }

    private func checkExtra(_ entry: RunEntry) {
        let offset = Offset(entry.offset)
        if !self.removed.contains(where: { $0.contains(offset) }) {
            self.report(
                entry.hash, offset, "the run names a record that is not of this key or producer")
        }
    }
}
