import LogFormat
import LogModel
import LogStorage
import Replication
import TestSupport
import Testing
import WireProtocol

@Suite struct StateReadingTests {
    private static let filter = Filter(model: "m")
    /// Nothing of it can be looked up.
    private static let scan = Filter(
        model: "m",
        conditions: [Condition(property: "list", test: .order(.greater, .number(0)))])

    private static func withLog(_ body: (HistoryLog) throws -> Void) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let history = try HistoryLog(path, upkeep: Upkeep(coldAge: nil))
            for key in 0..<20 {
                try history.append(
                    [
                        PastChange(
                            action: .created, model: "m", key: .number(key),
                            groups: [("list", .number(key % 2))]),
                        PastChange(action: .created, model: "n", key: .number(key), groups: []),
                    ], padding: 100...100)
            }
            try body(history)
        }
    }

    private static func state(
        _ history: HistoryLog, _ filter: Filter = filter, at place: ModelsQuery.Place = .now,
        allowsScans: Bool = true, limits: StateReading.Limits = StateReading.Limits()
    ) throws(Problem) -> (count: Int, next: Offset) {
        let reading = try StateReading(
            of: filter, at: place, in: history.log, allowsScans: allowsScans, limits: limits)
        while try !reading.step() {}
        let (records, token, isPartial) = try reading.result()
        #expect(!isPartial)
        return (
            records.split(separator: UInt8(ascii: "\n")).isEmpty ? 0 : Self.count(records),
            token.next
        )
    }

    private static func count(_ records: [UInt8]) -> Int {
        String(decoding: records, as: UTF8.self).components("\"offset\":")
    }

    private static func refusal(_ body: () throws(Problem) -> Void) -> String? {
        do throws(Problem) {
            try body()
            return nil
        } catch {
            return "\(error.status) \(error.code)"
        }
    }

    @Test func theStateOfAnyPlaceIsThere() throws {
        try Self.withLog { history in
            let now = try Self.state(history)
            #expect(now.count == 20 && now.next == Offset(40))
            for offset: UInt64 in [0, 10, 40] {
                let then = try Self.state(history, at: .offset(Offset(offset)))
                #expect(then.count == Int(offset) / 2 && then.next == Offset(offset))
            }
            // A place within a batch is the one before it.
            let within = try Self.state(history, at: .offset(Offset(11)))
            #expect(within.count == 5 && within.next == Offset(10))
            let timed = try Self.state(history, at: .time(4))
            #expect(timed.count == 3 && timed.next == Offset(6))
            let group = Filter(group: GroupKey(model: "m", property: "list", value: .number(1)))
            #expect(try Self.state(history, group).count == 10)
        }
    }

    @Test func whatIsTooMuchIsRefused() throws {
        try Self.withLog { history in
            var few = StateReading.Limits()
            few.instancesMax = 19
            var small = StateReading.Limits()
            small.byteCountMax = 2000
            let refusals = [
                Self.refusal { () throws(Problem) in _ = try Self.state(history, limits: few) },
                Self.refusal { () throws(Problem) in _ = try Self.state(history, limits: small) },
                Self.refusal { () throws(Problem) in
                    _ = try Self.state(history, Self.scan, allowsScans: false)
                },
                Self.refusal { () throws(Problem) in
                    _ = try Self.state(history, at: .offset(Offset(41)))
                },
            ]
            #expect(
                refusals == [
                    "413 snapshot-too-large", "413 snapshot-too-large", "400 unindexed",
                    "410 offset-ahead",
                ])
        }
    }
}

extension String {
    /// How often `text` occurs.
    fileprivate func components(_ text: String) -> Int {
        self.ranges(of: text).count
    }
}
