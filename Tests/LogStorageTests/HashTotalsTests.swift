import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// How many records groups, keys and producers have, against a look at every record.
@Suite struct HashTotalsTests {
    private struct Plain {
        var groups: [UInt64: Int] = [:]
        var names: [UInt64: GroupKey] = [:]
        var keys: Set<UInt64> = []
        var producers: Set<UInt64> = []

        init(_ log: ChangeLog) throws {
            for extent in log.extents {
                try extent.forEachRecord(from: extent.segment.base) { record in
                    self.keys.insert(record.keyHash)
                    if let id = record.producer?.id {
                        self.producers.insert(log.hasher.producerHash(low: id.low, high: id.high))
                    }
                    var seen: Set<UInt64> = []
                    for index in 0..<record.groupCount {
                        let hash = record.groupHash(index)
                        guard seen.insert(hash).inserted else { continue }
                        self.groups[hash, default: 0] += 1
                        let entry = record.group(index)
                        self.names[hash] = GroupKey(
                            model: Text(bytes: record.model.copy()),
                            property: Text(bytes: record.property(of: entry).copy()),
                            value: Scalar(
                                kind: entry.valueKind,
                                text: Text(bytes: record.value(of: entry).copy())))
                    }
                }
            }
        }

        /// The largest groups, without those of models or only those.
        func largest(ofModels: Bool, _ count: Int) -> [UInt64] {
            let wanted = self.groups.filter { (hash, _) in
                self.names[hash]?.property.bytes.isEmpty == ofModels
            }
            return wanted.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(count)
                .map(\.key)
        }
    }

    private static func compare(_ log: ChangeLog, _ plain: Plain) throws {
        for limit in [0, 1, 7, 100] {
            let totals = try HashTotals(log, limit: limit)
            #expect(totals.groupCount == plain.groups.count)
            #expect(totals.keyCount == plain.keys.count)
            #expect(totals.producerCount == plain.producers.count)
            let groups = plain.largest(ofModels: false, limit)
            #expect(totals.groups.map(\.recordCount) == groups.map { plain.groups[$0] })
            #expect(totals.groups.map { log.hasher.groupHash($0.key) } == groups)
            let models = plain.largest(ofModels: true, .max)
            #expect(totals.models.map(\.recordCount) == models.map { plain.groups[$0] })
            #expect(totals.models.map { log.hasher.groupHash($0.key) } == models)
        }
    }

    @Test(arguments: UpkeptLog.State.allCases)
    func theyAreWhatTheRecordsSay(state: UpkeptLog.State) throws {
        let upkept = try UpkeptLog(state, batches: 400)
        let log = try LogInspector(LogDirectory(upkept.directory.path)).openLog()
        try Self.compare(log, Plain(log))
    }

    /// So many that they are added up in several slices on each processor.
    @Test func manyGroupsAreAddedUpInSlices() throws {
        let directory = try ScratchDirectory()
        var random = SeededGenerator(seed: 3)
        let writer = try directory.open(upkeep: Upkeep(coldAge: nil)).writer
        for number in 0..<60 {
            let batch = (0..<10).map { _ in
                let groups = (0..<60).map { property in
                    let bound = property < 4 ? 5 : 1_000_000
                    return TestGroup(
                        Text("p\(property)"), .number(Int.random(in: 0..<bound, using: &random)))
                }
                return TestChange(
                    key: .number(Int.random(in: 0..<300, using: &random)), groups: groups)
            }
            try writer.commit(Changes(batch), time: Int64(number))
        }
        while try writer.maintenance.step(now: 60) != nil {}
        let log = writer.log
        let plain = try Plain(log)
        #expect(plain.groups.count > 30_000)
        try Self.compare(log, plain)
    }
}
