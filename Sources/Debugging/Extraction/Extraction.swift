import LogFormat
package import LogModel
package import LogStorage
import WireProtocol

/// Makes a new log of a part of another one: the same changes with their times, in their batches, as far as they are
/// wanted, and without what is hidden.
///
/// Offsets, and who published, are not those of the other log.
package final class Extraction {
    /// Why a change could not be taken over.
    package struct Refusal: Error, CustomStringConvertible {
        /// The record.
        package let offset: Offset
        /// What is wrong with it.
        package let message: String

        package var description: String { "the record at offset \(self.offset): \(self.message)" }
    }

    /// Bytes of changes after which they are written.
    private static let writtenByteCount = 4 << 20

    private let selection: RecordSelection
    private let mask: Mask
    private let writer: LogWriter
    private let renderer = ChangeRenderer()
    private var reader: ChangeReader
    private var batch: [UInt8] = []
    private var batchFirst = Offset.zero
    private var batchTime: Int64 = 0
    private var unwritten = 0
    /// Records that were taken over.
    package private(set) var recordCount = 0
    /// Batches that they are in.
    package private(set) var batchCount = 0

    /// Prepares to take what `selection` wants over to the log that `writer` writes.
    package init(_ selection: RecordSelection, _ mask: Mask, to writer: LogWriter) {
        self.selection = selection
        self.mask = mask
        self.writer = writer
        var limits = ChangeLimits()
        limits.changesMax = 1 << 30
        self.reader = ChangeReader(limits: limits)
    }

    /// Takes over the records of `log` in `range`. `damage` is told of those that cannot be read; `progress` now and then
    /// of how many were taken.
    package func run(
        _ log: ChangeLog, _ range: Range<Offset>, damage: DamageHandler, progress: (Int) -> Void
    ) throws {
        var bounds = BatchBounds(log)
        var lines: [UInt8] = []
        try self.selection.forEachRecord(of: log, in: range, damage: damage) { record in
            if try bounds.isBeyond(record.offset) { try self.endBatch() }
            if self.batch.isEmpty {
                self.batchFirst = record.offset
                self.batchTime = record.time
            }
            lines.removeAll(keepingCapacity: true)
            self.renderer.append(record, to: &lines)
            do throws(JSONError) {
                self.batch += try self.mask.apply(to: lines)
            } catch {
                throw Refusal(offset: record.offset, message: error.message)
            }
            self.recordCount += 1
            if self.recordCount % 4096 == 0 { progress(self.recordCount) }
            return true
        }
        try self.endBatch()
        try self.settle()
    }

    private func endBatch() throws {
        guard !self.batch.isEmpty else { return }
        let text = self.batch
        self.batch.removeAll(keepingCapacity: true)
        var changes: Changes
        do throws(ChangeError) {
            changes = try self.reader.read(text, as: .ndjson, batching: .atomic)
        } catch {
            throw Refusal(offset: self.batchFirst, message: error.message)
        }
        _ = try self.writer.append(
            0..<changes.list.count, of: &changes, producer: nil, time: self.batchTime)
        self.batchCount += 1
        self.unwritten += text.count
        if self.unwritten >= Self.writtenByteCount { try self.settle() }
    }

    private func settle() throws {
        self.unwritten = 0
        try self.writer.write()
        try self.writer.synchronize()
        self.writer.publish()
        while try self.writer.maintenance.step(now: self.batchTime) != nil {}
    }
}
