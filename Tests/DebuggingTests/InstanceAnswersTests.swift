import Debugging
import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// Histories, blames, states, differences and first times, against what the changes themselves say.
@Suite struct InstanceAnswersTests {
    private static func text(_ json: [UInt8]?) -> String? {
        json.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func changes(_ changes: [PropertyChange]) -> [Text: [String?]] {
        Dictionary(
            uniqueKeysWithValues: changes.map {
                ($0.property, [self.text($0.before), self.text($0.after)])
            })
    }

    private static func properties(_ record: RecordFacts) -> [Text: String] {
        let properties = record.properties
        return Dictionary(
            uniqueKeysWithValues: properties.names.map { ($0, self.text(properties[$0]) ?? "") })
    }

    @Test(arguments: 0..<4)
    func aHistoryIsEachRecordByWhatItChanged(seed: UInt64) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let shop = try ShopLog(seed: seed, batches: 700, in: path)
            for number in 0..<40 {
                let key = Text(String(number))
                let start = number % 3 == 0 ? shop.changes.count / 3 : 0
                var history = try InstanceHistory(
                    of: key, in: ShopLog.model, shop.log, from: Offset(UInt64(start)))
                var before: [Text: String]?
                for (offset, change) in shop.changes.enumerated() where change.key == key {
                    let after = change.action == .deleted ? nil : change.properties
                    defer { before = after }
                    guard offset >= start else { continue }
                    let step = try #require(try history.next())
                    #expect(step.record.offset == Offset(UInt64(offset)) && step.isExact)
                    #expect(step.record.action == change.action)
                    let expected =
                        change.action == .deleted ? [:] : ShopLog.difference(before, after)
                    #expect(Self.changes(step.changes) == expected)
                }
                #expect(try history.next() == nil)
            }
        }
    }

    @Test(arguments: 0..<4)
    func aBlameNamesTheRecordThatSetEachProperty(seed: UInt64) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let shop = try ShopLog(seed: seed, batches: 400, in: path)
            for end in [40, shop.changes.count / 2, shop.changes.count] {
                for number in 0..<40 {
                    let key = Text(String(number))
                    var setters: [Text: Offset] = [:]
                    var before: [Text: String]?
                    var last: Action?
                    for (offset, change) in shop.changes[..<end].enumerated()
                    where change.key == key {
                        last = change.action
                        guard change.action != .deleted else {
                            before = nil
                            continue
                        }
                        if before == nil { setters = [:] }
                        for (name, values) in ShopLog.difference(before, change.properties) {
                            setters[name] = values[1] == nil ? nil : Offset(UInt64(offset))
                        }
                        before = change.properties
                    }
                    let blame = try Blame(
                        key, of: ShopLog.model, in: shop.log, before: Offset(UInt64(end)))
                    #expect(blame?.last.action == last)
                    let found = blame?.lines.map { ($0.property, $0.record.offset) } ?? []
                    #expect(Dictionary(uniqueKeysWithValues: found) == setters)
                    #expect(blame?.lines.allSatisfy(\.isExact) != false)
                }
            }
        }
    }

    @Test(arguments: 0..<4)
    func aStateIsWhatThereWasThen(seed: UInt64) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let shop = try ShopLog(seed: seed, batches: 500, in: path)
            for end in stride(from: 0, through: shop.changes.count, by: 97) {
                for state in [nil, "\"paid\""] {
                    let filter = Filter(
                        model: ShopLog.model,
                        conditions: state.map {
                            [Condition(property: "state", test: .isIn([ShopLog.scalar($0)]))]
                        } ?? [])
                    var found: [Text: Int] = [:]
                    var set = SetState(of: filter, in: shop.log, before: Offset(UInt64(end)))
                    #expect(!set.isPartial)
                    try set.forEachInstance(progress: { _ in }) { record throws(StorageError) in
                        found[Text(bytes: record.key.copy())] = Int(record.offset.rawValue)
                    }
                    let expected = shop.state(before: end)
                        .filter { state == nil || $0.value.properties["state"] == state }
                    #expect(found == expected.mapValues(\.offset), "before \(end)")
                }
            }
        }
    }

    @Test(arguments: 0..<4)
    func aDifferenceIsWhatOneStateIsThatTheOtherIsNot(seed: UInt64) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let shop = try ShopLog(seed: seed, batches: 500, in: path)
            var random = SeededGenerator(seed: seed)
            for _ in 0..<40 {
                let start = Int.random(in: 0..<shop.changes.count, using: &random)
                let end = Int.random(in: start...shop.changes.count, using: &random)
                let (before, after) = (shop.state(before: start), shop.state(before: end))
                let touched = Set(shop.changes[start..<end].map(\.key))
                var expected: [Text: [Text: [String?]]] = [:]
                for key in touched where before[key]?.properties != after[key]?.properties {
                    expected[key] =
                        after[key] == nil
                        ? [:] : ShopLog.difference(before[key]?.properties, after[key]?.properties)
                }
                var found: [Text: [Text: [String?]]] = [:]
                var difference = NetDifference(
                    of: Filter(model: ShopLog.model), in: shop.log, from: Offset(UInt64(start)),
                    to: Offset(UInt64(end)))
                try difference.forEachEntry(progress: { _ in }) { entry in
                    found[entry.last.key.text] = Self.changes(entry.changes)
                    #expect((entry.change == .deleted) == (after[entry.last.key.text] == nil))
                    #expect((entry.change == .entered) == (before[entry.last.key.text] == nil))
                }
                #expect(found == expected, "from \(start) to \(end)")
            }
        }
    }

    @Test(arguments: 0..<4)
    func theFirstTimeIsTheFirstBatchAfterWhichItHolds(seed: UInt64) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let shop = try ShopLog(seed: seed, batches: 400, in: path)
            let total = try BisectQuestion("total < 0")
            let end = Offset(UInt64(shop.changes.count))
            for number in 0..<40 {
                let key = Text(String(number))
                var holds = false
                var (first, count): (Int?, Int) = (nil, 0)
                for (offset, change) in shop.changes.enumerated() where change.key == key {
                    let later = shop.changes[(offset + 1)...].first { $0.key == key }
                    if later?.batch == change.batch { continue }
                    let value = change.action == .deleted ? nil : change.properties["total"]
                    let now = value.flatMap { Int($0) }.map { $0 < 0 } ?? false
                    if now != holds { count += 1 }
                    if now, first == nil { first = offset }
                    holds = now
                }
                let turns = try total.turns(
                    of: key, in: ShopLog.model, shop.log, from: .zero, to: end)
                #expect(turns?.first?.record.offset == first.map { Offset(UInt64($0)) })
                #expect(turns?.count == count && turns?.holdsAtEnd == holds)
            }
        }
    }

    @Test(arguments: [
        "count > 6", "sum(total) < 0", "min(total) < -200", "max(total) >= 150", "avg(total) < 20",
    ])
    func ofAGroupTheAggregateIsThatOfItsInstances(question text: String) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let shop = try ShopLog(seed: 11, batches: 400, in: path)
            let question = try BisectQuestion(text)
            let filter = Filter(
                model: ShopLog.model,
                conditions: [Condition(property: "state", test: .isIn([.string("paid")]))])
            let start = shop.changes.count / 4
            var (expected, wasTrue): (Int?, Bool?) = (nil, nil)
            for (offset, change) in shop.changes.enumerated() {
                let isLast =
                    offset + 1 == shop.changes.count
                    || shop.changes[offset + 1].batch != change.batch
                guard isLast, offset + 1 >= start else { continue }
                let totals = shop.state(before: offset + 1).values
                    .filter { $0.properties["state"] == "\"paid\"" }
                    .compactMap { $0.properties["total"].flatMap { Int($0) } }
                let holds: Bool
                switch question.aggregate {
                case .count: holds = totals.count > 6
                case .sum: holds = totals.reduce(0, +) < 0
                case .min: holds = totals.min().map { $0 < -200 } ?? false
                case .max: holds = totals.max().map { $0 >= 150 } ?? false
                case .average:
                    holds =
                        totals.isEmpty
                        ? false : Double(totals.reduce(0, +)) / Double(totals.count) < 20
                case nil: holds = false
                }
                if wasTrue == nil { wasTrue = holds }
                if holds, wasTrue == false, expected == nil { expected = change.batch }
            }
            let turns = try question.turns(
                ofAll: filter, in: shop.log, from: Offset(UInt64(start)),
                to: Offset(UInt64(shop.changes.count)), progress: { _ in })
            let found = turns.first.map { shop.changes[Int($0.record.offset.rawValue)].batch }
            if wasTrue == false, !turns.heldAtStart { #expect(found == expected) }
            #expect(turns.heldAtStart || found != nil || expected == nil)
        }
    }

    @Test func groupsAreCountedByRecordsAndMembers() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let shop = try ShopLog(seed: 5, batches: 300, in: path)
            var activity = GroupActivity(property: "state")
            for extent in shop.log.extents { activity.add(extent, from: .zero, damage: { _ in }) }
            let entries = activity.entries(by: .records, limit: .max, in: shop.log)
            #expect(activity.isComplete && entries.count == 3)
            let now = shop.state(before: shop.changes.count)
            for entry in entries {
                let json = "\"\(entry.group.value.text)\""
                #expect(
                    entry.count.memberBalance == now.values.count { $0.properties["state"] == json }
                )
            }
            #expect(
                entries.map(\.count.recordCount)
                    == entries.map(\.count.recordCount).sorted(by: >))
            #expect(activity.recordCount == shop.changes.count)
            // With room for two the one with the fewest records is forgotten, and that is said.
            var small = GroupActivity(property: "state", groupCountMax: 2)
            for extent in shop.log.extents { small.add(extent, from: .zero, damage: { _ in }) }
            #expect(!small.isComplete && small.count <= 2)
            // In parts it is the same, and of groups that are as large the first ones by name.
            var joined = GroupActivity()
            var whole = GroupActivity()
            for extent in shop.log.extents {
                var part = GroupActivity()
                part.add(extent, from: .zero, damage: { _ in })
                joined.append(part)
                whole.add(extent, from: .zero, damage: { _ in })
            }
            for order in GroupActivity.Order.allCases {
                let all = whole.entries(by: order, limit: .max, in: shop.log)
                #expect(all.count > 20)
                for limit in [0, 1, 2, 9, 20, .max] {
                    let found = joined.entries(by: order, limit: limit, in: shop.log)
                    #expect(found == Array(all.prefix(limit)))
                }
            }
        }
    }
}
