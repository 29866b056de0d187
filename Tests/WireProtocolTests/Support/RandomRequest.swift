import LogModel
import TestSupport
import WireProtocol

/// Makes random requests that both a message and a URL can say.
struct RandomRequest {
    var random: SeededGenerator

    mutating func request() -> SubscriptionRequest {
        var conditions: [Condition] = []
        let properties: [Text] = [
            "p", "list_id", "a b", "a=b", " q", "x in [1]", "\"", "é<", "!", "in", "\u{7}",
        ]
        for property in properties where self.random.chance(1, in: 4) {
            for kind in 0..<7 where self.random.chance(1, in: 3) {
                conditions.append(Condition(property: property, test: self.test(kind)))
            }
        }
        let start: SubscriptionRequest.Start =
            switch self.random.below(6) {
            case 0: .now
            case 1: .start
            case 2: .snapshot
            case 3:
                .token(
                    ResumeToken(
                        epoch: Epoch(self.random.next()), next: Offset(self.random.next()),
                        checksum: UInt32(truncatingIfNeeded: self.random.next())))
            case 4: .offset(Offset(self.random.next() >> UInt64(self.random.below(64))))
            default: .time(.random(in: RFC3339.range, using: &self.random))
            }
        // No more than the 32 conditions and 64 values that are allowed.
        return SubscriptionRequest(
            filter: Filter(
                model: self.random.pick(["m", "todolist.Task", "a\"b", "é"]),
                conditions: Array(conditions.prefix(20))),
            start: start, catchUp: self.random.pick([.all, .latest]),
            budget: self.random.pick([nil, 1, 1000, 1_000_000]))
    }

    private mutating func test(_ kind: Int) -> Condition.Test {
        switch kind {
        case 0: .isIn(self.values())
        case 1: .isNot(self.values())
        case 2: .hasPrefix(self.random.pick(["a", "12", "null", " ", "\"x\"", "=", "é"]))
        default:
            .order(
                Condition.Order.allCases[kind - 3],
                self.random.chance(1, in: 2) ? self.string() : self.number())
        }
    }

    private mutating func values() -> [Scalar] {
        (0...self.random.below(3)).map { _ in
            switch self.random.below(5) {
            case 0: Scalar.null
            case 1: .boolean(self.random.chance(1, in: 2))
            case 2: self.number()
            default: self.string()
            }
        }
    }

    private mutating func number() -> Scalar {
        Scalar(kind: .number, text: self.random.pick(["0", "-1", "1.0", "42", "1E+5", "-0.5e-7"]))
    }

    private mutating func string() -> Scalar {
        .string(
            self.random.pick([
                "", "a", "42", "null", "=x", "<", " a ", "[1]", "\"", "\\", "\n\r", "é", "🌍",
                "in [1]",
            ]))
    }
}
