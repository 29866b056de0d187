import LogFormat
import LogModel
import Matching
import TestSupport
import Testing

struct PredicateTests {
    private static let isOne = Condition(property: "p", test: .isIn([.number(1)]))
    private static let isOneOrTwo = Condition(
        property: "p", test: .isIn([.number(1), .number(2)]))
    private static let isNotDone = Condition(property: "state", test: .isNot([.string("done")]))
    private static let isSmall = Condition(property: "total", test: .order(.less, .number(10)))

    private static func hash(_ property: Text, _ value: Scalar) -> UInt64 {
        SampleRecord.hasher.groupHash(GroupKey(model: "m", property: property, value: value))
    }

    @Test(arguments: [
        ([], FilterPlan.group, [Self.hash("", .null)]),
        ([Self.isOne], .group, [Self.hash("p", .number(1))]),
        ([Self.isOneOrTwo], .residual, [Self.hash("p", .number(1)), Self.hash("p", .number(2))]),
        ([Self.isOne, Self.isNotDone], .residual, [Self.hash("p", .number(1))]),
        ([Self.isNotDone], .scan, [Self.hash("", .null)]),
        ([Self.isNotDone, Self.isSmall], .scan, [Self.hash("", .null)]),
        ([Condition(property: "p", test: .isIn([]))], .residual, []),
    ])
    func recordsAreFoundByAListOrElseByTheModel(
        conditions: [Condition], plan: FilterPlan, driver: [UInt64]
    ) {
        let predicate = Predicate(
            Filter(model: "m", conditions: conditions), hasher: SampleRecord.hasher
        ) { _ in
            Issue.record("there was no choice")
            return 0
        }
        #expect(predicate.plan == plan)
        #expect(Set(predicate.driver) == Set(driver))
        #expect(predicate.driver.count == driver.count)
    }

    @Test(arguments: [
        // Records with p = 1, p = 2, q = 3, and which property finds fewer.
        (10, 10, 30, true), (10, 10, 10, false), (0, 21, 20, false), (0, 20, 21, true),
        // As many: the shorter list.
        (10, 10, 20, false), (0, 0, 0, false), (.max, .max, 5, false), (5, 5, .max, true),
        (.max, .max, .max, false), (-3, 1, 2, true),
    ])
    func theRarerListFindsRecords(one: Int, two: Int, three: Int, isByP: Bool) {
        let isThree = Condition(property: "q", test: .isIn([.number(3)]))
        let rarities = [
            Self.hash("p", .number(1)): one, Self.hash("p", .number(2)): two,
            Self.hash("q", .number(3)): three,
        ]
        for conditions in [[Self.isOneOrTwo, isThree], [isThree, Self.isOneOrTwo]] {
            let predicate = Predicate(
                Filter(model: "m", conditions: conditions + [Self.isSmall]),
                hasher: SampleRecord.hasher
            ) { rarities[$0] ?? 0 }
            #expect(predicate.driver.count == (isByP ? 2 : 1))
            #expect(predicate.plan == .residual)
        }
    }

    @Test func aHashThatValuesShareFindsThemOnce() {
        let values = (0..<10).map { Scalar.number($0) }
        let list = Condition(property: "p", test: .isIn(values))
        let predicate = Predicate(Filter(model: "m", conditions: [list])) { _ in 7 }
        #expect(predicate.driver == [7])
    }

    @Test(arguments: Membership.allCases, Action.allCases)
    func aGroupsMembershipIsWhatARecordDid(membership: Membership, action: Action) {
        let filters = [
            Filter(model: "m"), Filter(model: "m", conditions: [Self.isOne]),
            Filter(model: "m", conditions: [Self.isOneOrTwo]),
        ]
        let record = PlainRecord(
            action: action,
            groups: [.init("", .null, membership), .init("p", .number(1), membership)])
        for filter in filters {
            let predicate = Predicate(filter, hasher: SampleRecord.hasher)
            let change = predicate.change(by: record.encoded().view)
            #expect(change == SetChange(membership, action: action))
        }
    }

