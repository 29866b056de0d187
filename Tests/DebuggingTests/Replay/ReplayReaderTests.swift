import Debugging
import Foundation
import LogModel
import LogStorage
import TestSupport
import Testing

/// Which records of a log become which batches of a replay.
@Suite struct ReplayReaderTests {
    /// Batches of these sizes, a second apart: tasks of two lists with rising keys.
    private static func fill(_ writer: LogWriter, _ sizes: [Int]) throws {
        var key = 0
        for (number, size) in sizes.enumerated() {
            var builder = ChangesBuilder()
            for _ in 0..<size {
                builder.add(
                    .created, key % 3 == 2 ? "todo.List" : "todo.Task", key: .number(key),
                    groups: [("list_id", .number(key % 2))])
                key += 1
            }
            try writer.commit(builder.finish(), time: Int64(number) * 1_000_000)
        }
    }

    private static func batches(
        _ log: ChangeLog, from start: UInt64 = 0, to end: UInt64 = .max, filter: Filter? = nil
    ) throws -> [[UInt64]] {
        var reader = try ReplayReader(log, from: Offset(start), to: Offset(end), filter: filter)
        var batches: [[UInt64]] = []
        while let batch = try reader.next() { batches.append(batch.offsets.map(\.rawValue)) }
        return batches
    }

    @Test func wholeBatchesAreReadWithWhatIsSent() throws {
        try withTemporaryLog { writer in
            try Self.fill(writer, [1, 3, 2])
            #expect(try Self.batches(writer.log) == [[0], [1, 2, 3], [4, 5]])
            var reader = try ReplayReader(writer.log, from: .zero, to: Offset(.max))
            _ = try reader.next()
            let second = try reader.next()
            let batch = try #require(second)
            #expect(batch.first == Offset(1) && batch.end == Offset(4))
            #expect(batch.time == 1_000_000 && batch.epoch == writer.log.epoch)
            let message = try #require(
                try JSONSerialization.jsonObject(with: Data(batch.message)) as? [String: Any])
            #expect(message["batch"] as? Int == 1)
            let changes = message["changes"] as? [[String: Any]] ?? []
            let keys = changes.map { ($0["instance"] as? [String: Any])?["id"] as? Int }
            #expect(keys == [1, 2, 3])
            #expect(
                String(decoding: batch.message, as: UTF8.self).hasPrefix(
                    #"{"batch":1,"changes":[{"#))
            _ = try reader.next()
            #expect(try reader.next() == nil && reader.place == Offset(6))
        }
    }

    @Test func stretchesThatMeetHaveEachBatchOnce() throws {
        try withTemporaryLog { writer in
            try Self.fill(writer, [1, 3, 2, 4])
            let all = try Self.batches(writer.log)
            for middle in 0...11 as ClosedRange<UInt64> {
                let parts =
                    try Self.batches(writer.log, to: middle)
                    + Self.batches(writer.log, from: middle)
                #expect(parts == all, "\(middle)")
            }
            #expect(try Self.batches(writer.log, from: 2) == [[4, 5], [6, 7, 8, 9]])
            #expect(try Self.batches(writer.log, to: 2) == [[0], [1, 2, 3]])
            #expect(try Self.batches(writer.log, from: 4, to: 4) == [])
            #expect(try Self.batches(writer.log, from: 40) == [])
        }
    }

    @Test func whatAFilterLeavesOfABatchIsABatch() throws {
        try withTemporaryLog { writer in
            try Self.fill(writer, [1, 3, 2, 4])
            let lists = Filter(model: "todo.List")
            #expect(try Self.batches(writer.log, filter: lists) == [[2], [5], [8]])
            let group = Filter(
                model: "todo.Task",
                conditions: [Condition(property: "list_id", test: .isIn([.number(1)]))])
            #expect(try Self.batches(writer.log, filter: group) == [[1, 3], [7, 9]])
            var reader = try ReplayReader(writer.log, from: .zero, to: Offset(.max), filter: group)
            let next = try reader.next()
            let first = try #require(next)
            // The number and the end are those of the whole batch.
            #expect(first.first == Offset(1) && first.end == Offset(4))
            while try reader.next() != nil {}
            #expect(reader.unwantedCount == 6 && reader.removedCount == 0)
            #expect(reader.place == Offset(10))
        }
    }

