import Debugging
import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing
import WireProtocol

/// Parts of a log in a log of their own.
@Suite struct ExtractionTests {
    private static func lines(_ log: ChangeLog) throws -> [String] {
        var bytes: [UInt8] = []
        let renderer = ChangeRenderer()
        for extent in log.extents {
            try extent.forEachRecord(from: extent.segment.base) { record throws(StorageError) in
                renderer.append(record, to: &bytes)
            }
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func extract(
        _ log: ChangeLog, _ filter: Filter?, _ mask: [String] = [], into path: String
    ) throws -> ChangeLog {
        let writer = try Recovery.open(LogDirectory(path), options: .small).writer
        let extraction = Extraction(
            RecordSelection(filter, in: log),
            Mask(mask.compactMap { Mask.Field($0) }, secret: (1, 2)), to: writer)
        try extraction.run(
            log, log.first..<log.watermarks.visible, damage: { _ in }, progress: { _ in })
        try writer.close()
        return try LogInspector(LogDirectory(path)).openLog()
    }

    @Test func aWholeLogIsTheSameChangesAtTheSameTimesInTheSameBatches() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let shop = try ShopLog(seed: 1, batches: 300, in: path)
            try withTemporaryDirectory(inMemory: true) { copy in
                let extracted = try Self.extract(shop.log, nil, into: copy)
                #expect(try Self.lines(extracted) == Self.lines(shop.log))
                for offset in shop.changes.indices {
                    let place = Offset(UInt64(offset))
                    let (one, other) = (
                        try shop.log.withRecord(at: place) { ($0.time, $0.isFirstOfBatch) },
                        try extracted.withRecord(at: place) { ($0.time, $0.isFirstOfBatch) }
                    )
                    #expect(one?.0 == other?.0 && one?.1 == other?.1)
                }
            }
        }
    }

    @Test func whatIsHiddenIsNowhereInTheNewLogAndGroupsStayGroups() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let shop = try ShopLog(seed: 2, batches: 300, in: path)
            try withTemporaryDirectory(inMemory: true) { copy in
                let extracted = try Self.extract(
                    shop.log, Filter(model: ShopLog.model),
                    ["shop.Order.state", "shop.Order.id", "shop.Order.total"], into: copy)
                let lines = try Self.lines(extracted)
                #expect(lines.count == shop.changes.count)
                #expect(!lines.contains { $0.contains("paid") || $0.contains("\"new\"") })
                var groups = GroupActivity(property: "state")
                for extent in extracted.extents {
                    groups.add(extent, from: .zero, damage: { _ in })
                }
                var original = GroupActivity(property: "state")
                for extent in shop.log.extents {
                    original.add(extent, from: .zero, damage: { _ in })
                }
                #expect(
                    groups.entries(by: .records, limit: .max, in: extracted)
                        .map(\.count.recordCount)
                        == original.entries(by: .records, limit: .max, in: shop.log)
                        .map(\.count.recordCount))
                // Instances are still who they were among themselves.
                let keys = try extracted.extents.reduce(into: Set<Text>()) { keys, extent in
                    try extent.forEachRecord(from: extent.segment.base) {
                        _ = keys.insert(Text(bytes: $0.key.copy()))
                    }
                }
                #expect(keys.count == Set(shop.changes.map(\.key)).count)
            }
        }
    }

    @Test func aFieldIsAModelAndAProperty() {
        #expect(Mask.Field("todolist.Task.text")?.model == "todolist.Task")
        #expect(Mask.Field("todolist.Task.text")?.property == "text")
        for text in ["", "text", ".text", "model."] { #expect(Mask.Field(text) == nil, "\(text)") }
    }
}
