import LogFormat
import LogModel
import Matching
import TestSupport
import Testing

struct MatcherTests {
    @Test func nothingIsFoundInAnEmptyMatcher() {
        let matcher = Matcher()
        let record = SampleRecord(groups: [.init(), .init("list_id", .number(1))])
        #expect(matcher.isEmpty)
        #expect(matcher.subscribers(of: record.view).isEmpty)
    }

    @Test func aRecordFindsTheSubscribersOfEachOfItsGroupsInItsOrder() {
        var matcher = Matcher()
        matcher.add(.init(session: 1, slot: 0), to: GroupKey(model: "m"))
        matcher.add(.init(session: 2, slot: 3), to: .m("b", .number(2)))
        matcher.add(.init(session: 3, slot: 0), to: .m("a", .number(1)))
        matcher.add(.init(session: 4, slot: 0), to: .m("a", .number(2)))
        let record = SampleRecord(
            model: "m", groups: [.init("b", .number(2)), .init("a", .number(1)), .init()])
        #expect(
            matcher.subscribers(of: record.view) == [
                .init(place: 0, subscribers: [.init(session: 2, slot: 3)]),
                .init(place: 1, subscribers: [.init(session: 3, slot: 0)]),
                .init(place: 2, subscribers: [.init(session: 1, slot: 0)]),
            ])
    }

    @Test(arguments: [
        (Scalar.number(1), Scalar.string("1"), true),
        (.boolean(true), .string("true"), true),
        (.number(1), Scalar(kind: .number, text: "1.0"), false),
        (.null, .string(""), false),
        (.string(""), .null, false),
        (.null, .string("null"), false),
        (.null, .null, true),
        (.string("é"), .string("e\u{301}"), false),
    ])
    func aValueIsWantedByItsTextAndNullByItself(wanted: Scalar, published: Scalar, isFound: Bool) {
        var matcher = Matcher()
        matcher.add(.init(session: 1, slot: 1), to: .m("p", wanted), hash: 5)
        let record = SampleRecord(model: "m", groups: [.init("p", published)]) { _ in 5 }
        #expect(matcher.subscribers(of: record.view).isEmpty == !isFound)
    }

    @Test func groupsThatShareAHashAreToldApartByEveryPart() {
        var matcher = Matcher()
        let keys: [GroupKey] = [
            .m("p", .number(1)), .m("p", .number(2)), .m("q", .number(1)), .m("p1", .string("")),
            GroupKey(model: "m"), GroupKey(model: "n", property: "p", value: .number(1)),
            GroupKey(model: "mp", property: "", value: .number(1)),
        ]
        for (number, key) in keys.enumerated() {
            matcher.add(.init(session: UInt32(number), slot: 0), to: key, hash: 77)
        }
        for (number, key) in keys.enumerated() {
            let group = SampleRecord.Group(key.property, key.value)
            let record = SampleRecord(model: key.model, groups: [group]) { _ in 77 }
            #expect(
                matcher.subscribers(of: record.view) == [
                    .init(place: 0, subscribers: [.init(session: UInt32(number), slot: 0)])
                ])
        }
    }

    @Test func oneSessionCanWantAGroupTwice() {
        var matcher = Matcher()
        matcher.add(.init(session: 1, slot: 0), to: .m("p", .number(1)))
        matcher.add(.init(session: 1, slot: 1), to: .m("p", .string("1")))
        let record = SampleRecord(model: "m", groups: [.init("p", .number(1))])
        let found = matcher.subscribers(of: record.view).flatMap(\.subscribers)
        #expect(Set(found) == [.init(session: 1, slot: 0), .init(session: 1, slot: 1)])
        #expect(found.count == 2)
    }

    @Test func aThousandGroupsAreFoundAfterGrowthAndAfterHalfOfThemWent() {
        var matcher = Matcher()
        func subscriber(_ number: Int) -> Subscriber { .init(session: UInt32(number), slot: 0) }
        for number in 0..<1000 { matcher.add(subscriber(number), to: .m("p", .number(number))) }
        for number in stride(from: 0, to: 1000, by: 2) {
            matcher.remove(subscriber(number), from: .m("p", .number(number)))
        }
        for number in 0..<1000 {
            let record = SampleRecord(model: "m", groups: [.init("p", .number(number))])
            let found = matcher.subscribers(of: record.view).flatMap(\.subscribers)
            #expect(found == (number.isMultiple(of: 2) ? [] : [subscriber(number)]))
        }
        for number in stride(from: 1, to: 1000, by: 2) {
            matcher.remove(subscriber(number), from: .m("p", .number(number)))
        }
        #expect(matcher.isEmpty)
    }
}

extension GroupKey {
    static func m(_ property: Text, _ value: Scalar) -> GroupKey {
        GroupKey(model: "m", property: property, value: value)
    }
}

/// Whom a matcher has found for one group of a record.
struct Finding: Equatable {
    /// Which of the record's groups.
    let place: Int
    let subscribers: [Subscriber]
}

extension Matcher {
    mutating func add(_ subscriber: Subscriber, to key: GroupKey) {
        self.add(subscriber, to: key, hash: SampleRecord.hasher.groupHash(key))
    }

    mutating func remove(_ subscriber: Subscriber, from key: GroupKey) {
        self.remove(subscriber, from: key, hash: SampleRecord.hasher.groupHash(key))
    }

    /// Whom `record` finds, group by group.
    func subscribers(of record: borrowing RecordView) -> [Finding] {
        // The entry that is given is found again by its text, which two groups never share.
        let texts = (0..<record.groupCount).map { Self.text(record, record.group($0)) }
        var findings: [Finding] = []
        var seen: [(text: [UInt8], subscribers: [Subscriber])] = []
        self.match(record) { entry, subscribers in
            seen.append((Self.text(record, entry), subscribers))
        }
        for (text, subscribers) in seen {
            guard let place = texts.firstIndex(of: text) else { continue }
            findings.append(Finding(place: place, subscribers: subscribers))
        }
        return findings
    }

    private static func text(_ record: borrowing RecordView, _ entry: GroupEntry) -> [UInt8] {
        record.property(of: entry).copy() + [0, entry.valueKind.rawValue, 0]
            + record.value(of: entry).copy()
    }
}