    @Test(arguments: [
        // Of p and of state: before, after.
        (1, 1, "open", "open", SetChange?.some(.updated)), (1, 1, "open", "done", .left),
        (1, 1, "done", "open", .entered), (1, 1, "done", "done", nil),
        (1, 2, "open", "open", .updated), (1, 3, "open", "open", .left),
        (3, 1, "open", "open", .entered), (1, 3, "done", "open", nil),
        (3, 1, "open", "done", nil), (1, 2, "open", "done", .left), (3, 4, "open", "open", nil),
    ])
    func allConditionsMustHoldBeforeAndAfter(
        oldP: Int, newP: Int, oldState: String, newState: String, expected: SetChange?
    ) {
        var record = PlainRecord(groups: [.init("", .null, .stayed)])
        func add(_ property: Text, _ old: Scalar, _ new: Scalar) {
            if old == new {
                record.groups.append(.init(property, new, .stayed))
            } else {
                record.groups.append(.init(property, new, .entered))
                record.groups.append(.init(property, old, .left))
            }
        }
        add("p", .number(oldP), .number(newP))
        add("state", .string(oldState), .string(newState))
        let filter = Filter(model: "m", conditions: [Self.isOneOrTwo, Self.isNotDone])
        let predicate = Predicate(filter, hasher: SampleRecord.hasher)
        #expect(predicate.change(by: record.encoded().view) == expected)
    }

    @Test(arguments: [1, 63, 64, 65, 128, 200])
    func anyNumberOfConditionsMustHold(count: Int) {
        let conditions = (0..<count).map {
            Condition(property: "p", test: .order(.greater, .number(-1 - $0)))
        }
        let predicate = Predicate(
            Filter(model: "m", conditions: conditions), hasher: SampleRecord.hasher)
        func change(_ value: Int) -> SetChange? {
            let record = PlainRecord(groups: [.init(), .init("p", .number(value), .entered)])
            return predicate.change(by: record.encoded().view)
        }
        #expect(change(0) == .entered)
        for failing in 1...count {
            #expect(change(-failing) == nil)
            var move = PlainRecord(
                groups: [.init("p", .number(-failing), .entered), .init("p", .number(0), .left)])
            #expect(predicate.change(by: move.encoded().view) == .left)
            move.groups[0].membership = .left
            move.groups[1].membership = .entered
            #expect(predicate.change(by: move.encoded().view) == .entered)
        }
    }

    @Test func anotherModelIsNoConcern() {
        for model in ["n", "mm", "abcdefghijklmnopq"] as [Text] {
            let predicate = Predicate(Filter(model: model), hasher: SampleRecord.hasher)
            #expect(predicate.change(by: PlainRecord().encoded().view) == nil)
        }
    }

    @Test func namesAndValuesThatNoRecordCanHaveFulfilNothing() {
        let long = Text(bytes: [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 16))
        let record = PlainRecord(groups: [.init(), .init("p", .string("a"), .entered)])
        func change(_ model: Text, _ condition: Condition) -> SetChange? {
            Predicate(Filter(model: model, conditions: [condition]), hasher: SampleRecord.hasher)
                .change(by: record.encoded().view)
        }
        let value = Scalar(kind: .string, text: long)
        #expect(change(long, Self.isNotDone) == nil)
        #expect(change("m", Condition(property: long, test: .isNot([.number(1)]))) == nil)
        #expect(change("m", Condition(property: "p", test: .isIn([value]))) == nil)
        #expect(change("m", Condition(property: "p", test: .isNot([value]))) == .entered)
        #expect(change("m", Condition(property: "p", test: .hasPrefix(long))) == nil)
        #expect(change("m", Condition(property: "p", test: .order(.less, value))) == .entered)
    }
}
