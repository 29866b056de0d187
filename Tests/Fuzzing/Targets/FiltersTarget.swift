import LogModel
import Matching
import TestSupport

/// Filters and a record made by the input: predicates and the matcher judge as plain values are judged.
enum FiltersTarget {
    private static let properties: [Text] = ["p", "q", "priority"]

    /// Each byte of `input` is a choice.
    static func run(_ input: [UInt8]) -> Int {
        var choices = Choices(input)
        let hashing = choices.pick(Hashing.allCases)
        let filters = (0...choices.below(4)).map { _ in Self.filter(&choices) }
        var matcher = Matcher()
        let predicates = filters.map { Predicate($0) { hashing.hash($0) } }
        for (slot, predicate) in predicates.enumerated() {
            matcher.add(Subscriber(owner: 1, slot: UInt32(slot)), predicate)
        }
        var sum = 0
        repeat {
            let record = Self.record(&choices)
            let encoded = record.encoded { hashing.hash($0) }
            var found = [SetChange?](repeating: nil, count: filters.count)
            matcher.match(encoded.view) { subscriber, change, _ in
                require(found[Int(subscriber.slot)] == nil, "a subscriber was told twice")
                found[Int(subscriber.slot)] = change
            }
            for (slot, filter) in filters.enumerated() {
                let expected = record.change(of: filter)
                require(
                    predicates[slot].change(by: encoded.view) == expected,
                    "a predicate does not say \(String(describing: expected))")
                require(
                    found[slot] == expected,
                    "the matcher does not say \(String(describing: expected))")
                if expected != nil { sum += 1 }
            }
        } while !choices.isEmpty
        for (slot, predicate) in predicates.enumerated() {
            matcher.remove(Subscriber(owner: 1, slot: UInt32(slot)), predicate)
        }
        require(matcher.isEmpty, "something is left of subscriptions that are over")
        return sum
    }

    private static func filter(_ choices: inout Choices) -> Filter {
        Filter(
            model: choices.pick(["m", "n"]),
            conditions: (0..<choices.below(5)).map { _ in
                Condition(property: choices.pick(Self.properties), test: Self.test(&choices))
            })
    }

    private static func test(_ choices: inout Choices) -> Condition.Test {
        switch choices.below(7) {
        case 0, 1: .isIn((0...choices.below(5)).map { _ in Self.value(&choices) })
        case 2: .isNot((0...choices.below(3)).map { _ in Self.value(&choices) })
        case 3: .hasPrefix(choices.pick(["a", "abc", "abcdefgh", "abcdefghijk", "t"]))
        default: .order(choices.pick(Condition.Order.allCases), Self.value(&choices))
        }
    }

    /// A value of the tests, a string, or a number of so few digits that the plain judgement is right.
    private static func value(_ choices: inout Choices) -> Scalar {
        switch choices.below(4) {
        case 0:
            let letters = (0..<choices.below(20)).map { _ in choices.pick(["a", "b", "\0"]) }
            return .string(letters.joined())
        case 1:
            let whole = choices.below(1 << 16)
            let fraction = choices.pick(["", ".0", ".5", ".50", ".001", ".999"])
            let exponent = choices.pick(["", "e0", "e1", "E+2", "e-1", "e-03"])
            let sign = choices.pick(["", "-"])
            return Scalar(kind: .number, text: Text("\(sign)\(whole)\(fraction)\(exponent)"))
        default: return choices.pick(RandomFilters.values)
        }
    }

    private static func record(_ choices: inout Choices) -> PlainRecord {
        var record = PlainRecord(
            action: choices.pick(Action.allCases), model: choices.pick(["m", "n"]),
            // Every record is in its model's group, by which scans find it.
            groups: [.init("", .null, choices.pick(Membership.allCases))])
        for _ in 0..<choices.below(8) {
            let membership = choices.pick(Membership.allCases)
            let property = choices.pick(Self.properties + ["other"])
            record.groups.append(.init(property, Self.value(&choices), membership))
        }
        return record
    }
}
