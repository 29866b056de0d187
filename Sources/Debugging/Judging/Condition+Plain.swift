import LogModel

extension Condition.Test {
    /// Whether `value` is what it must be: judged by itself, apart from the matcher, so that a fault of either is seen.
    func isFulfilled(by value: Scalar) -> Bool {
        switch self {
        case .isIn(let values): return values.contains { $0.isSameGroupValue(as: value) }
        case .isNot(let values): return !values.contains { $0.isSameGroupValue(as: value) }
        case .hasPrefix(let prefix):
            return value.kind == .string && value.text.bytes.starts(with: prefix.bytes)
        case .order(let order, let operand):
            guard value.kind == operand.kind else { return false }
            let difference: Int
            switch value.kind {
            case .string: difference = Self.compare(value.text.bytes, operand.text.bytes)
            case .number:
                guard let left = PlainDecimal(value.text.string),
                    let right = PlainDecimal(operand.text.string)
                else { return false }
                difference = left.compare(to: right)
            case .null, .boolean: return false
            }
            return switch order {
            case .less: difference < 0
            case .atMost: difference <= 0
            case .greater: difference > 0
            case .atLeast: difference >= 0
            }
        }
    }

    private static func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
        left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
    }
}
