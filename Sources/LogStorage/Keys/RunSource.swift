import LogFormat
import LogModel

/// Where entries of a run come from: another run, the index of a segment, or memory. All give them in the
/// order of their hashes.
struct RunSource: RunEntrySource {
    private enum Place {
        case file(RunFile, RunCursor)
        case index(Segment, Int)
        case entries([RunEntry], Int)
    }

    private var place: Place
    /// How many entries it has at most.
    let countMax: Int

    /// The entries of `run`.
    init(_ run: RunFile) {
        self.place = .file(run, RunCursor())
        self.countMax = run.header.entryCount
    }

    /// The last record of each key and producer in the sealed segment.
    init(identitiesOf segment: Segment) {
        self.place = .index(segment, 0)
        self.countMax = segment.facts?.recordCount ?? 0
    }

    /// These, which are in order.
    init(_ entries: [RunEntry]) {
        self.place = .entries(entries, 0)
        self.countMax = entries.count
    }

    mutating func next() throws(StorageError) -> RunEntry? {
        switch self.place {
        case .file(let run, var cursor):
            let entry: RunEntry?
            do throws(FormatError) {
                entry = try run.entry(at: &cursor)
            } catch {
                throw StorageError(
                    .corrupt, "a run is damaged: \(error.message)", path: run.name,
                    position: error.position)
            }
            self.place = .file(run, cursor)
            return entry
        case .index(let segment, var next):
            let entry = try segment.sealed?.withView(of: segment) { view -> RunEntry? in
                while next < view.header.entryCount {
                    let entry = view.entry(next)
                    next += 1
                    if entry.postings.kind == .group { continue }
                    let last = segment.base.advanced(by: Int(entry.postings.last))
                    return RunEntry(hash: entry.hash, offset: last.rawValue)
                }
                return nil
            }
            self.place = .index(segment, next)
            return entry
        case .entries(let entries, let next):
            guard next < entries.count else { return nil }
            self.place = .entries(entries, next + 1)
            return entries[next]
        }
    }
}
