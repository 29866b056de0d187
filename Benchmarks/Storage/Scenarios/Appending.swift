import LogFormat
import LogModel
import LogStorage
import StorageWorkload

/// What it costs to append.
enum Appending {
    /// From changes that were parsed to durable records: `records`, in batches of `batch`, `group` batches a
    /// sync; all of new keys, or with `keys=N` updates of N keys.
    ///
    /// All changes are made before the clock starts.
    static func run(_ command: Command) throws(StorageError) -> Findings {
        let batch = command.number("batch", 1)
        let group = command.number("group", 64)
        let records = command.number("records", 1_000_000)
        let keys = command.number("keys", 0)
        let writer = try Recovery.open(
            LogDirectory(command.directory), options: command.options
        ).writer
        let workload = Workload()
        try self.prepare(keys: keys, workload, writer)
        var random = Workload.Random(seed: 11)
        var commits: [Changes] = []
        for start in stride(from: 0, to: records, by: batch * group) {
            let end = min(start + batch * group, records)
            let tasks = (start..<end).map { number in
                keys > 0
                    ? self.update(random.below(keys), number)
                    : Workload.Task(
                        .created, key: 1 << 32 + number, list: number % 1000, owner: number % 5003)
            }
            commits.append(workload.changes(tasks, batchCount: batch))
        }

        let upkeeper = try Upkeeper(writer.maintenance)
        let (wall, thread, process) = (Meter.wall, Meter.thread, Meter.process)
        var (encoding, writing) = (0.0, 0.0)
        var rung = 0
        for index in commits.indices {
            let began = Meter.thread
            try writer.append(all: &commits[index])
            let appended = Meter.thread
            try writer.write()
            let written = Meter.thread
            try writer.synchronize()
            writer.publish()
            encoding += appended - began
            writing += written - appended
            // A segment takes more than a hundred thousand records.
            if index * batch * group / 10_000 > rung {
                rung = index * batch * group / 10_000
                upkeeper.ring()
            }
        }
        let wallEnd = Meter.wall
        let appending = Meter.thread - thread
        let upkeep = try upkeeper.finish()
        let processEnd = Meter.process
        try writer.close()
        var found = Findings()
        found["records_per_second"] = Double(records) / (wallEnd - wall) * 1e9
        found["append_cpu_seconds_per_million"] = appending / Double(records) / 1e3
        found["encode_part"] = encoding / Double(records) / 1e3
        found["write_part"] = writing / Double(records) / 1e3
        found["sync_part"] = (appending - encoding - writing) / Double(records) / 1e3
        found["upkeep_cpu_seconds_per_million"] = upkeep / Double(records) / 1e3
        found["all_cpu_seconds_per_million"] = (processEnd - process) / Double(records) / 1e3
        return found
    }

    /// An update of `key` that changes one of its groups half of the time.
    private static func update(_ key: Int, _ number: Int) -> Workload.Task {
        Workload.Task(
            .updated, key: key, list: key % 1000, owner: key % 5003, isDone: number % 2 == 0)
    }

    /// Creates `keys` tasks, and lets maintenance do what is to be done.
    private static func prepare(
        keys: Int, _ workload: Workload, _ writer: LogWriter
    ) throws(StorageError) {
        for start in stride(from: 0, to: keys, by: 1000) {
            var changes = workload.changes(
                (start..<min(start + 1000, keys)).lazy.map { self.update($0, 0) }, batchCount: 1000)
            try writer.append(all: &changes)
            try writer.commit()
        }
        while try writer.maintenance.step(now: Machine.wallClock()) != nil {}
    }

    /// On a log that is there: appends `appends` updates of random keys below `keys`, or of new keys if `keys`
    /// is 0, one a batch. Finds what an append takes, without its write, and how much memory the log has
    /// before and after.
    static func onLarge(_ command: Command) throws(StorageError) -> Findings {
        let appends = command.number("appends", 1_000_000)
        let keys = command.number("keys", 0)
        let workload = Workload()
        var random = Workload.Random(seed: 13)
        let before = Meter.ownMemory
        let writer = try Recovery.open(
            LogDirectory(command.directory), options: command.options
        ).writer
        var found = Findings()
        found["own_mib_after_opening"] = Meter.ownMemory - before
        let upkeeper = try Upkeeper(writer.maintenance)
        var spent = 0.0
        var firstSpent = 0.0
        for start in stride(from: 0, to: appends, by: 1000) {
            var changes = workload.changes(
                (start..<min(start + 1000, appends)).map { number in
                    let key = keys > 0 ? random.below(keys) : 1 << 40 + number
                    return self.update(key, number)
                }, batchCount: 1)
            let began = Meter.thread
            try writer.append(all: &changes)
            let used = Meter.thread - began
            if start == 0 { firstSpent = used }
            spent += used
            try writer.commit()
            upkeeper.ring()
        }
        _ = try upkeeper.finish()
        found["append_ns"] = spent / Double(appends)
        found["append_ns_first_thousand"] = firstSpent / Double(min(appends, 1000))
        found["own_mib_after_appends"] = Meter.ownMemory - before
        try writer.close()
        return found
    }
}
