import LogFormat
import LogModel
import LogStorage
import StorageWorkload

/// Logs that scenarios read.
enum Logs {
    /// Every list has so many records, spread evenly.
    static let recordsOfList = 10_000
    /// So many records at the end hold ``recordsOfLateOwner`` of the late owner, who has none before.
    static let lateRecords = 10_000
    static let recordsOfLateOwner = 100
    static let lateOwner = 1_000_000

    static func listCount(_ records: Int) -> Int { max(records / self.recordsOfList, 1) }

    /// The task of the record at `offset` of a log of `records` records: each has a key of its own.
    static func task(_ offset: Int, of records: Int) -> Workload.Task {
        let isLate =
            offset >= records - self.lateRecords
            && offset % (self.lateRecords / self.recordsOfLateOwner) == 0
        return Workload.Task(
            .created, key: offset, list: offset % self.listCount(records),
            owner: isLate ? self.lateOwner : offset % 5003, isDone: offset % 4 == 0)
    }

    /// Creates a log of `records` records. Closes it, or leaves it as a kill would; makes what is sealed cold
    /// if `cold` is not 0.
    static func build(_ command: Command) throws(StorageError) -> Findings {
        let records = command.number("records", 100_000)
        let workload = Workload()
        let start = Meter.wall
        var options = command.options
        if command.number("cold", 0) != 0 { options.upkeep.coldAge = -1_000_000_000 }
        let writer = try Recovery.open(LogDirectory(command.directory), options: options).writer
        let upkeeper = try Upkeeper(writer.maintenance)
        var next = 0
        while next < records {
            let end = min(next + 1000, records)
            var changes = workload.changes(
                (next..<end).lazy.map { self.task($0, of: records) }, batchCount: 1000)
            try writer.append(all: &changes)
            try writer.commit()
            upkeeper.ring()
            next = end
        }
        _ = try upkeeper.finish()
        if command.number("killed", 0) == 0 { try writer.close() }
        var found = Findings()
        found["seconds"] = (Meter.wall - start) / 1e9
        found["bytes"] = Double(writer.log.byteCount)
        return found
    }
}

extension LogWriter {
    /// Appends all batches of `changes`.
    func append(all changes: inout Changes) throws(StorageError) {
        var start = 0
        for index in changes.batchEnds.indices {
            let end = changes.batchEnds[index]
            _ = try self.append(
                start..<end, of: &changes, producer: nil, time: Machine.wallClock())
            start = end
        }
    }

    /// Makes durable and visible what was appended.
    func commit() throws(StorageError) {
        try self.write()
        try self.synchronize()
        self.publish()
    }
}

extension ChangeLog {
    /// Bytes of all segments' files.
    var byteCount: Int {
        var count = 0
        var at = self.first
        while let extent = try? self.extent(at: at) {
            count += extent.segment.fileByteCount
            at = extent.end
        }
        return count
    }
}
