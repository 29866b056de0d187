import LogFormat
package import LogModel
import Synchronization

/// What is done to a log besides appending: a file is reserved ahead, full segments are sealed, and old ones
/// compressed, compacted and removed. One step at a time, whenever somebody calls ``step(now:)``; what a crash
/// interrupts is done again.
///
/// Threads: any; a mutex lets one step happen at a time.
package final class Maintenance: Sendable {
    /// What a step did.
    package enum Step: Hashable, Sendable {
        /// The file of the next segment was reserved.
        case reserved
        /// The segment at this offset was sealed.
        case sealed(Offset)
        /// The index file of the segment at this offset was written again.
        case rebuiltIndex(Offset)
        /// The records below this offset were removed.
        case retained(from: Offset)
        /// The keys of a stretch of segments were merged into one run.
        case merged(Range<Offset>)
        /// The segment at this offset became cold.
        case compressed(Offset)
        /// So many records were taken from the segment at this offset.
        case compacted(Offset, removed: Int)
    }

    let core: LogCore
    private let work: Mutex<Evaluations>

    /// When compaction last looked at each segment and found too little, and how many came after it then.
    struct Evaluations {
        var segments: [Offset: (time: Int64, newer: Int)] = [:]
    }

    init(_ core: LogCore) {
        self.core = core
        self.work = Mutex(Evaluations())
    }

    /// Does what is most urgent at the time `now`, in microseconds since 1970. Nil if there is nothing to do.
    /// Blocks for as long as it takes to read and write a segment.
    ///
    /// Throws `poisoned` if the log has failed, or fails now; `diskFull` or `corrupt` while everything is as
    /// it was: then another call may succeed, or fail again.
    package func step(now: Int64) throws(StorageError) -> Step? {
        try self.working { evaluations throws(StorageError) in
            try self.nextStep(now: now, &evaluations)
        }
    }

    /// Seals the first segments until at most `count` that are full are not sealed.
    func seal(untilUnsealed count: Int) throws(StorageError) {
        guard self.unsealed.count > count else { return }
        try self.working { _ throws(StorageError) in
            while self.unsealed.count > count, try self.sealFirst() != nil {}
        }
    }

    /// Lets `body` be the one that works on the log's files. A failed sync in it ends the log's life as one that
    /// is written to, and after one it is not begun.
    func working<Result>(
        _ body: (inout Evaluations) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        let result = self.work.withLock { evaluations -> Swift.Result<Result, StorageError> in
            do throws(StorageError) {
                try self.core.checkHealth()
                return .success(try body(&evaluations))
            } catch {
                return .failure(error.code == .poisoned ? self.core.poison(error) : error)
            }
        }
        return try result.get()
    }

    /// Seals segments that lie before a sealed one: their footers were damaged, or lost with the power after an
    /// earlier process could not sync them. Lookups take what is sealed to be older than what is not.
    func sealGaps() throws(StorageError) {
        while let gap = self.core.log.segments.all.firstIndex(where: { $0.facts == nil }),
            self.core.log.segments.all[gap...].contains(where: { $0.facts != nil })
        {
            guard try self.sealFirst() != nil else { return }
        }
    }

    private func nextStep(
        now: Int64, _ evaluations: inout Evaluations
    ) throws(StorageError) -> Step? {
        if let step = try self.sealFirst() { return step }
        if try self.core.reserve.prepare(self.core.options.segmentByteCount) { return .reserved }
        if let step = try self.rebuildIndex() { return step }
        if let step = try self.retain(now: now) { return step }
        if let step = try self.mergeRuns() { return step }
        if let step = try self.compress(now: now) { return step }
        return try self.compact(now: now, &evaluations)
    }

    /// The segments that are full and not sealed.
    private var unsealed: [Segment] {
        self.core.log.segments.all.dropLast().filter { $0.facts == nil }
    }

    /// The sealed segments, ascending.
    var sealed: [(segment: Segment, facts: SealedFacts)] {
        self.core.log.segments.all.compactMap { segment in
            segment.facts.map { (segment, $0) }
        }
    }

    /// The sealed segments whose last record is older than `age`.
    func sealed(
        olderThan age: Int64?, now: Int64
    ) -> [(segment: Segment, facts: SealedFacts)] {
        guard let age else { return [] }
        // Times come from a clock that may jump; the subtraction must not overflow.
        return self.sealed.filter {
            now.subtractingReportingOverflow($0.facts.lastTime).partialValue > age
        }
    }

    /// Writes an index file where the one that was there had to be built again.
    private func rebuildIndex() throws(StorageError) -> Step? {
        for (segment, facts) in self.sealed {
            guard let index = segment.sealed, index.wantsFile else { continue }
            let bytes = try IndexFile.build(
                of: segment, facts: facts, binding: index.binding, hasher: self.core.log.hasher)
            try IndexFile.write(bytes, base: segment.base, in: self.core.directory)
            let fresh = self.core.index(of: segment.base, binding: index.binding)
            self.core.log.segments.replace(with: segment.with(fresh))
            return .rebuiltIndex(segment.base)
        }
        return nil
    }
}

extension Maintenance.Step: CustomStringConvertible {
    package var description: String {
        switch self {
        case .reserved: "reserved the next segment"
        case .sealed(let base): "sealed the segment at \(base)"
        case .rebuiltIndex(let base): "built the index of the segment at \(base) again"
        case .retained(let bound): "removed the records below \(bound)"
        case .merged(let range): "merged the keys of \(range.lowerBound) to \(range.upperBound)"
        case .compressed(let base): "compressed the segment at \(base)"
        case .compacted(let base, let removed):
            "took \(removed) records from the segment at \(base)"
        }
    }
}
