import LogFormat
import LogModel
import LogStorage

/// What a log of known changes must answer, by looking at every one of them.
struct LogOracle {
    private(set) var oracle = MembershipOracle()
    private(set) var batchEnds: [Int] = []
    private(set) var times: [Int64] = []

    mutating func note(_ batch: [TestChange], time: Int64) {
        for change in batch {
            self.oracle.note(change)
            self.times.append(time)
        }
        self.batchEnds.append(self.oracle.expectations.count)
    }

    var count: Int { self.oracle.expectations.count }

    /// The offsets in a range whose records carry `group`.
    func offsets(of group: GroupKey, in range: Range<Int>) -> [Offset] {
        let wanted = TestGroup(group.property, group.value)
        return range.filter { offset in
            let expected = self.oracle.expectations[offset]
            return expected.change.model == group.model
                && expected.groups.contains { $0.isSame(as: wanted) }
        }.map { Offset(UInt64($0)) }
    }

    /// The offsets below `end` of an instance.
    func history(model: Text, key: Text, before end: Int) -> [Offset] {
        (0..<end).filter {
            let change = self.oracle.expectations[$0].change
            return change.model == model && change.key.text == key
        }.map { Offset(UInt64($0)) }
    }

    /// The last record of each instance that is in `group` before `end`.
    func members(of group: GroupKey, before end: Int) -> [Offset] {
        let wanted = TestGroup(group.property, group.value)
        var last: [Text: Offset] = [:]
        for offset in 0..<end {
            let expected = self.oracle.expectations[offset]
            guard expected.change.model == group.model else { continue }
            for (place, own) in expected.groups.enumerated() where own.isSame(as: wanted) {
                let key = expected.change.key.text
                last[key] = expected.memberships[place] == .left ? nil : Offset(UInt64(offset))
            }
        }
        return last.values.sorted()
    }

    /// Every key that a change has.
    var instances: [(model: Text, key: Text)] {
        var seen: Set<[Text]> = []
        return self.oracle.expectations.compactMap { expected in
            let instance = [expected.change.model, expected.change.key.text]
            return seen.insert(instance).inserted ? (instance[0], instance[1]) : nil
        }
    }
}

/// A log of random changes in many small segments, of which some are growing, some sealed and some cold.
struct AgedLog {
    let directory: ScratchDirectory
    private(set) var writer: LogWriter
    private(set) var oracle = LogOracle()
    /// What the next opening is told to do with old segments.
    var upkeep: Upkeep
    var now: Int64 = 0

    /// Appends `count` batches; after each the segments that are older than `upkeep` says are treated so.
    init(seed: UInt64, batches count: Int, upkeep: Upkeep, paddingMax: Int = 900) throws {
        self.directory = try ScratchDirectory()
        self.upkeep = upkeep
        self.writer = try self.directory.open(upkeep: upkeep).writer
        var mill = ChangeMill(seed: seed)
        mill.paddingMax = paddingMax
        for _ in 0..<count { try self.append(mill.batch()) }
    }

    mutating func append(_ batch: [TestChange]) throws {
        self.now += 1
        try self.writer.append(batch, time: self.now)
        try self.writer.commit()
        self.oracle.note(batch, time: self.now)
        try self.maintain()
    }

    /// Does all that there is to do.
    @discardableResult
    func maintain(now: Int64? = nil) throws -> [Maintenance.Step] {
        var steps: [Maintenance.Step] = []
        while let step = try self.writer.maintenance.step(now: now ?? self.now) {
            steps.append(step)
        }
        return steps
    }

    /// Stops, with or without closing, and opens again.
    mutating func reopen(closing: Bool) throws {
        if closing { try self.writer.close() }
        let directory = self.directory
        // The lock belongs to the old writer until it is gone.
        self.writer = try ScratchDirectory().open().writer
        self.writer = try directory.open(upkeep: self.upkeep).writer
    }
}
