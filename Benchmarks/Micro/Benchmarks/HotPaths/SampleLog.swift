import Foundation
import LogModel
import LogStorage
import StorageWorkload

/// A log in a directory of its own, which `remove` takes away.
struct SampleLog {
    /// Where the log lies.
    private let directory: String
    /// Who appends to it.
    let writer: LogWriter

    /// Creates the log, in `directory`, which is not there.
    init(in directory: String, segmentByteCount: Int = 64 << 20) throws {
        self.directory = directory
        self.writer = try Recovery.open(
            LogDirectory(directory),
            options: LogOptions(
                acknowledgement: .written, segmentByteCount: segmentByteCount,
                upkeep: Upkeep(coldAge: nil))
        ).writer
    }

    /// A name that no other directory has.
    static func newDirectory() -> String { NSTemporaryDirectory() + "livelog-micro-\(UUID())" }

    /// Creates a log of batches of a thousand records each, in which tasks are in turn in each of `listCount` lists.
    /// Each batch fills a segment, and all but the last are sealed.
    init(in directory: String, batchCount: Int, listCount: Int) throws {
        try self.init(in: directory, segmentByteCount: 704 << 10)
        for batch in 0..<batchCount {
            var changes = Sample.changes(
                firstKey: batch * Sample.count, batchCount: Sample.count, list: { $0 % listCount })
            try self.append(0..<Sample.count, of: &changes)
            try self.show()
        }
        try self.maintain()
    }

    /// Appends one batch, which nobody sees yet.
    func append(_ batch: Range<Int>, of changes: inout Changes) throws {
        _ = try self.writer.append(batch, of: &changes, producer: nil, time: 1)
    }

    /// Writes what was appended, and shows it to readers.
    func show() throws {
        try self.writer.write()
        self.writer.publish()
    }

    /// Does what upkeep has to do now.
    func maintain() throws {
        while try self.writer.maintenance.step(now: 1) != nil {}
    }

    /// Removes the log's files.
    static func remove(_ directory: String) throws {
        try FileManager.default.removeItem(atPath: directory)
    }
}
