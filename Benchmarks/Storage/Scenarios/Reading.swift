import LogFormat
import LogModel
import LogStorage
import StorageWorkload

/// What it costs to read. Each scenario opens the log anew, so that its first pass meets fresh mappings, and
/// files that are in the system's page cache if they were just written.
enum Reading {
    /// Passes over the whole log, with checks.
    static func scan(_ command: Command) throws(StorageError) -> Findings {
        let log = try self.writer(command)
        var found = Findings()
        for pass in 0..<command.number("passes", 3) {
            var count = 0
            var bytes = 0
            let (wall, thread) = (Meter.wall, Meter.thread)
            var at = log.log.first
            while let extent = try log.log.extent(at: at) {
                try extent.forEachRecord(from: at) { record in
                    count += 1
                    bytes += record.count
                }
                at = extent.end
            }
            let suffix = pass == 0 ? "_first" : pass == 1 ? "_again" : "_again\(pass)"
            found["records_per_second" + suffix] = Double(count) / (Meter.wall - wall) * 1e9
            found["cpu_ns_per_record" + suffix] = (Meter.thread - thread) / Double(count)
            if pass == 0 { found["bytes_per_record"] = Double(bytes) / Double(count) }
        }
        try log.close()
        return found
    }

    /// The records of one list, spread over all of the log, each read with its check; then of other lists, and
    /// of the first list again.
    static func group(_ command: Command) throws(StorageError) -> Findings {
        let log = try self.writer(command)
        var found = Findings()
        for (name, list) in [("first", 0), ("other", 1), ("again", 0)] {
            let pass = try self.read(
                Workload.group(list: list), from: log.log.first, limit: .max, in: log.log)
            try self.check(pass.count, Logs.recordsOfList)
            found["records_per_second_" + name] = Double(pass.count) / pass.nanoseconds * 1e9
            found["cpu_ns_per_record_" + name] = pass.threadNanoseconds / Double(pass.count)
            found["first_record_us_" + name] = pass.firstNanoseconds / 1000
        }
        try log.close()
        return found
    }

    /// Resumes of a reader that missed the last records, of which a hundred are its group's: its token is
    /// judged, the postings are found, and the records read. Then one that saw nothing, of the same group.
    static func resume(_ command: Command) throws(StorageError) -> Findings {
        let log = try self.writer(command)
        let group = Workload.group(owner: Logs.lateOwner)
        let hashes = [log.log.hasher.groupHash(group)]
        let end = log.log.watermarks.visible
        let missed = UInt64(min(Logs.lateRecords, Int(end.rawValue)))
        let cursor = Offset(end.rawValue - missed)
        var found = Findings()
        for name in ["first", "again", "third"] {
            let token = try log.log.token(at: cursor)
            let began = Meter.wall
            let refusal = log.log.refusal(of: token, groups: hashes)
            let pass = try self.read(group, from: cursor, limit: 100, in: log.log)
            found["resume_us_" + name] = (Meter.wall - began) / 1000
            try self.check(refusal == nil ? pass.count : 0, Logs.recordsOfLateOwner)
        }
        for name in ["first", "again"] {
            let pass = try self.read(group, from: log.log.first, limit: 100, in: log.log)
            found["from_start_us_" + name] = pass.nanoseconds / 1000
        }
        try log.close()
        return found
    }

    /// How long opening takes, and how much memory the open log has.
    static func open(_ command: Command) throws(StorageError) -> Findings {
        let before = Meter.ownMemory
        let (wall, thread) = (Meter.wall, Meter.thread)
        let (writer, report) = try Recovery.open(
            LogDirectory(command.directory), options: command.options)
        var found = Findings()
        found["open_ms"] = (Meter.wall - wall) / 1e6
        found["open_cpu_ms"] = (Meter.thread - thread) / 1e6
        found["own_mib"] = Meter.ownMemory - before
        found["segments"] = Double(report.segmentCount)
        found["was_closed_cleanly"] = report.wasClosedCleanly ? 1 : 0
        found["records"] = Double(report.end.rawValue)
        if command.number("killed", 0) == 0 { try writer.close() }
        return found
    }

    private static func writer(_ command: Command) throws(StorageError) -> LogWriter {
        try Recovery.open(LogDirectory(command.directory), options: command.options).writer
    }

    /// A figure of a reader that found something else would mean nothing.
    private static func check(_ found: Int, _ expected: Int) throws(StorageError) {
        guard found == expected else {
            throw StorageError(.corrupt, "\(found) records were found instead of \(expected)")
        }
    }

    private struct Pass {
        var count = 0
        var nanoseconds = 0.0
        var threadNanoseconds = 0.0
        var firstNanoseconds = 0.0
    }

    /// Reads up to `limit` records of `group`, comparing its bytes, as every reader must.
    private static func read(
        _ group: GroupKey, from start: Offset, limit: Int, in log: ChangeLog
    ) throws(StorageError) -> Pass {
        var pass = Pass()
        let (began, thread) = (Meter.wall, Meter.thread)
        let hash = log.hasher.groupHash(group)
        var reader = GroupReader(log, .any([hash]), from: start)
        while pass.count < limit {
            let isThere = try reader.nextRecord { record in
                if record.carries(group, hash: hash) { pass.count += 1 }
            }
            guard isThere else { break }
            if pass.count == 1 { pass.firstNanoseconds = Meter.wall - began }
        }
        pass.nanoseconds = Meter.wall - began
        pass.threadNanoseconds = Meter.thread - thread
        return pass
    }
}
