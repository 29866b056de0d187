import LogFormat
import LogModel
import LogStorage
import Matching
import Replication
import TestSupport
import Testing

/// Net changes of logs from which compaction and retention took records: they are right, or refused.
@Suite struct NetChangesRemovalTests {
    private static let compacting = Upkeep(coldAge: nil, compactAge: 40, tombstoneAge: 60)

    private static func isRefused(_ body: () throws -> Void) throws -> Bool {
        do {
            try body()
            return false
        } catch let error as StorageError where error.code == .retained {
            return true
        }
    }

    /// The first offset from which on nothing was removed of what `filter` is found by.
    private static func available(_ history: HistoryLog, _ filter: Filter) -> Offset {
        let predicate = history.predicate(filter)
        return predicate.driver.map { history.log.firstAvailable(of: $0) }.max() ?? .zero
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func afterCompactionTheyAreRightOrRefused(seed: UInt64) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            var mill = HistoryMill(seed: seed)
            let history = try HistoryLog(path, seed: seed, upkeep: Self.compacting)
            try history.fill(400, from: &mill)
            let oracle = NetOracle(changes: history.changes)
            let gone = try (0..<history.end).filter {
                try history.log.withRecord(at: Offset(UInt64($0)), { _ in true }) == nil
            }
            #expect(gone.count > history.end / 4)
            var refused = 0
            var answered = 0
            for _ in 0..<150 {
                let filter = mill.filter()
                // The set itself is known at the end, and wherever only unsealed segments follow.
                let sealedEnd = Int(HeldSegments(history.log).sealedEnd.rawValue)
                for end in [history.end, (sealedEnd + history.end) / 2] {
                    let found = try history.net(filter, to: end)
                    #expect(oracle.agrees(found, filter, from: 0, to: end), "\(filter) 0..<\(end)")
                }
                let start = mill.random.chance(1, in: 4) ? 0 : mill.random.below(history.end)
                let end = start + mill.random.below(history.end - start + 1)
                let available = Self.available(history, filter)
                let isRefused = try Self.isRefused {
                    let found = try history.net(filter, from: start, to: end)
                    #expect(
                        oracle.agrees(found, filter, from: start, to: end),
                        "\(filter) \(start)..<\(end)")
                }
                if start > 0 { #expect(isRefused == (available.rawValue > UInt64(start))) }
                refused += isRefused ? 1 : 0
                answered += isRefused ? 0 : 1
            }
            #expect(refused > 10 && answered > 10)
        }
    }

    /// Instance 1 enters list 7, and leaves it with a record that compaction takes; what is kept says only that
    /// it entered.
    @Test func whoHasLeftIsNotInTheSetThoughTheRecordThatSaysSoIsGone() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let history = try HistoryLog(
                path, upkeep: Upkeep(coldAge: nil, compactAge: 0, tombstoneAge: 1_000_000))
            func change(_ key: Int, in list: Int? = nil) -> PastChange {
                PastChange(
                    action: .updated, model: "m", key: .number(key),
                    groups: list.map { [("list", .number($0))] } ?? [])
            }
            let batches = [
                [change(1, in: 7), change(2, in: 7)] + (100..<140).map { change($0) },
                [change(3)], [change(4)], [change(1)], [change(5)], [change(1)], [change(6)],
            ]
            for batch in batches {
                let isSmall = batch.count > 1 || batch[0].key == .number(1)
                try history.append(
                    batch, padding: isSmall ? 10...10 : 40_000...40_000, maintains: false)
            }
            try history.append([change(7)], padding: 40_000...40_000)
            let left = Offset(44)
            #expect(try history.log.withRecord(at: .zero) { $0.offset } == .zero, "it is kept")
            #expect(try history.log.withRecord(at: left) { $0.offset } == nil, "it is gone")
            let filter = Filter(group: GroupKey(model: "m", property: "list", value: .number(7)))
            #expect(
                try history.net(filter) == [NetChanges.Entry(offset: Offset(1), change: .entered)])
        }
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func whatRetentionTookIsMissingAndThatIsSaid(seed: UInt64) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            var mill = HistoryMill(seed: seed)
            mill.keys = (0..<200).map { .number($0) }
            let upkeep = Upkeep(
                coldAge: nil, retainByteCount: 4 * LogOptions.segmentByteCountMin)
            let history = try HistoryLog(path, seed: seed, upkeep: upkeep)
            for _ in 0..<300 {
                try history.append(
                    (0...mill.random.below(4)).map { _ in mill.change() }, maintains: false)
            }
            try history.maintain()
            let first = history.log.first
            #expect(first > Offset(100))
            let oracle = NetOracle(changes: history.changes)
            var partial = 0
            for _ in 0..<100 {
                let filter = mill.filter()
                var net = NetChanges(
                    of: history.predicate(filter), in: history.log, from: .zero,
                    to: Offset(UInt64(history.end)))
                let expected = oracle.net(filter, from: 0, to: history.end)
                    .filter { $0.offset >= first }
                #expect(try net.entries() == expected, "\(filter)")
                #expect(net.isPartial == (Self.available(history, filter) > .zero))
                partial += net.isPartial ? 1 : 0

                let start = Int(first.rawValue) + mill.random.below(100)
                let found = try history.net(filter, from: start)
                #expect(oracle.agrees(found, filter, from: start, to: history.end))
                let isRefused = try Self.isRefused { _ = try history.net(filter, from: 1) }
                #expect(isRefused == (Self.available(history, filter) > Offset(1)))
            }
            #expect(partial > 50)
            // A group of which nothing was removed has all of it, from any place.
            let unknown = Filter(model: "nothing")
            var net = NetChanges(
                of: history.predicate(unknown), in: history.log, from: .zero, to: Offset(5000))
            #expect(try net.entries().isEmpty && !net.isPartial)
            #expect(try history.net(unknown, from: 1).isEmpty)
        }
    }

    /// Between two steps most of what was there goes, and all of it is superseded.
    @Test(arguments: [false, true])
    func whatIsRemovedWhileTheyAreFoundIsStillThere(isCompacted: Bool) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            var mill = HistoryMill(seed: 9)
            let upkeep =
                isCompacted
                ? Upkeep(coldAge: nil, compactAge: 10, tombstoneAge: 20)
                : Upkeep(coldAge: nil, retainByteCount: 3 * LogOptions.segmentByteCountMin)
            let history = try HistoryLog(path, upkeep: upkeep)
            for _ in 0..<200 {
                try history.append(
                    (0...mill.random.below(4)).map { _ in mill.change() }, maintains: false)
            }
            let oracle = NetOracle(changes: history.changes)
            let end = history.end
            let filter = Filter(model: "m")
            var net = NetChanges(
                of: history.predicate(filter), in: history.log, from: .zero,
                to: Offset(UInt64(end)))
            for _ in 0..<3 { _ = try net.step(postingsMax: 10) }
            try history.fill(300, from: &mill)
            let entries = try net.entries()
            #expect(entries == oracle.net(filter, from: 0, to: end))
            var gone = 0
            for entry in entries {
                #expect(try net.withRecord(at: entry.offset) { $0.offset } == entry.offset)
                guard entry.offset >= history.log.first,
                    try history.log.withRecord(at: entry.offset, { _ in true }) == true
                else {
                    gone += 1
                    continue
                }
            }
            #expect(gone > 0)
        }
    }
}
