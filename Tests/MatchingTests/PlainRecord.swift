import LogFormat
import LogModel
import TestSupport

/// A record as plain values, which can be judged without its bytes.
struct PlainRecord {
    var action = Action.updated
    var model: Text = "m"
    var groups: [SampleRecord.Group] = [.init()]

    /// The record's bytes.
    func encoded(hash: (GroupKey) -> UInt64 = { SampleRecord.hasher.groupHash($0) }) -> SampleRecord
    {
        SampleRecord(self.action, model: self.model, groups: self.groups, hash: hash)
    }

    /// What the record does to those whom `filter` wants, group by group and condition by condition.
    func change(of filter: Filter) -> SetChange? {
        guard self.model == filter.model else { return nil }
        func holds(_ isOnSide: (Membership) -> Bool) -> Bool {
            let groups = self.groups.filter { isOnSide($0.membership) }
            func allHold(_ conditions: [Condition]) -> Bool {
                conditions.allSatisfy { condition in
                    groups.contains {
                        $0.property == condition.property
                            && condition.test.plainlyHolds(for: $0.value)
                    }
                }
            }
            // Without a condition it is the group of the model that says whether the instance exists.
            if filter.conjunction.isEmpty, !groups.contains(where: { $0.property == "" }) {
                return false
            }
            let ways = filter.sight.clauses.flatMap(\.alternatives)
            return allHold(filter.conditions) && ways.contains(where: allHold)
        }
        switch (holds { $0 != .entered }, holds { $0 != .left }) {
        case (false, false): return nil
        case (false, true): return .entered
        case (true, true): return .updated
        case (true, false): return self.action == .deleted ? .deleted : .left
        }
    }

    /// The place of the first group that is one of those that find `filter`: by the model if `driver` is nil.
    func place(of filter: Filter, driver: Condition?) -> Int? {
        self.groups.firstIndex {
            guard let driver else { return $0.property == "" }
            return $0.property == driver.property && driver.test.plainlyHolds(for: $0.value)
        }
    }
}

extension Condition.Test {
    /// Whether `value` fulfils the test, in the simplest way that is right for numbers of a few digits.
    func plainlyHolds(for value: Scalar) -> Bool {
        func isListed(_ values: [Scalar]) -> Bool {
            values.contains {
                $0.text == value.text && ($0.kind == .null) == (value.kind == .null)
            }
        }
        switch self {
        case .isIn(let values): return isListed(values)
        case .isNot(let values): return !isListed(values)
        case .hasPrefix(let text):
            return value.kind == .string && value.text.bytes.starts(with: text.bytes)
        case .order(let order, let operand):
            guard value.kind == operand.kind else { return false }
            let (less, equal): (Bool, Bool)
            switch value.kind {
            case .null, .boolean: return false
            case .string:
                less = value.text.bytes.lexicographicallyPrecedes(operand.text.bytes)
                equal = value.text == operand.text
            case .number:
                let (left, right) = (value.millionths, operand.millionths)
                (less, equal) = (left < right, left == right)
            }
            return switch order {
            case .less: less
            case .atMost: less || equal
            case .greater: !less && !equal
            case .atLeast: !less
            }
        }
    }
}

extension Scalar {
    /// A number as an integer of millionths; it has no more digits than fit.
    var millionths: Int128 {
        var digits: Int128 = 0
        var isNegative = false
        var scale = 6
        var rest = Array(self.text.bytes)
        if let e = rest.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
            scale += Int(String(decoding: rest[(e + 1)...], as: UTF8.self)) ?? 0
            rest.removeSubrange(e...)
        }
        var isFraction = false
        for byte in rest {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): isFraction = true
            default:
                digits = digits * 10 + Int128(byte - UInt8(ascii: "0"))
                if isFraction { scale -= 1 }
            }
        }
        while scale > 0 {
            digits *= 10
            scale -= 1
        }
        while scale < 0 {
            digits /= 10
            scale += 1
        }
        return isNegative ? -digits : digits
    }
}
