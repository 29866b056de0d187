import LogModel
import Matching
import TestSupport
import Testing

/// Each comparison of each pair of values, from lists in order.
struct ComparisonTests {
    /// Numbers in order; those of a line are equal.
    private static let numbers: [[String]] = [
        ["-1e999999999999999999999", "-10e999999999999999999998"],
        ["-123456789012345678901234567890.2"],
        ["-123456789012345678901234567890.1", "-1234567890123456789012345678901e-1"],
        ["-1e20", "-100000000000000000000"],
        ["-9223372036854775808"],
        ["-1000000000000000000"],
        ["-12", "-12.0", "-1.2e1", "-120E-1"],
        ["-1.5"],
        ["-1", "-1.0"],
        ["-0.001", "-1e-3"],
        ["-1e-999999999999999999999"],
        ["0", "-0", "0.0", "-0.000", "0e5", "0E-999999999999999999999"],
        ["1e-1000000000000000000001"],
        ["1e-1000000000000000000000", "0.1e-999999999999999999999"],
        ["1e-400"],
        ["0.001", "1e-3", "0.00100", "10E-4"],
        ["0.0011"],
        ["0.1", "1e-1"],
        ["1", "1.0", "1e0", "1E+0", "10e-1", "0.1e1", "0.01e+02", "100e-002"],
        ["1.0000000000000000000000000000001"],
        ["1.5", "15e-1"],
        ["9"],
        ["10", "1e1", "1.0e1", "10.0"],
        ["99.99"],
        ["100", "1e2"],
        ["9007199254740992"],
        ["9007199254740993", "9007199254740993.0"],
        ["9007199254740993.5"],
        ["999999999999999999", "999999999999999999.0"],
        ["1000000000000000000", "1e18"],
        ["9223372036854775807"],
        ["9223372036854775808"],
        ["1e19"],
        ["1e99999999999999999"],
        ["1e100000000000000000", "0.1e100000000000000001", "10e99999999999999999"],
        ["12e999999999999999999999", "1.2e1000000000000000000000"],
        ["2e1000000000000000000000"],
    ]

    /// Strings in order of their bytes.
    private static let strings = [
        "", "\u{0}", "\u{0}\u{0}", "1", "10", "9", "a", "aa", "aaaaaaa", "aaaaaaaa", "aaaaaaaaa",
        "aaaaaaaab", "aaaaaaab", "ab", "abcdefghijklmnop", "abcdefghijklmnopq", "abcdefghijklmnoq",
        "b", "e\u{301}", "z", "é", "日本", "😀",
    ]

    @Test(arguments: Self.numbers.indices)
    func numbersAreComparedByTheirExactValue(line: Int) {
        let texts = Self.numbers.enumerated().flatMap { index, texts in texts.map { (index, $0) } }
        for own in Self.numbers[line] {
            let value = Scalar(kind: .number, text: Text(own))
            for (other, text) in texts {
                let operand = Scalar(kind: .number, text: Text(text))
                Self.expect(value, operand, isLess: line < other, isEqual: line == other)
            }
        }
    }

    @Test(arguments: Self.strings.indices)
    func stringsAreComparedByTheirBytes(index: Int) {
        for (other, text) in Self.strings.enumerated() {
            Self.expect(
                .string(Self.strings[index]), .string(text), isLess: index < other,
                isEqual: index == other)
        }
    }

    private static func expect(
        _ value: Scalar, _ operand: Scalar, isLess: Bool, isEqual: Bool
    ) {
        let comment: Comment = "\(value.text) and \(operand.text)"
        #expect(Self.holds(.order(.less, operand), for: value) == isLess, comment)
        #expect(Self.holds(.order(.atMost, operand), for: value) == (isLess || isEqual), comment)
        #expect(Self.holds(.order(.greater, operand), for: value) == !(isLess || isEqual), comment)
        #expect(Self.holds(.order(.atLeast, operand), for: value) == !isLess, comment)
    }

    private static let kinds: [Scalar] = [.null, .string("5"), .number(5), .boolean(true)]

    @Test(arguments: Self.kinds, Self.kinds)
    func nothingIsComparedAcrossTypes(value: Scalar, operand: Scalar) {
        let isComparable =
            value.kind == operand.kind && [.string, .number].contains(value.kind)
        for order in Condition.Order.allCases {
            let holds = Self.holds(.order(order, operand), for: value)
            #expect(holds == (isComparable && [.atMost, .atLeast].contains(order)))
        }
    }

    @Test(arguments: ["", "abc", "1.", ".5", "01", "1e", "1e+", "--1", "+1", "1 ", "0x1", "NaN"])
    func whatIsNoNumberHasNoOrder(text: String) {
        let wrong = Scalar(kind: .number, text: Text(text))
        for right in [Scalar(kind: .number, text: "1.5"), .number(2)] {
            for order in Condition.Order.allCases {
                #expect(!Self.holds(.order(order, wrong), for: right))
                #expect(!Self.holds(.order(order, right), for: wrong))
            }
        }
    }

    @Test(arguments: [
        (Scalar.string("abc"), "a", true), (.string("abc"), "abc", true),
        (.string("abc"), "abcd", false), (.string("abc"), "b", false), (.string(""), "a", false),
        (.string("abcdefgh"), "abcdefgh", true), (.string("abcdefghi"), "abcdefgh", true),
        (.string("abcdefg"), "abcdefgh", false), (.string("abcdefgx"), "abcdefgh", false),
        (.string("éa"), "é", true), (.string("e\u{301}a"), "é", false),
        (.number(123), "12", false), (.boolean(true), "t", false), (.null, "n", false),
    ])
    func onlyStringsHavePrefixes(value: Scalar, prefix: String, expected: Bool) {
        #expect(Self.holds(.hasPrefix(Text(prefix)), for: value) == expected)
    }

    private static let scalars: [Scalar] = [
        .null, .string(""), .string("null"), .number(1), .string("1"),
        Scalar(kind: .number, text: "1.0"), .boolean(true), .string("true"), .boolean(false),
    ]

    @Test(arguments: Self.scalars, Self.scalars)
    func equalityIsThatOfGroups(value: Scalar, operand: Scalar) {
        let isSame = value.isSameGroupValue(as: operand)
        #expect(Self.holds(.isIn([operand]), for: value) == isSame)
        #expect(Self.holds(.isNot([operand]), for: value) == !isSame)
        #expect(Self.holds(.isIn([operand, .string("x")]), for: value) == isSame)
        #expect(Self.holds(.isNot([operand, .string("x")]), for: value) == !isSame)
    }

    @Test(arguments: [
        Condition.Test.isIn([.null]), .isNot([.number(1)]), .order(.less, .number(1)),
        .hasPrefix("a"), .isIn([]), .isNot([]),
    ])
    func aMissingPropertyFulfilsNothing(test: Condition.Test) {
        let filter = Filter(model: "m", conditions: [Condition(property: "p", test: test)])
        let record = PlainRecord(groups: [.init(), .init("q", .number(0)), .init("pp", .null)])
        #expect(
            Predicate(filter, hasher: SampleRecord.hasher).change(by: record.encoded().view) == nil)
    }

    /// Whether an instance whose property has the value `value` fulfils the test.
    private static func holds(_ test: Condition.Test, for value: Scalar) -> Bool {
        let filter = Filter(model: "m", conditions: [Condition(property: "p", test: test)])
        let record = PlainRecord(groups: [.init(), .init("p", value, .stayed)])
        let predicate = Predicate(filter, hasher: SampleRecord.hasher)
        return predicate.change(by: record.encoded().view) == .updated
    }
}
