import LogFormat
import LogModel

/// Finds the last record of a key or a producer in the sealed segments: by the runs, and by the indexes of
/// the segments that no run covers, the newest first. Each takes one look at a filter if the hash is not
/// there. Memory: a reference for each.
struct SealedLookup: Sendable {
    private enum Source {
        case segment(Segment)
        case run(RunFile)
    }

    /// How many hashes further on memory is asked for.
    private static let expectedCount = 8

    private let sources: [Source]
    private let segments: [Segment]
    private let retained: Offset

    /// Looks through those of `segments` that are sealed, with the help of `runs`.
    init(_ segments: [Segment], _ runs: RunSet) {
        let sealed = segments.filter { $0.facts != nil }
        let keys = runs.keys
        var sources: [Source] = []
        for segment in sealed.reversed() {
            let run = keys.first {
                $0.header.first <= segment.base && segment.base < $0.header.end
            }
            guard let run else {
                sources.append(.segment(segment))
                continue
            }
            if case .run(let last)? = sources.last, last === run { continue }
            sources.append(.run(run))
        }
        self.sources = sources
        self.segments = sealed
        self.retained = segments.first?.base ?? .zero
    }

    /// The last record with this hash, or nil. The record itself may have been removed by compaction.
    ///
    /// Throws `corrupt` if an index has to be built again and the records are damaged.
    func last(of hash: UInt64) throws(StorageError) -> Offset? {
        for source in self.sources {
            switch source {
            case .segment(let segment):
                if let last = try Self.last(of: hash, in: segment) { return last }
            case .run(let run):
                do throws(FormatError) {
                    guard let offset = try run.offset(of: hash) else { continue }
                    return offset < self.retained ? nil : offset
                } catch {
                    if let last = try self.last(of: hash, insteadOf: run) { return last }
                }
            }
        }
        return nil
    }

    /// The last record with each of `hashes` at the places `wanted`, into the same places of `found`. Leaves
    /// in `wanted` those that have none.
    ///
    /// One source after the other for all hashes, and the memory of each look is asked for some looks before: so
    /// that the processor waits for many of them at once. Throws as ``last(of:)`` does.
    func find(
        _ hashes: [UInt64], at wanted: inout [Int], into found: inout [Offset?]
    ) throws(StorageError) {
        for source in self.sources {
            guard !wanted.isEmpty else { return }
            var kept = 0
            switch source {
            case .segment(let segment):
                try segment.sealed?.withView(of: segment) { view in
                    for index in wanted.indices {
                        let place = wanted[index]
                        if index + Self.expectedCount < wanted.count {
                            let later = hashes[wanted[index + Self.expectedCount]]
                            view.file.expect(view.filterLine(of: later))
                        }
                        let last = Self.last(of: hashes[place], in: view)
                        found[place] = last.map { segment.base.advanced(by: Int($0)) }
                        wanted[kept] = place
                        kept += last == nil ? 1 : 0
                    }
                }
            case .run(let run):
                for index in wanted.indices {
                    let place = wanted[index]
                    if index + Self.expectedCount < wanted.count {
                        run.expect(hashes[wanted[index + Self.expectedCount]])
                    }
                    let hash = hashes[place]
                    var isFound = false
                    do throws(FormatError) {
                        if let offset = try run.offset(of: hash) {
                            isFound = true
                            found[place] = offset < self.retained ? nil : offset
                        }
                    } catch {
                        found[place] = try self.last(of: hash, insteadOf: run)
                        isFound = found[place] != nil
                    }
                    wanted[kept] = place
                    kept += isFound ? 0 : 1
                }
            }
            wanted.removeLast(wanted.count - kept)
        }
    }

    /// A run is derived data: where it is damaged, the segments that it covers know the same.
    private func last(of hash: UInt64, insteadOf run: RunFile) throws(StorageError) -> Offset? {
        for segment in self.segments.reversed()
        where run.header.first <= segment.base && segment.base < run.header.end {
            if let last = try Self.last(of: hash, in: segment) { return last }
        }
        return nil
    }

    private static func last(of hash: UInt64, in segment: Segment) throws(StorageError) -> Offset? {
        let ordinal = try segment.sealed?.withView(of: segment, having: hash) { view in
            Self.last(of: hash, in: view)
        }
        guard let ordinal = ordinal ?? nil else { return nil }
        return segment.base.advanced(by: Int(ordinal))
    }

    private static func last(of hash: UInt64, in view: borrowing IndexView) -> UInt32? {
        guard view.mayContain(hash) else { return nil }
        return (view.postings(of: hash, .key) ?? view.postings(of: hash, .producer))?.last
    }
}
