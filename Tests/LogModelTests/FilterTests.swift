import LogModel
import Testing

struct FilterTests {
    private static let conditions: [Condition] = [
        Condition(property: "a", test: .isIn([.number(1), .number(2)])),
        Condition(property: "a", test: .isIn([.string("1"), .number(2)])),
        Condition(property: "a", test: .isIn([.null])),
        Condition(property: "a", test: .isIn([.string("")])),
        Condition(property: "a", test: .isIn([.string("1\u{0}2")])),
        Condition(property: "a", test: .isNot([.number(1), .number(2)])),
        Condition(property: "a", test: .order(.less, .number(1))),
        Condition(property: "a", test: .order(.less, .string("1"))),
        Condition(property: "a", test: .order(.atMost, .number(1))),
        Condition(property: "a", test: .hasPrefix("1")),
        Condition(property: "b", test: .hasPrefix("1")),
    ]

    @Test(arguments: Self.conditions, Self.conditions)
    func theOrderOfConditionsDoesNotMatter(first: Condition, second: Condition) {
        let filter = Filter(model: "m", conditions: [first, second])
        #expect(filter == Filter(model: "m", conditions: [second, first]))
        #expect(filter == Filter(model: "m", conditions: [first, second, first]))
        #expect(filter.conditions.count == (first == second ? 1 : 2))
    }

    @Test(arguments: Self.conditions, Self.conditions)
    func conditionsAreInOneOrder(first: Condition, second: Condition) {
        #expect((first < second) != (second < first) || first == second)
        #expect(!(first < second && second < first))
    }

    @Test func conditionsOfOnePropertyStandTogether() {
        let filter = Filter(model: "m", conditions: Self.conditions.reversed())
        #expect(filter.conditions.map(\.property) == Array(repeating: "a", count: 10) + ["b"])
    }

    @Test(arguments: [
        ([Scalar.number(2), .number(1)], [Scalar.number(1), .number(2)]),
        ([.number(1), .number(1)], [.number(1)]),
        ([.string("1"), .number(1)], [.number(1), .string("1")]),
        ([.number(1), .null, .string("")], [.null, .string(""), .number(1), .null]),
        ([.boolean(true), .string("x"), .string("true")], [.string("true"), .string("x")]),
    ])
    func valuesOfAListAreEachOnceAndInOneOrder(values: [Scalar], others: [Scalar]) {
        let list = Condition(property: "p", test: .isIn(values))
        #expect(list == Condition(property: "p", test: .isIn(others)))
        let exclusion = Condition(property: "p", test: .isNot(values))
        #expect(exclusion == Condition(property: "p", test: .isNot(others)))
        #expect(list != exclusion)
    }

    @Test(arguments: [
        (Scalar.null, Scalar.string("")), (.number(1), Scalar(kind: .number, text: "1.0")),
        (.string("a"), .string("b")), (.string("é"), .string("e\u{301}")),
    ])
    func valuesThatAreNotTheSameGroupStayApart(one: Scalar, other: Scalar) {
        let list = Condition(property: "p", test: .isIn([one, other]))
        guard case .isIn(let values) = list.test else {
            Issue.record("the list became \(list)")
            return
        }
        #expect(Set(values) == [one, other])
    }

    @Test func aFilterOfOneValueOrOfNoConditionIsAGroup() {
        let one = GroupKey(model: "m", property: "p", value: .number(1))
        let all = GroupKey(model: "m")
        #expect(Filter(group: one).group == one)
        #expect(Filter(group: all).group == all)
        #expect(Filter(group: all) == Filter(model: "m"))
        let twice = Condition(property: "p", test: .isIn([.number(1), .string("1")]))
        #expect(Filter(model: "m", conditions: [twice]).group?.value.text == "1")
    }

    @Test(arguments: [
        [Condition(property: "p", test: .isIn([.number(1), .number(2)]))],
        [Condition(property: "p", test: .isIn([]))],
        [Condition(property: "p", test: .isNot([.number(1)]))],
        [Condition(property: "p", test: .order(.less, .number(1)))],
        [Condition(property: "p", test: .hasPrefix("a"))],
        [
            Condition(property: "p", test: .isIn([.number(1)])),
            Condition(property: "q", test: .isIn([.number(1)])),
        ],
    ])
    func anyOtherFilterIsNot(conditions: [Condition]) {
        #expect(Filter(model: "m", conditions: conditions).group == nil)
    }
}
