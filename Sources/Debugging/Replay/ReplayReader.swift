import LogFormat
package import LogModel
package import LogStorage
import Matching
import WireProtocol

/// Reads a stretch of a log batch by batch, whole, or what a filter leaves of each.
///
/// A batch belongs to the stretch in which its first record is. So stretches that meet have each batch once, and none
/// has a part of one.
package struct ReplayReader {
    private let log: ChangeLog
    private let predicate: Predicate?
    private let renderer = ChangeRenderer()
    private var extent: SegmentExtent?
    /// Where the next batch begins.
    package private(set) var place: Offset
    /// No batch is read that begins here or later.
    package let end: Offset
    /// Records that the filter did not want.
    package private(set) var unwantedCount = 0
    /// Records that compaction had removed.
    package private(set) var removedCount = 0

    /// Prepares to read the batches that begin in `start ..< end`; what is not kept any more is left out.
    ///
    /// - Parameter filter: which records are wanted: those that concern its set; nil for all.
    /// - Throws: `corrupt` if it cannot be seen where the first one begins.
    package init(
        _ log: ChangeLog, from start: Offset, to end: Offset, filter: Filter? = nil
    ) throws(StorageError) {
        self.log = log
        self.predicate = filter.map { Predicate($0, hasher: log.hasher) }
        let end = min(end, log.watermarks.visible)
        let start = min(max(start, log.first), end)
        self.end = end
        self.place = start
        if start < end, let extent = try log.extent(at: start) {
            let batch = try extent.batch(of: start)
            if batch.lowerBound < start { self.place = min(batch.upperBound, end) }
        }
    }

    /// The next batch that has wanted records; nil at the end.
    ///
    /// - Throws: `corrupt` at damage; ``place`` is then the batch that could not be read.
    package mutating func next() throws(StorageError) -> ReplayBatch? {
        while self.place < self.end {
            let batch = try self.read()
            if !batch.offsets.isEmpty { return batch }
        }
        return nil
    }

    private mutating func read() throws(StorageError) -> ReplayBatch {
        let extent = try self.currentExtent()
        var batch = ReplayBatch(first: self.place, epoch: extent.segment.epoch)
        var (unwanted, removed) = (0, 0)
        // Known once a record is missing: the marks of those that are there say it otherwise.
        var batchEnd: Offset?
        var offset = self.place
        var isLast = false
        while !isLast {
            let isLastOfBatch = try extent.segment.withRecord(at: offset) {
                record throws(StorageError) in
                if self.predicate.map({ $0.change(by: record) != nil }) ?? true {
                    batch.add(record, self.renderer)
                } else {
                    unwanted += 1
                }
                return record.isLastOfBatch
            }
            if isLastOfBatch == nil {
                removed += 1
                if batchEnd == nil { batchEnd = try extent.batch(of: offset).upperBound }
            }
            offset = offset.next
            isLast = isLastOfBatch == true || offset == batchEnd || offset >= extent.end
        }
        if !batch.offsets.isEmpty { batch.finish(at: offset) }
        self.place = offset
        self.unwantedCount += unwanted
        self.removedCount += removed
        return batch
    }

    private mutating func currentExtent() throws(StorageError) -> SegmentExtent {
        if let extent, self.place < extent.end { return extent }
        guard let extent = try self.log.extent(at: self.place) else {
            throw StorageError(
                .corrupt, "the log has no segment for what it says that it holds",
                offset: self.place)
        }
        self.extent = extent
        return extent
    }
}
