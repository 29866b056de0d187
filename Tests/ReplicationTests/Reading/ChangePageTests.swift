import Foundation
import LogFormat
import LogModel
import LogStorage
import Matching
import Replication
import TestSupport
import Testing
import WireProtocol

/// Pages against the plain list of changes.
@Suite struct ChangePageTests {
    private struct Line: Decodable, Equatable {
        let offset: UInt64
        let change: String
    }

    private static func lines(_ records: [UInt8]) throws -> [Line] {
        try JSONDecoder().decode([Line].self, from: Data([91] + records + [93]))
    }

    private static func limits(_ records: Int, lookedAt: Int = 1 << 16) -> ChangePage.Limits {
        var limits = ChangePage.Limits()
        limits.recordsMax = records
        limits.lookedAtMax = lookedAt
        return limits
    }

    private static func isBatchEnd(_ offset: Offset, of history: HistoryLog) throws -> Bool {
        guard let last = offset.previous, offset < history.log.watermarks.visible else {
            return true
        }
        let isLast = try history.log.withRecord(at: last) { $0.isLastOfBatch }
        return isLast ?? true
    }

    /// All pages from `start` on; each begins where the one before ends.
    private static func pages(
        _ filter: Filter, _ history: HistoryLog, from start: Int, _ limits: ChangePage.Limits
    ) throws -> [ChangePage] {
        var pages: [ChangePage] = []
        var next = Offset(UInt64(start))
        while pages.last?.isAtEnd != true {
            let page = try ChangePage(
                of: history.predicate(filter), in: history.log, from: next, limits: limits)
            #expect(page.next > next || page.isAtEnd)
            next = page.next
            pages.append(page)
        }
        return pages
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>, [false, true])
    func allPagesTogetherHaveEachChangeOnce(seed: UInt64, isCold: Bool) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            var mill = HistoryMill(seed: seed)
            let history = try HistoryLog(
                path, seed: seed, upkeep: Upkeep(coldAge: isCold ? 40 : nil))
            try history.fill(200, from: &mill)
            let oracle = NetOracle(changes: history.changes)
            for _ in 0..<25 {
                let filter = mill.filter()
                let sides = oracle.sides(of: filter)
                let start = mill.random.below(history.end + 1)
                let expected = (start..<history.end).compactMap { offset in
                    SetChange(
                        wasIn: sides[offset].wasIn, isIn: sides[offset].isIn,
                        action: history.changes[offset].action
                    ).map { Line(offset: UInt64(offset), change: "\($0.name)") }
                }
                let limit = 1 + mill.random.below(60)
                let lookedAt = mill.random.chance(1, in: 3) ? 40 : 1 << 16
                let pages = try Self.pages(
                    filter, history, from: start, Self.limits(limit, lookedAt: lookedAt))
                let found = try pages.map { try Self.lines($0.records) }
                #expect(found.flatMap { $0 } == expected, "\(filter) from \(start)")
                for (page, lines) in zip(pages, found) {
                    #expect(page.count == lines.count)
                    #expect(page.isFull == (page.count >= limit))
                    #expect(try Self.isBatchEnd(page.next, of: history))
                }
                #expect(pages.dropLast().allSatisfy { $0.isFull || lookedAt == 40 })
            }
        }
    }

    /// The last page of a set is not full, and a full one stays as it is whatever is appended.
    @Test func aFullPageNeverChanges() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            var mill = HistoryMill(seed: 4)
            let history = try HistoryLog(path, upkeep: Upkeep(coldAge: 50))
            let filter = Filter(model: "m")
            try history.fill(60, from: &mill)
            let before = try Self.pages(filter, history, from: 0, Self.limits(10))
            try history.fill(240, from: &mill)
            let after = try Self.pages(filter, history, from: 0, Self.limits(10))
            #expect(before.count > 5)
            for (old, new) in zip(before.filter(\.isFull), after) {
                #expect(old.records == new.records)
                #expect(old.next == new.next && new.isFull)
            }
        }
    }

    @Test func anEmptyLogHasAnEmptyPage() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let history = try HistoryLog(path, upkeep: Upkeep())
            let page = try ChangePage(
                of: history.predicate(Filter(model: "m")), in: history.log, from: .zero)
            #expect(page.count == 0 && page.records.isEmpty && page.isAtEnd && !page.isFull)
            #expect(page.next == .zero)
        }
    }

    /// A batch is in one page, however long it is.
    @Test func aBatchIsNotCut() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let history = try HistoryLog(path, upkeep: Upkeep(coldAge: nil))
            let batch = (0..<50).map {
                PastChange(action: .created, model: "m", key: .number($0), groups: [])
            }
            try history.append(batch, padding: 0...0)
            try history.append(batch, padding: 0...0)
            let pages = try Self.pages(
                Filter(model: "m"), history, from: 0, Self.limits(1, lookedAt: 1))
            #expect(pages.map(\.count) == [50, 50])
        }
    }

    @Test func bytesEndAPageToo() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let history = try HistoryLog(path, upkeep: Upkeep(coldAge: nil))
            for key in 0..<20 {
                try history.append(
                    [PastChange(action: .created, model: "m", key: .number(key), groups: [])],
                    padding: 1000...1000)
            }
            var limits = Self.limits(100)
            limits.byteCountGoal = 5000
            let pages = try Self.pages(Filter(model: "m"), history, from: 0, limits)
            // The last one is full and reaches the end: there is no further page until something is appended.
            #expect(pages.map(\.count) == [5, 5, 5, 5])
            #expect(pages.allSatisfy { $0.isFull })
        }
    }

    @Test func whatWasRemovedIsRefused() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            var mill = HistoryMill(seed: 5)
            let history = try HistoryLog(
                path,
                upkeep: Upkeep(
                    coldAge: nil, retainByteCount: 3 * LogOptions.segmentByteCountMin))
            try history.fill(200, from: &mill)
            let first = history.log.first
            #expect(first > Offset(50))
            func page(_ model: Text, from start: Offset) throws -> ChangePage {
                try ChangePage(
                    of: history.predicate(Filter(model: model)), in: history.log, from: start)
            }
            let error = #expect(throws: StorageError.self) { try page("m", from: Offset(1)) }
            #expect(error?.code == .retained)
            #expect(try page("m", from: first).count > 0)
            #expect(try page("nothing", from: .zero).isAtEnd)
        }
    }
}
