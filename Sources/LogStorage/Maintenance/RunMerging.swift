import LogFormat
import LogModel

/// Merging: so that a key that is in no segment is not looked for in each, the last records of keys and
/// producers of several segments are merged into one run, and several runs of the same level into one of the
/// next. A log of n segments has about `fanIn` runs for each power of `fanIn` in n.
extension Maintenance {
    /// How many segments, or runs of one level, become one run.
    static let fanIn = 8

    /// Merges the first stretch for which it is time.
    func mergeRuns() throws(StorageError) -> Step? {
        let runs = self.core.log.runs.keys
        if let group = Self.mergeable(runs) {
            let range = group[0].header.first..<group[group.count - 1].header.end
            do throws(StorageError) {
                try self.merge(group.map { RunSource($0) }, range)
            } catch {
                // What a damaged run knew the segments know.
                guard error.code == .corrupt,
                    let damaged = group.first(where: { $0.name == error.path })
                else { throw error }
                self.core.log.runs.remove(keys: damaged)
                try self.core.directory.remove(damaged.name)
                return nil
            }
            for run in group { try self.core.directory.remove(run.name) }
            return .merged(range)
        }
        let sealed = self.sealed
        let isLoose = sealed.map { item in
            !runs.contains {
                $0.header.first <= item.segment.base && item.segment.base < $0.header.end
            }
        }
        // A run takes the place of everything in its stretch, so no other run may lie in between.
        for start in sealed.indices where start + Self.fanIn <= sealed.count {
            let stretch = start..<start + Self.fanIn
            guard isLoose[stretch].allSatisfy({ $0 }) else { continue }
            let range = sealed[start].segment.base..<sealed[stretch.upperBound - 1].facts.end
            try self.merge(sealed[stretch].map { RunSource(identitiesOf: $0.segment) }, range)
            return .merged(range)
        }
        return nil
    }

    private func merge(
        _ sources: [RunSource], _ range: Range<Offset>
    ) throws(StorageError) {
        let name = RunFile.Name.keys(first: range.lowerBound, end: range.upperBound)
        let run = try self.core.writeRun(
            name, kind: .key, first: range.lowerBound, end: range.upperBound, sources)
        self.core.log.runs.add(keys: run)
    }

    /// The first `fanIn` neighbours of about the same size.
    private static func mergeable(_ runs: [RunFile]) -> [RunFile]? {
        guard runs.count >= self.fanIn else { return nil }
        for start in 0...runs.count - self.fanIn {
            let group = Array(runs[start..<start + self.fanIn])
            // Between two that do not touch there are segments that neither knows.
            guard zip(group, group.dropFirst()).allSatisfy({ $0.header.end == $1.header.first })
            else { continue }
            let sizes = group.map { $0.header.entryCount }
            let bound = (sizes.min() ?? 0).multipliedReportingOverflow(by: self.fanIn)
            if let largest = sizes.max(), bound.overflow || largest < max(bound.partialValue, 1) {
                return group
            }
        }
        return nil
    }
}
