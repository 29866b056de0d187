import LogModel
import Testing

struct ScalarTests {
    @Test func scalarsHaveTheirCanonicalText() {
        #expect(Scalar.number(-42).text == "-42")
        #expect(Scalar.boolean(true).text == "true")
        #expect(Scalar.boolean(false).text == "false")
        #expect(Scalar.string("a\"b").text == "a\"b")
        #expect(Scalar.null.text == "")
        #expect(Scalar.null.kind == .null)
    }

    @Test(arguments: [
        (Scalar.number(1), Scalar.string("1")),
        (Scalar.boolean(true), Scalar.string("true")),
        (Scalar.null, Scalar.null),
        (Scalar.string(""), Scalar.string("")),
    ])
    func equalTextIsTheSameGroup(left: Scalar, right: Scalar) {
        #expect(left.isSameGroupValue(as: right))
        #expect(right.isSameGroupValue(as: left))
    }

    @Test(arguments: [
        (Scalar.number(1), Scalar(kind: .number, text: "1.0")),
        (Scalar.null, Scalar.string("")),
        (Scalar.null, Scalar.string("null")),
        (Scalar.string("\u{E9}"), Scalar.string("e\u{301}")),
        (Scalar.string("a"), Scalar.string("A")),
    ])
    func otherTextIsAnotherGroup(left: Scalar, right: Scalar) {
        #expect(!left.isSameGroupValue(as: right))
        #expect(!right.isSameGroupValue(as: left))
    }

    /// The type is kept, so that a value can be given back as it came.
    @Test func theTypeIsPartOfTheScalar() {
        #expect(Scalar.number(1) != Scalar.string("1"))
    }

    @Test func theModelGroupIsThatOfNoPropertyAndNull() {
        #expect(GroupKey(model: "m") == GroupKey(model: "m", property: "", value: .null))
        #expect(GroupKey(model: "m") != GroupKey(model: "m", property: "", value: .string("")))
    }

    /// They are on disk.
    @Test func theNumbersOfKindsActionsAndMembershipsStay() {
        #expect(Scalar.Kind.allCases.map(\.rawValue) == [0, 1, 2, 3])
        #expect(Scalar.Kind.allCases == [.null, .string, .number, .boolean])
        #expect(Action.allCases.map(\.rawValue) == [1, 2, 3])
        #expect(Action.allCases.map { "\($0.name)" } == ["CREATED", "UPDATED", "DELETED"])
        #expect(Membership.allCases.map(\.rawValue) == [1, 2, 3])
        #expect(Membership.allCases == [.entered, .stayed, .left])
    }
}
