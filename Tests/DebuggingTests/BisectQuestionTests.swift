import Debugging
import LogModel
import Testing

/// What is asked of an instance, or of a group as a whole.
@Suite struct BisectQuestionTests {
    private static func number(_ text: String) -> Scalar {
        Scalar(kind: .number, text: Text(text))
    }

    @Test(arguments: [
        ("total = 0", number("0.0"), true), ("total = 0", number("-0"), true),
        ("total = 0", .string("0"), true), ("total = 0", .string("0.0"), false),
        ("total != 1.50", number("1.5"), false), ("total != 1.50", number("1.51"), true),
        ("total in [1e2,7]", number("100"), true), ("total in [1e2,7]", number("10"), false),
        ("total < 10", number("9.99"), true), ("total < 10", number("1e1"), false),
        ("total < 10", .string("9"), false), ("total >= -5", number("-5.0"), true),
        ("state = sent", .string("sent"), true), ("state > a", .string("b"), true),
        ("state ^= se", .string("sent"), true), ("state ^= se", .string("new"), false),
        ("state = null", .null, true), ("state = null", .string(""), false),
        ("total != 1", nil, false),
    ])
    func numbersAreComparedByTheirValues(_ text: String, _ value: Scalar?, _ holds: Bool) throws {
        #expect(try BisectQuestion(text).holds(of: value) == holds)
    }

    @Test func anAggregateIsNamedByItsFunction() throws {
        #expect(try BisectQuestion("count > 3").aggregate == .count)
        #expect(try BisectQuestion("sum(total) <= 1").aggregate == .sum("total"))
        #expect(try BisectQuestion("avg(a.b) != 2").aggregate == .average("a.b"))
        for text in ["total > 3", "sum() > 3", "median(total) > 3", "counts > 3"] {
            #expect(try BisectQuestion(text).aggregate == nil, "\(text)")
        }
    }
}
