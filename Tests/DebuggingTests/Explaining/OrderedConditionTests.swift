import Access
import Debugging
import LogModel
import LogStorage
import TestSupport
import Testing

/// Explanations judge conditions by code of their own: numbers and strings in an order that a table knows.
struct OrderedConditionTests {
    /// Ascending; those in one list are equal.
    private static let numbers = [
        ["-1e400", "-10e399"], ["-12.5", "-125e-1"], ["-1"], ["-1e-400"],
        ["0", "-0", "0.000", "0e9"],
        ["1e-99999999999999999999"], ["0.001", "1E-3"], ["0.1"], ["1", "1.0", "10e-1", "0.01e2"],
        ["1.0000000000000000000000000001"], ["9"], ["10", "1e1", "1e+1"],
        ["9007199254740992"], ["9007199254740993"], ["1e99999999999999999999"],
    ]
    private static let strings = ["", " ", "A", "AB", "a", "a\u{0}", "é", "e\u{301}z", "😀"]
        .sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }

    @Test func everyOrderIsThatOfTheTable() throws {
        let numbers = Self.numbers.enumerated().flatMap { rank, texts in
            texts.map { (rank: rank, value: Scalar(kind: .number, text: Text($0))) }
        }
        let strings = Self.strings.enumerated().map {
            (rank: $0.offset, value: Scalar.string($0.element))
        }
        try withTemporaryLog { writer in
            let values = numbers + strings
            for (place, value) in values.enumerated() {
                var builder = ChangesBuilder()
                builder.add(
                    .created, "m", key: .number(place), groups: [("v", value.value)], instance: "{}"
                )
                try writer.commit(builder.finish())
            }
            var delivered = 0
            for operand in values {
                for (order, holds) in [
                    ("<", { $0 < $1 }), ("<=", { $0 <= $1 }), (">", { $0 > $1 }),
                    (">=", { $0 >= $1 }),
                ] as [(String, (Int, Int) -> Bool)] {
                    // What no double holds can be in records here, and in no message.
                    let json = #"{"model":"m","where":{"v":{"\#(order)":\#(operand.value.json)}}}"#
                    guard let message = try? SubscriptionMessage(json) else { continue }
                    for (place, value) in values.enumerated() {
                        let explanation = try Explanation(
                            of: Offset(UInt64(place)), for: message, by: .unlimited, in: writer.log)
                        let expected =
                            value.value.kind == operand.value.kind
                            && holds(value.rank, operand.rank)
                        let isDelivered = explanation.frame != nil
                        #expect(
                            isDelivered == expected,
                            "\(value.value.json) \(order) \(operand.value.json)")
                        #expect(explanation.disagreements == [])
                        delivered += isDelivered ? 1 : 0
                    }
                }
            }
            #expect(delivered > 500)
        }
    }
}