    @Test func anInstanceThatLeavesIsSelectedWithTheChangeThatTakesItOut() throws {
        try withTemporaryLog { writer in
            for list in [1, 1, 2, 2] {
                var builder = ChangesBuilder()
                builder.add(
                    .updated, "m", key: .number(1), groups: [("list_id", .number(list))])
                try writer.commit(builder.finish())
            }
            let group = Filter(
                model: "m", conditions: [Condition(property: "list_id", test: .isIn([.number(1)]))])
            #expect(try Self.batches(writer.log, filter: group) == [[0], [1], [2]])
        }
    }

    @Test func recordsThatCompactionRemovedAreLeftOutOfTheirBatches() throws {
        let options = LogOptions(
            segmentByteCount: LogOptions.segmentByteCountMin,
            upkeep: Upkeep(coldAge: 0, compactAge: 0, tombstoneAge: 0))
        try withTemporaryLog(options) { writer in
            var sizes: [Int] = []
            var number = 0
            // Keys that come again, so that most records are superseded; batches of 1 to 7.
            while number < 6000 {
                let size = min(sizes.count % 7 + 1, 6000 - number)
                var builder = ChangesBuilder()
                for _ in 0..<size {
                    builder.add(
                        .updated, "m", key: .number(number % 11 == 0 ? number : number % 5),
                        groups: [("list_id", .number(number % 3))])
                    number += 1
                }
                try writer.commit(builder.finish(), time: Int64(sizes.count))
                sizes.append(size)
                while try writer.maintenance.step(now: 1_000_000) != nil {}
            }
            let log = writer.log
            var expected: [[UInt64]] = []
            var start = 0
            for size in sizes {
                let kept = try (start..<start + size).filter {
                    try log.withRecord(at: Offset(UInt64($0))) { _ in true } == true
                }
                if !kept.isEmpty { expected.append(kept.map { UInt64($0) }) }
                start += size
            }
            let keptCount = expected.reduce(0) { $0 + $1.count }
            #expect(keptCount < 4000, "nothing was compacted")
            #expect(try Self.batches(log) == expected)
            var reader = try ReplayReader(log, from: .zero, to: Offset(.max))
            while try reader.next() != nil {}
            #expect(reader.removedCount == 6000 - keptCount)
            #expect(reader.place == Offset(6000))
        }
    }

    @Test func damageIsAnErrorAtTheBatchThatHasIt() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let writer = try Recovery.open(LogDirectory(path), options: .small).writer
            try Self.fill(writer, Array(repeating: 3, count: 600))
            while try writer.maintenance.step(now: 1) != nil {}
            try writer.close()
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: path)
                    .filter { $0.hasSuffix(".segment") }.min())
            let file = URL(filePath: "\(path)/\(name)")
            var bytes = try Data(contentsOf: file)
            bytes[20_000] ^= 1
            try bytes.write(to: file)
            let log = try LogInspector(LogDirectory(path)).openLog()
            var reader = try ReplayReader(log, from: .zero, to: Offset(.max))
            var offsets: [UInt64] = []
            let error = try #require(throws: StorageError.self) {
                while let batch = try reader.next() { offsets += batch.offsets.map(\.rawValue) }
            }
            #expect(error.code == .corrupt && error.path?.hasSuffix(name) == true)
            #expect(offsets == (0..<UInt64(offsets.count)).map { $0 } && offsets.count % 3 == 0)
            #expect(reader.place == Offset(UInt64(offsets.count)) && !offsets.isEmpty)
        }
    }
}
