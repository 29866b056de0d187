import Access
import Debugging
import Foundation
import LogModel
import LogStorage
import TestSupport
import Testing

/// What a subscription would have delivered, against a list of what was done.
struct SubscriptionTrialTests {
    /// What was done to one task, and what it was before.
    private struct Line {
        let offset: Int
        let batch: Int
        let time: Int64
        let action: Action
        let key: Int
        let before: (list: Int, state: Int)?
        let after: (list: Int, state: Int)?
        let instance: String
    }

    /// A subscription, and whether it wants a task of this list and state.
    private static let filters: [(json: String, wants: @Sendable (Int, Int) -> Bool)] = [
        (#"{"model":"t"}"#, { _, _ in true }),
        (#"{"model":"t","where":{"list":3}}"#, { list, _ in list == 3 }),
        (
            #"{"model":"t","where":{"list":{"in":[1,4]},"state":{"!=":2}}}"#,
            { [1, 4].contains($0) && $1 != 2 }
        ),
        (#"{"model":"t","where":{"state":{">=":1}}}"#, { $1 >= 1 }),
        (#"{"model":"t","where":{"list":99}}"#, { _, _ in false }),
    ]

    /// Random batches of tasks, with others between.
    private static func withTasks(
        seed: UInt64, _ body: (ChangeLog, [Line]) throws -> Void
    ) throws {
        var random = SeededGenerator(seed: seed)
        try withTemporaryLog { writer in
            var alive: [Int: (list: Int, state: Int)] = [:]
            var lines: [Line] = []
            var offset = 0
            var time: Int64 = 1_760_000_000_000_000
            for batch in 0..<400 {
                var builder = ChangesBuilder()
                time += Int64(random.below(1000)) * 60_000
                for _ in 0..<1 + random.below(4) {
                    defer { offset += 1 }
                    guard random.chance(4, in: 5) else {
                        builder.add(.created, "n", key: .number(offset))
                        continue
                    }
                    let key = random.below(40)
                    let before = alive[key]
                    let isDeletion = before != nil && random.chance(1, in: 6)
                    var new = (list: random.below(6), state: random.below(3))
                    if isDeletion, let before { new = before }
                    builder.add(
                        isDeletion ? .deleted : before == nil ? .created : .updated, "t",
                        key: .number(key),
                        groups: [("list", .number(new.list)), ("state", .number(new.state))])
                    alive[key] = isDeletion ? nil : new
                    lines.append(
                        Line(
                            offset: offset, batch: batch, time: time,
                            action: isDeletion ? .deleted : before == nil ? .created : .updated,
                            key: key, before: before, after: alive[key],
                            instance: #"{"id":\#(key),"list":\#(new.list),"state":\#(new.state)}"#))
                }
                try writer.commit(builder.finish(), time: time)
            }
            try body(writer.log, lines)
        }
    }

    @Test(arguments: 0..<4) func whatIsCountedIsWhatWasDone(_ seed: Int) throws {
        try Self.withTasks(seed: UInt64(seed)) { log, lines in
            let end = Int(log.watermarks.visible.rawValue)
            for (json, wants) in Self.filters {
                for (from, until) in [(0, end), (end / 3, end / 2), (end, end)] {
                    let range = try TrialRange(
                        from: .offset(Offset(UInt64(from))), until: .offset(Offset(UInt64(until))),
                        in: log)
                    let trial = SubscriptionTrial(
                        try SubscriptionMessage(json), by: .unlimited, in: log, range)
                    Self.check(trial, lines.filter { from..<until ~= $0.offset }, wants)
                    #expect(trial.range.count == until - from)
                }
            }
        }
    }

    private static func check(
        _ trial: SubscriptionTrial, _ lines: [Line], _ wants: (Int, Int) -> Bool
    ) {
        var changes: [SetChange: Int] = [:]
        var seconds: [Int64: Int] = [:]
        var hours: [Int64: Int] = [:]
        var batches: [Int: [String]] = [:]
        var offsets: [Int] = []
        for line in lines {
            let wasIn = line.before.map { wants($0.list, $0.state) } ?? false
            let isIn = line.after.map { wants($0.list, $0.state) } ?? false
            guard let change = SetChange(wasIn: wasIn, isIn: isIn, action: line.action) else {
                continue
            }
            changes[change, default: 0] += 1
            seconds[line.time / 1_000_000, default: 0] += 1
            hours[line.time / 3_600_000_000, default: 0] += 1
            offsets.append(line.offset)
            let instance = change == .left ? "" : #","instance":\#(line.instance)"#
            batches[line.batch, default: []].append(
                #"{"offset":\#(line.offset),"action":"\#(line.action.name)","change":"\#(change.name)","key":\#(line.key)\#(instance)}"#
            )
        }
        #expect(trial.delivered.entered == changes[.entered] ?? 0)
        #expect(trial.delivered.updated == changes[.updated] ?? 0)
        #expect(trial.delivered.left == changes[.left] ?? 0)
        #expect(trial.delivered.deleted == changes[.deleted] ?? 0)
        #expect(trial.first.map { Int($0.rawValue) } == offsets.first)
        #expect(trial.last.map { Int($0.rawValue) } == offsets.last)
        #expect(trial.times.peakRate == seconds.values.max() ?? 0)
        if let busiest = seconds.filter({ $0.value == trial.times.peakRate }).keys.min() {
            #expect(trial.times.peakTime == busiest * 1_000_000)
        }
        #expect(trial.times.hours.map(\.records) == hours.sorted { $0.key < $1.key }.map(\.value))
        #expect(trial.times.hours.map(\.start) == hours.keys.sorted().map { $0 * 3_600_000_000 })
        #expect(trial.messageCount == batches.count)
        let bytes = batches.values.map { records in
            let token = String(repeating: "x", count: 28)
            let text =
                #"{"changes":1,"token":"\#(token)","records":[\#(records.joined(separator: ","))]}"#
            let count = text.utf8.count
            return count + (count < 126 ? 2 : count < 65536 ? 4 : 10)
        }
        #expect(trial.messageByteCount == bytes.reduce(0, +))
        #expect(trial.lookedAt >= trial.delivered.total && trial.damage.count == 0)
        if trial.plan == .group { #expect(trial.lookedAt == trial.delivered.total) }
    }

    @Test func whatIsRefusedDeliversNothing() throws {
        try Self.withTasks(seed: 9) { log, _ in
            let range = try TrialRange(from: nil, until: nil, in: log)
            let closed = Reader(.anonymous, under: AccessPolicy(isOpen: false))
            let trial = SubscriptionTrial(
                try SubscriptionMessage(#"{"model":"t"}"#), by: closed, in: log, range)
            #expect(trial.plan == nil && trial.answer?.contains("\"forbidden\"") == true)
            #expect(trial.delivered.total == 0 && trial.lookedAt == 0)
        }
    }

    @Test func aDamagedRecordIsPassedOverAndNamed() throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let writer = try Recovery.open(LogDirectory(path), options: .small).writer
            for number in 0..<20 {
                var builder = ChangesBuilder()
                builder.add(
                    .created, "t", key: .number(number), groups: [("list", .number(number % 2))],
                    instance: "{\"pad\":\"record \(number) of them\"}")
                try writer.commit(builder.finish())
            }
            try writer.close()
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: path).filter {
                    $0.hasSuffix(".segment")
                }.min())
            let file = URL(filePath: "\(path)/\(name)")
            let log = try LogInspector(LogDirectory(path)).openLog()
            // Only now: opening looks at all records of a segment that is not sealed.
            var bytes = try Data(contentsOf: file)
            let place = try #require(bytes.range(of: Data("record 7 of".utf8)))
            bytes[place.lowerBound] ^= 1
            let handle = try FileHandle(forWritingTo: file)
            try handle.write(contentsOf: bytes)
            try handle.close()
            let range = try TrialRange(from: nil, until: nil, in: log)
            let message = try SubscriptionMessage(#"{"model":"t"}"#)
            let trial = SubscriptionTrial(message, by: .unlimited, in: log, range)
            #expect(trial.damage.count >= 1)
            let rules = RuleTrial(
                .open, insteadOf: .open, for: [.anonymous], in: log, range, top: 5)
            #expect(rules.damage.count == 1 && rules.recordCount == 19)
            #expect(rules.cells.first?.proposed.entered == 19 && rules.differenceCount == 0)
            #expect(throws: Explanation.Failure.self) {
                try Explanation(of: Offset(7), for: message, by: .unlimited, in: log)
            }
        }
    }
}
