import LogFormat
import LogModel
import LogStorage
import Replication
import TestSupport
import Testing

@Suite struct TailWatchTests {
    private static func group(_ list: Int) -> Filter {
        Filter(group: GroupKey(model: "m", property: "list", value: .number(list)))
    }

    private static func withLog(_ body: (HistoryLog) throws -> Void) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            try body(try HistoryLog(path, upkeep: Upkeep(coldAge: nil)))
        }
    }

    private static func append(_ history: HistoryLog, list: Int, count: Int = 1) throws {
        try history.append(
            (0..<count).map {
                PastChange(
                    action: .updated, model: "m", key: .number($0),
                    groups: [("list", .number(list))])
            }, padding: 0...0)
    }

    /// A waiter for what happens to a list from an offset on.
    private static func add(
        _ watch: inout TailWatch, _ history: HistoryLog, list: Int, from start: UInt64
    ) -> TailWatch.ID? {
        watch.add(history.predicate(Self.group(list)), from: Offset(start))
    }

    @Test func whoIsConcernedIsToldOnce() throws {
        try Self.withLog { history in
            var watch = TailWatch(history.log)
            let one = Self.add(&watch, history, list: 1, from: 0)
            let two = Self.add(&watch, history, list: 2, from: 0)
            #expect(!watch.hasWork)
            var told = watch.turn()
            #expect(told.isEmpty)
            try Self.append(history, list: 3)
            #expect(watch.hasWork)
            told = watch.turn()
            #expect(told.isEmpty && !watch.hasWork)
            try Self.append(history, list: 1)
            told = watch.turn()
            #expect(told == [one] && watch.count == 1)
            try Self.append(history, list: 1)
            told = watch.turn()
            #expect(told.isEmpty)
            // Instance 0 leaves list 1 and enters list 2.
            try Self.append(history, list: 2)
            told = watch.turn()
            #expect(told == [two] && watch.count == 0 && !watch.hasWork)
        }
    }

    @Test func whatCameBetweenIsNotMissed() throws {
        try Self.withLog { history in
            var watch = TailWatch(history.log)
            let other = try #require(Self.add(&watch, history, list: 9, from: 0))
            try Self.append(history, list: 1)
            var told = watch.turn()
            #expect(told.isEmpty)
            // It had nothing yet, and the watch is past that.
            let late = Self.add(&watch, history, list: 1, from: 0)
            #expect(watch.hasWork)
            told = watch.turn()
            #expect(told == [late])
            // This one had it.
            _ = Self.add(&watch, history, list: 1, from: 1)
            told = watch.turn()
            #expect(!watch.hasWork && told.isEmpty)
            watch.remove(other)
            #expect(watch.count == 1)
        }
    }

    @Test func whoIsFarBehindLooksForItself() throws {
        try Self.withLog { history in
            for _ in 0..<25 { try Self.append(history, list: 1, count: 200) }
            var watch = TailWatch(history.log)
            #expect(Self.add(&watch, history, list: 2, from: 100) == nil)
            let near = try #require(Self.add(&watch, history, list: 2, from: 1000))
            var turns = 0
            while watch.hasWork {
                let told = watch.turn()
                #expect(told.isEmpty)
                turns += 1
            }
            #expect(turns == 2)
            watch.remove(near)
            watch.remove(near)
            #expect(watch.count == 0)
        }
    }
}
