import LogFormat
import LogModel
import Matching
import TestSupport
import Testing

struct MatcherTests {
    private static func subscriber(_ number: Int) -> Subscriber {
        Subscriber(owner: UInt32(number), slot: 0)
    }

    private static func predicate(_ conditions: Condition..., model: Text = "m") -> Predicate {
        Predicate(Filter(model: model, conditions: conditions), hasher: SampleRecord.hasher)
    }

    private static func isIn(_ property: Text, _ values: Scalar...) -> Condition {
        Condition(property: property, test: .isIn(values))
    }

    @Test func nothingIsFoundInAnEmptyMatcher() {
        var matcher = Matcher()
        #expect(matcher.isEmpty)
        #expect(matcher.calls(for: PlainRecord(groups: [.init(), .init("p", .null)])).isEmpty)
    }

    @Test func subscribersAreFoundInTheOrderOfTheRecordsGroups() {
        var matcher = Matcher()
        matcher.add(Self.subscriber(1), Self.predicate())
        matcher.add(Self.subscriber(2), Self.predicate(Self.isIn("b", .number(2))))
        matcher.add(
            Self.subscriber(3), Self.predicate(Self.isIn("a", .number(1), .number(7))))
        matcher.add(Self.subscriber(4), Self.predicate(Self.isIn("a", .number(2))))
        matcher.add(
            Self.subscriber(5),
            Self.predicate(Condition(property: "a", test: .order(.less, .number(5)))))
        let record = PlainRecord(
            groups: [.init("b", .number(2)), .init("a", .number(1), .stayed), .init()])
        let calls = matcher.calls(for: record)
        #expect(calls.map(\.group) == [0, 1, 2, 2])
        #expect(calls.prefix(2).map(\.subscriber.owner) == [2, 3])
        #expect(calls.prefix(2).map(\.change) == [.entered, .updated])
        #expect(Set(calls.suffix(2).map(\.subscriber.owner)) == [1, 5])
    }

