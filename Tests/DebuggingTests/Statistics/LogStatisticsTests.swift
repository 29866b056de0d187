import Debugging
import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// What is counted in parts that follow each other, against what a plain count of all records says.
@Suite struct LogStatisticsTests {
    private static let models: [Text] = ["shop.Order", "shop.Customer", "shop.Visit"]

    /// A log of small segments with several batches in most seconds, some of them in two segments.
    private static func fill(_ path: String, seed: UInt64) throws -> LogWriter {
        var random = SeededGenerator(seed: seed)
        let options = LogOptions(
            segmentByteCount: LogOptions.segmentByteCountMin, upkeep: Upkeep(coldAge: 900_000_000))
        let writer = try Recovery.open(LogDirectory(path), options: options).writer
        var time: Int64 = -5_000_000
        for _ in 0..<500 {
            var builder = ChangesBuilder()
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let padding = String(repeating: "x", count: Int.random(in: 0..<900, using: &random))
                builder.add(
                    Action.allCases.randomElement(using: &random) ?? .created,
                    Self.models.randomElement(using: &random) ?? "shop.Order",
                    key: .number(Int.random(in: 0..<50, using: &random)),
                    groups: [("state", .number(Int.random(in: 0..<4, using: &random)))],
                    instance: "{\"text\":\"\(padding)\"}")
            }
            time += Int64.random(in: 0...300_000, using: &random)
            if Int.random(in: 0..<50, using: &random) == 0 { time += 2_000_000_000 }
            try writer.commit(builder.finish(), time: time)
            while try writer.maintenance.step(now: time) != nil {}
        }
        return writer
    }

    private static func floor(_ time: Int64, _ unit: Int64) -> Int64 {
        time - ((time % unit) + unit) % unit
    }

    @Test(arguments: 0..<8)
    func partsAddUpToWhatThereIs(seed: UInt64) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let log = try Self.fill(path, seed: seed).log
            let states = (0..<4).map { number in
                Self.models.map {
                    log.hasher.groupHash(
                        GroupKey(model: $0, property: "state", value: .number(number)))
                }
            }
            let hashes = states.flatMap { $0 }
            let extents = Array(log.extents)
            #expect(extents.count > 4)

            var counts: [[Text: Int]] = [[:], [:], [:]]
            var seconds: [Int64: Int] = [:]
            var hours: [Int64: Int] = [:]
            var batches = 0
            var groups: [UInt64: Int] = [:]
            for extent in extents {
                extent.forEachReadableRecord(damage: { Issue.record("\($0)") }) { record in
                    let model = Text(bytes: record.model.copy())
                    let action = Action.allCases.firstIndex(of: record.action) ?? 0
                    counts[action][model, default: 0] += 1
                    seconds[Self.floor(record.time, 1_000_000), default: 0] += 1
                    hours[Self.floor(record.time, 3_600_000_000), default: 0] += 1
                    if record.isFirstOfBatch { batches += 1 }
                    for index in 1..<record.groupCount {
                        groups[record.groupHash(index), default: 0] += 1
                    }
                }
            }

            // One after the other, each by itself, and any number of them joined beforehand.
            var random = SeededGenerator(seed: seed)
            for longest in [1, 2, extents.count] {
                var whole = LogStatistics(groups: hashes)
                var place = 0
                while place < extents.count {
                    let end = min(
                        place + Int.random(in: 1...longest, using: &random), extents.count)
                    var part = LogStatistics(groups: hashes)
                    for extent in extents[place..<end] {
                        part.add(extent, damage: { Issue.record("\($0)") })
                    }
                    whole.append(part)
                    place = end
                }
                #expect(whole.batchCount == batches)
                #expect(whole.recordCount == seconds.values.reduce(0, +))
                #expect(whole.models.count == Self.models.count)
                for model in whole.models {
                    #expect(model.created == counts[0][model.label] ?? 0)
                    #expect(model.updated == counts[1][model.label] ?? 0)
                    #expect(model.deleted == counts[2][model.label] ?? 0)
                }
                #expect(whole.hours.map(\.start) == hours.keys.sorted())
                #expect(whole.hours.allSatisfy { $0.amount.recordCount == hours[$0.start] })
                #expect(whole.groups.map(\.recordCount) == hashes.map { groups[$0] ?? 0 })
                let most = seconds.values.max() ?? 0
                #expect(whole.busiest?.recordCount == most)
                #expect(whole.busiest?.start == seconds.filter { $0.value == most }.keys.min())
            }
        }
    }
}
