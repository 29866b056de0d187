import LogFormat
import LogModel
import LogStorage
import Matching
import Replication
import TestSupport
import Testing

/// Net changes against a look at every change.
@Suite struct NetChangesTests {
    /// What becomes of segments that are full.
    enum State: String, CaseIterable, Sendable {
        case unsealed, sealed, cold

        var upkeep: Upkeep { Upkeep(coldAge: self == .cold ? 60 : nil) }
    }

    private static func withLog(
        _ seed: UInt64, upkeep: Upkeep = Upkeep(coldAge: nil),
        _ body: (HistoryLog, inout HistoryMill) throws -> Void
    ) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            var mill = HistoryMill(seed: seed)
            let history = try HistoryLog(path, seed: seed, upkeep: upkeep)
            try body(history, &mill)
        }
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>, State.allCases)
    func theyAreThoseOfAPlainListOfChanges(seed: UInt64, state: State) throws {
        try Self.withLog(seed, upkeep: state.upkeep) { history, mill in
            try history.fill(300, from: &mill)
            #expect(HeldSegments(history.log).count >= 4)
            let oracle = NetOracle(changes: history.changes)
            var told = 0
            for _ in 0..<120 {
                let filter = mill.filter()
                let start = mill.random.chance(1, in: 3) ? 0 : mill.random.below(history.end + 1)
                let end = start + mill.random.below(history.end - start + 1)
                let limit = 1 + mill.random.below(200)
                let found = try history.net(filter, from: start, to: end, postingsMax: limit)
                #expect(
                    oracle.agrees(found, filter, from: start, to: end),
                    "\(filter) \(start)..<\(end)")
                told += found.count
            }
            #expect(told > 500)
        }
    }

    @Test func everyPairOfPlacesOfASmallLogIsRight() throws {
        try Self.withLog(5) { history, mill in
            mill.models = ["m"]
            mill.keys = [.number(1), .number(2)]
            mill.properties = ["list"]
            mill.values = [.number(1), .number(2)]
            let filters: [Filter] = [
                Filter(model: "m"),
                Filter(group: GroupKey(model: "m", property: "list", value: .number(1))),
                Filter(
                    model: "m",
                    conditions: [Condition(property: "list", test: .isNot([.number(2)]))]),
                Filter(
                    model: "m",
                    conditions: [
                        Condition(property: "list", test: .isIn([.number(1), .number(2)]))
                    ]
                ),
            ]
            for filter in filters { #expect(try history.net(filter).isEmpty) }
            try history.fill(14, from: &mill)
            let oracle = NetOracle(changes: history.changes)
            for start in 0...history.end {
                for end in start...history.end {
                    for filter in filters {
                        let found = try history.net(filter, from: start, to: end, postingsMax: 1)
                        #expect(oracle.agrees(found, filter, from: start, to: end))
                    }
                }
            }
        }
    }

    /// What an instance does after offset 0, what is told of it from there, and what from the place behind its
    /// first change.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [(Action, list: Int?)]
        let fromStart: SetChange?
        let sinceFirst: SetChange?
    }

    static let cases = [
        Case(
            testDescription: "enters", steps: [(.created, nil), (.updated, 1)],
            fromStart: .entered, sinceFirst: .entered),
        Case(
            testDescription: "stays", steps: [(.created, 1), (.updated, 1)],
            fromStart: .entered, sinceFirst: .updated),
        Case(
            testDescription: "leaves", steps: [(.created, 1), (.updated, 2)],
            fromStart: nil, sinceFirst: .left),
        Case(
            testDescription: "is deleted", steps: [(.created, 1), (.deleted, nil)],
            fromStart: nil, sinceFirst: .deleted),
        Case(
            testDescription: "leaves and comes back",
            steps: [(.created, 1), (.updated, 2), (.updated, 1)],
            fromStart: .entered, sinceFirst: .updated),
        Case(
            testDescription: "is deleted and created again",
            steps: [(.created, 1), (.deleted, nil), (.created, 1)],
            fromStart: .entered, sinceFirst: .updated),
        Case(
            testDescription: "enters and leaves again",
            steps: [(.created, 2), (.updated, 1), (.updated, 2)],
            fromStart: nil, sinceFirst: nil),
        Case(
            testDescription: "leaves, and is deleted elsewhere",
            steps: [(.created, 1), (.updated, 2), (.deleted, nil)],
            fromStart: nil, sinceFirst: .left),
        Case(
            testDescription: "changes elsewhere", steps: [(.created, 2), (.updated, 3)],
            fromStart: nil, sinceFirst: nil),
    ]

    @Test(arguments: cases)
    func oneInstanceIsToldOnce(_ example: Case) throws {
        try Self.withLog(1) { history, _ in
            for (action, list) in example.steps {
                try history.append([
                    PastChange(
                        action: action, model: "m", key: .number(1),
                        groups: list.map { [("list", .number($0))] } ?? [])
                ])
            }
            let filter = Filter(group: GroupKey(model: "m", property: "list", value: .number(1)))
            #expect(try history.net(filter).map(\.change) == [example.fromStart].compactMap { $0 })
            let since = try history.net(filter, from: 1)
            #expect(since.map(\.change) == [example.sinceFirst].compactMap { $0 })
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func keysAndGroupsThatCollideAreToldApart(seed: UInt64) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            var mill = HistoryMill(seed: seed)
            // Names with equal hashes under this secret.
            mill.models = ["m.Colour"]
            mill.keys = [.string("baenkfikocpaleic"), .string("fbcpkikoabpcbncd"), .number(1)]
            mill.properties = ["list_idx"]
            mill.values = [
                .string("dnnpjmjoljcpaiac"), .string("nlkdnofgmdpjphhj"), .number(2),
            ]
            let history = try HistoryLog(
                path, upkeep: Upkeep(coldAge: nil), secret: SipHash.Key(low: 1, high: 2))
            try history.fill(40, from: &mill)
            let hasher = history.log.hasher
            let hashes = mill.values.map {
                hasher.groupHash(GroupKey(model: "m.Colour", property: "list_idx", value: $0))
            }
            #expect(hashes[0] == hashes[1])
            let oracle = NetOracle(changes: history.changes)
            for _ in 0..<60 {
                let filter = mill.filter()
                let start = mill.random.below(history.end)
                let end = start + mill.random.below(history.end - start + 1)
                let found = try history.net(filter, from: start, to: end)
                #expect(
                    oracle.agrees(found, filter, from: start, to: end),
                    "\(filter) \(start)..<\(end)")
            }
        }
    }

    @Test func stepsAreBoundedInRecords() throws {
        try Self.withLog(3) { history, mill in
            try history.fill(60, from: &mill)
            let filter = Filter(model: "m")
            let postings = history.changes.filter { $0.model == "m" }.count
            for limit in [1, 7, 100_000] {
                var net = NetChanges(
                    of: history.predicate(filter), in: history.log, from: .zero,
                    to: Offset(UInt64(history.end)))
                var steps = 1
                var highest = 0
                while try !net.step(postingsMax: limit) {
                    steps += 1
                    #expect(net.instanceCount <= highest + limit)
                    highest = max(highest, net.instanceCount)
                }
                #expect(steps >= postings / limit)
                #expect(limit < 100_000 || steps == 1)
                let count = try net.entries().count
                #expect(net.instanceCount == count)
                let isDone = try net.step(postingsMax: 1)
                #expect(isDone)
            }
        }
    }

    /// Many instances pass through a set that is small at any time.
    @Test func theTableForgetsInstancesOfWhichThereIsNothingToTell() throws {
        var table = InstanceTable(keepsFirsts: true)
        let list = SampleRecord.Group("list", .number(1), .entered)
        for number in 0..<20_000 {
            let key = Scalar.string("instance \(number / 2)")
            let offset = Offset(UInt64(number))
            let record = SampleRecord(
                number % 2 == 0 ? .created : .deleted, key: key, offset: offset, groups: [list])
            table.note(
                record.view, number % 2 == 0 ? .entered : .deleted, notBelow: offset)
            #expect(table.count == 1 - number % 2)
        }
        #expect(table.placeCount == 16)
    }
}
