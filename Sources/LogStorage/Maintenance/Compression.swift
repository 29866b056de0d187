import LogFormat
package import LogModel

/// Compression: a segment that is old enough is written once more in compressed blocks, and the file that it
/// was in is removed. Both are whole for a moment; after a crash there the cold one counts.
extension Maintenance {
    /// Compresses the first segment that is old enough.
    func compress(now: Int64) throws(StorageError) -> Step? {
        let hot = self.sealed(olderThan: self.core.options.upkeep.coldAge, now: now)
            .first { $0.segment.cold == nil }
        guard let (segment, facts) = hot, let index = segment.sealed else { return nil }
        try self.writeCold(segment, facts, generation: 0) { _ in true }
        let cold = try self.core.openCold(base: segment.base)
        self.core.log.segments.replace(
            with: Segment(cold: cold.path, cold, index: index))
        try self.core.directory.remove(SegmentFile.name(base: segment.base))
        return .compressed(segment.base)
    }

    /// Writes the segment's cold file, with those records that `keeping` says yes to, durably and in place of
    /// another if there is one.
    func writeCold(
        _ segment: Segment, _ facts: SealedFacts, generation: UInt32,
        keeping: (borrowing RecordView) throws(StorageError) -> Bool
    ) throws(StorageError) {
        try self.core.directory.write(ColdFile.name(base: segment.base)) {
            file throws(StorageError) in
            let sink: ByteSink = { bytes, position throws(StorageError) in
                try file.write(bytes, at: position)
            }
            if let cold = segment.cold {
                _ = try cold.rewrite(generation: generation, keeping: keeping, to: sink)
            } else if let mapping = segment.mapping {
                _ = try ColdWriter.freeze(
                    mapping.base.bytes, facts, generation: generation, path: segment.path,
                    keeping: keeping, to: sink)
            }
        }
    }

    /// Undoes the compression of the segment at `base`. Returns false if there is none, or if compaction has
    /// taken records from it, which cannot be undone.
    package func thaw(_ base: Offset) throws(StorageError) -> Bool {
        try self.working { _ throws(StorageError) in try self.thawAlone(base) }
    }

    private func thawAlone(_ base: Offset) throws(StorageError) -> Bool {
        guard let segment = self.core.log.segments.segment(of: base)?.segment,
            segment.base == base, let cold = segment.cold, segment.generation == 0,
            let facts = segment.facts, let index = segment.sealed
        else { return false }
        let name = SegmentFile.name(base: base)
        try self.core.directory.write(name) { file throws(StorageError) in
            try file.reserve(Int(facts.header.fileCount))
            try cold.thaw { bytes, position throws(StorageError) in
                try file.write(bytes, at: position)
            }
            try file.write(
                SegmentFooter.bytes(of: facts).span.bytes, at: facts.header.recordsEnd)
        }
        let file = try self.core.directory.open(name, .read)
        self.core.log.segments.replace(
            with: Segment(
                hot: file.path, facts: facts,
                mapping: try file.map(count: Int(facts.header.fileCount)), index: index))
        try self.core.directory.remove(ColdFile.name(base: base))
        return true
    }
}
