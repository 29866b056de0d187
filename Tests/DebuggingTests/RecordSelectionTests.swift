import Debugging
import Foundation
import LogFormat
import LogModel
import LogStorage
import Synchronization
import TestSupport
import Testing

/// Records that are looked for in a damaged log: whatever is whole is found.
@Suite struct RecordSelectionTests {
    /// What was told of damage.
    private final class Reports: Sendable {
        private let errors = Mutex<[StorageError]>([])

        var count: Int { self.errors.withLock { $0.count } }
        var handler: DamageHandler { { [self] error in self.errors.withLock { $0.append(error) } } }
    }

    private static func find(
        _ selection: RecordSelection, _ log: ChangeLog, limit: Int = .max, _ reports: Reports
    ) throws -> [Offset] {
        var found: [Offset] = []
        try selection.forEachRecord(
            of: log, in: log.first..<log.watermarks.visible, damage: reports.handler
        ) { record in
            found.append(record.offset)
            return found.count < limit
        }
        return found
    }

    /// In a segment that is not sealed, where a group is found along a thread.
    @Test(arguments: 0..<3)
    func aDamagedRecordCostsItself(seed: UInt64) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let shop = try ShopLog(seed: seed, batches: 60, in: path)
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: path)
                    .filter { $0.hasSuffix(".segment") }.max())
            let file = URL(filePath: path).appending(path: name)
            let whole = try Data(contentsOf: file)
            let filter = Filter(
                model: ShopLog.model,
                conditions: [Condition(property: "state", test: .isIn([.string("new")]))])
            var random = SeededGenerator(seed: seed)
            for _ in 0..<40 {
                var bytes = whole
                bytes[Int.random(in: 4096..<16_000, using: &random)] ^= 0x10
                try bytes.write(to: file)
                let reports = Reports()
                let log = try LogInspector(LogDirectory(path)).openLog(damage: reports.handler)
                let selection = RecordSelection(filter, in: log)
                var expected: [Offset] = []
                for extent in log.extents {
                    extent.forEachReadableRecord(damage: { _ in }) { record in
                        if selection.wants(record) { expected.append(record.offset) }
                    }
                }
                #expect(try Self.find(selection, log, reports) == expected)
                #expect(
                    try Self.find(selection, log, limit: 3, reports) == Array(expected.prefix(3)))
                #expect(expected.count < shop.changes.count && expected.count > 10)
                #expect(reports.count > 0)
            }
        }
    }
}