    @Test func whoWantsTwoValuesIsToldOnceOfAMoveBetweenThem() {
        var matcher = Matcher()
        let list = Self.predicate(Self.isIn("p", .number(1), .number(2)))
        matcher.add(Self.subscriber(1), list)
        let record = PlainRecord(
            groups: [
                .init("", .null, .stayed), .init("p", .number(2), .entered),
                .init("p", .number(1), .left),
            ])
        #expect(
            matcher.calls(for: record)
                == [Call(subscriber: Self.subscriber(1), change: .updated, group: 1)])
    }

    @Test func aGroupThatARecordNamesTwiceIsGivenOnce() {
        var matcher = Matcher()
        matcher.add(Self.subscriber(1), Self.predicate(Self.isIn("p", .number(1))))
        let record = PlainRecord(
            groups: [
                .init(), .init("p", .string("1"), .entered), .init("p", .number(1), .left),
            ])
        #expect(
            matcher.calls(for: record)
                == [Call(subscriber: Self.subscriber(1), change: .updated, group: 1)])
    }

    @Test func anInstanceThatGoesInAndOutAndInIsToldAsThat() {
        var matcher = Matcher()
        matcher.add(Self.subscriber(1), Self.predicate(Self.isIn("list", .number(4))))
        matcher.add(
            Self.subscriber(2),
            Self.predicate(
                Self.isIn("list", .number(4)), Condition(property: "p", test: .isNot([.null]))))
        // As an appender writes three changes of one instance in a batch.
        let records = [
            PlainRecord(
                action: .created,
                groups: [.init(), .init("list", .number(4)), .init("p", .number(1))]),
            PlainRecord(
                groups: [
                    .init("", .null, .stayed), .init("list", .number(5)),
                    .init("p", .number(1), .stayed), .init("list", .number(4), .left),
                ]),
            PlainRecord(
                groups: [
                    .init("", .null, .stayed), .init("list", .number(4)),
                    .init("p", .number(1), .stayed), .init("list", .number(5), .left),
                ]),
            PlainRecord(
                action: .deleted,
                groups: [
                    .init("", .null, .left), .init("list", .number(4), .left),
                    .init("p", .number(1), .left),
                ]),
        ]
        var changes: [UInt32: [SetChange]] = [:]
        for record in records {
            for call in matcher.calls(for: record) {
                changes[call.subscriber.owner, default: []].append(call.change)
            }
        }
        let expected: [SetChange] = [.entered, .left, .entered, .deleted]
        #expect(changes == [1: expected, 2: expected])
    }

    @Test func groupsThatShareAHashAreToldApartByEveryPart() {
        var matcher = Matcher()
        let long = "a value that is longer than its place in the table"
        let keys: [GroupKey] = [
            .m("p", .number(1)), .m("p", .number(2)), .m("q", .number(1)), .m("p1", .string("")),
            .m("p", .null), .m("p", .string("")), .m("p", .string("null")), GroupKey(model: "m"),
            .m("p", .string("abcdefgh")), .m("p", .string("abcdefghi")),
            .m("p", .string("abcdefghj")), .m("p", .string("abcdefghij")),
            .m("p", .string("abcdefghik")), .m("p", .string("abcdefghijk")),
            .m("p", .string(long + "1")), .m("p", .string(long + "2")), .m("p", .string(long)),
            GroupKey(model: "n", property: "p", value: .number(1)), GroupKey(model: "n"),
            GroupKey(model: "mp", property: "q", value: .number(1)),
        ]
        for (number, key) in keys.enumerated() {
            matcher.add(Self.subscriber(number), Predicate(Filter(group: key)) { _ in 77 })
        }
        for (number, key) in keys.enumerated() {
            let record = PlainRecord(model: key.model, groups: [.init(key.property, key.value)])
            let encoded = record.encoded { _ in 77 }
            var found: [Subscriber] = []
            matcher.match(encoded.view) { subscriber, _, _ in found.append(subscriber) }
            #expect(found == [Self.subscriber(number)])
        }
        for (number, key) in keys.enumerated() {
            matcher.remove(Self.subscriber(number), Predicate(Filter(group: key)) { _ in 77 })
        }
        #expect(matcher.isEmpty)
    }

    @Test func oneFilterThatIsFoundByDifferentListsIsFoundByEach() {
        let filter = Filter(
            model: "m",
            conditions: [Self.isIn("p", .number(1)), Self.isIn("q", .number(2))])
        let hashOfP = SampleRecord.hasher.groupHash(.m("p", .number(1)))
        let byP = Predicate(filter, hasher: SampleRecord.hasher) { $0 == hashOfP ? 0 : 1 }
        let byQ = Predicate(filter, hasher: SampleRecord.hasher) { $0 == hashOfP ? 1 : 0 }
        var matcher = Matcher()
        matcher.add(Self.subscriber(1), byP)
        matcher.add(Self.subscriber(2), byQ)
        let record = PlainRecord(
            groups: [.init(), .init("q", .number(2)), .init("p", .number(1))])
        let first = Call(subscriber: Self.subscriber(2), change: .entered, group: 1)
        let second = Call(subscriber: Self.subscriber(1), change: .entered, group: 2)
        #expect(matcher.calls(for: record) == [first, second])
        matcher.remove(Self.subscriber(1), byP)
        #expect(matcher.calls(for: record) == [first])
        matcher.remove(Self.subscriber(2), byQ)
        #expect(matcher.isEmpty)
        #expect(matcher.calls(for: record).isEmpty)
    }

    @Test func filtersThatNoRecordCanFulfilAreKeptAndRemoved() {
        let long = Text(bytes: [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 16))
        let predicates = [
            Self.predicate(Self.isIn("p", Scalar(kind: .string, text: long))),
            Self.predicate(Self.isIn(long, .number(1))), Self.predicate(model: long),
            Self.predicate(Condition(property: "p", test: .isIn([]))),
        ]
        var matcher = Matcher()
        for (number, predicate) in predicates.enumerated() {
            matcher.add(Self.subscriber(number), predicate)
        }
        #expect(!matcher.isEmpty)
        #expect(matcher.calls(for: PlainRecord(groups: [.init(), .init("p", .null)])).isEmpty)
        for (number, predicate) in predicates.enumerated() {
            matcher.remove(Self.subscriber(number), predicate)
        }
        #expect(matcher.isEmpty)
    }

    @Test(arguments: [0, 1])
    func aHundredThousandSubscribersOfOneFilterLeaveOneByOne(conditionCount: Int) {
        // Of one group, and of a filter that a group does not answer.
        let predicate =
            conditionCount == 0
            ? Self.predicate() : Self.predicate(Condition(property: "p", test: .isNot([.null])))
        let record = PlainRecord(groups: [.init(), .init("p", .number(1))])
        var random = SeededGenerator(seed: 5)
        var matcher = Matcher()
        var numbers = Array(0..<100_000)
        for number in numbers { matcher.add(Self.subscriber(number), predicate) }
        numbers.shuffle(using: &random)
        while let number = numbers.popLast() {
            matcher.remove(Self.subscriber(number), predicate)
            if numbers.count % 10_000 == 0 || numbers.count == 33 || numbers.count == 3 {
                let found = matcher.calls(for: record).map { Int($0.subscriber.owner) }
                #expect(found.sorted() == numbers.sorted())
            }
        }
        #expect(matcher.isEmpty)
    }

    @Test func tenThousandFiltersOfOneGroupLeaveOneByOne() {
        var matcher = Matcher()
        func predicate(_ number: Int) -> Predicate {
            Self.predicate(Condition(property: "p", test: .order(.less, .number(number))))
        }
        for number in 0..<10_000 { matcher.add(Self.subscriber(number), predicate(number)) }
        let record = PlainRecord(groups: [.init(), .init("p", .number(4_999))])
        #expect(matcher.calls(for: record).count == 5_000)
        for number in 0..<10_000 { matcher.remove(Self.subscriber(number), predicate(number)) }
        #expect(matcher.isEmpty)
    }

    @Test func fiftyThousandGroupsAreFoundWhileTheyComeAndGo() {
        var matcher = Matcher()
        func predicate(_ number: Int) -> Predicate {
            Self.predicate(Self.isIn("p", .number(number)))
        }
        func expectFound(_ number: Int, _ isFound: Bool) {
            let record = PlainRecord(groups: [.init(), .init("p", .number(number))])
            // Preparing, of this record and of others, changes nothing.
            for other in number..<number + 3 {
                let record = PlainRecord(groups: [.init(), .init("p", .number(other))])
                matcher.prepare(record.encoded().view)
            }
            let found = matcher.calls(for: record).map(\.subscriber)
            #expect(found == (isFound ? [Self.subscriber(number)] : []))
        }
        for number in 0..<50_000 { matcher.add(Self.subscriber(number), predicate(number)) }
        for number in 0..<50_000 where number % 3 != 0 {
            matcher.remove(Self.subscriber(number), predicate(number))
        }
        for number in stride(from: 0, to: 51_000, by: 7) {
            expectFound(number, number < 50_000 && number % 3 == 0)
        }
        for number in 50_000..<60_000 { matcher.add(Self.subscriber(number), predicate(number)) }
        for number in stride(from: 45_000, to: 60_000, by: 7) {
            expectFound(number, number >= 50_000 || number % 3 == 0)
        }
        for number in 0..<60_000 where number % 3 == 0 || number >= 50_000 {
            matcher.remove(Self.subscriber(number), predicate(number))
        }
        #expect(matcher.isEmpty)
        expectFound(3, false)
    }

    @Test func whatWasNotAddedCannotBeRemoved() async {
        await #expect(processExitsWith: .failure) {
            var matcher = Matcher()
            let predicate = Predicate(Filter(model: "m"), hasher: SampleRecord.hasher)
            matcher.add(Subscriber(owner: 1, slot: 0), predicate)
            matcher.remove(Subscriber(owner: 2, slot: 0), predicate)
        }
    }
}

extension GroupKey {
    fileprivate static func m(_ property: Text, _ value: Scalar) -> GroupKey {
        GroupKey(model: "m", property: property, value: value)
    }
}
