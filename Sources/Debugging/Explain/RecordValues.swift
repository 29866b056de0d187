import LogFormat
import LogModel

/// One side of a record: what its instance was just before it, or is after it.
package enum RecordSide: Hashable, Sendable, CaseIterable {
    /// Just before the record.
    case before
    /// After it.
    case after
}

/// What a record carries of its instance's properties, as plain values.
///
/// Explanations judge conditions and rules by it on their own, apart from the matcher, so that a fault of one of both is
/// seen.
struct RecordValues: Sendable {
    /// One group.
    struct Entry: Sendable {
        let property: Text
        let value: Scalar
        let membership: Membership

        /// Whether the instance has the value at that side.
        func isOf(_ side: RecordSide) -> Bool {
            switch (side, self.membership) {
            case (_, .stayed), (.after, .entered), (.before, .left): true
            case (.before, .entered), (.after, .left): false
            }
        }
    }

    let model: Text
    /// The groups in the record's order; that of the model has no property.
    let entries: [Entry]

    init(_ record: borrowing RecordView) {
        self.model = Text(bytes: record.model.copy())
        var entries: [Entry] = []
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            entries.append(
                Entry(
                    property: Text(bytes: record.property(of: entry).copy()),
                    value: Scalar(
                        kind: entry.valueKind, text: Text(bytes: record.value(of: entry).copy())),
                    membership: entry.membership))
        }
        self.entries = entries
    }

    /// Whether the instance exists at that side.
    func exists(_ side: RecordSide) -> Bool {
        self.entries.contains { $0.property.bytes.isEmpty && $0.isOf(side) }
    }

    /// The values of `property` at that side: none if the record does not carry it, rarely more than one.
    func values(of property: Text, _ side: RecordSide) -> [Scalar] {
        self.entries.filter { $0.property == property && $0.isOf(side) }.map(\.value)
    }

    /// Whether `condition` holds at that side.
    func fulfil(_ condition: Condition, _ side: RecordSide) -> Bool {
        self.values(of: condition.property, side).contains { condition.test.isFulfilled(by: $0) }
    }
}

extension Condition.Test {
    /// Whether `value` is what it must be.
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

/// A JSON number by its exact value: ± 0.DIGITS × 10^magnitude, without zeros at either end of the digits.
struct PlainDecimal {
    private var isNegative = false
    private var digits: [UInt8] = []
    private var magnitude = 0

    /// Exponents beyond these are all the same: no text has as many digits.
    private static let exponentMax = 1_000_000_000_000

    /// Reads a JSON number; nil if `text` is none.
    init?(_ text: String) {
        var rest = Substring(text)
        if rest.first == "-" {
            self.isNegative = true
            rest.removeFirst()
        }
        let parts = rest.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        let mantissa = parts.first?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        guard 1...2 ~= parts.count, 1...2 ~= mantissa.count,
            mantissa.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } })
        else { return nil }
        self.digits = mantissa.flatMap { Array($0.utf8) }
        self.magnitude = mantissa[0].utf8.count
        if parts.count == 2 {
            guard let exponent = Self.exponent(parts[1]) else { return nil }
            self.magnitude += exponent
        }
        let zeros = self.digits.prefix { $0 == 0x30 }.count
        self.digits.removeFirst(zeros)
        self.magnitude -= zeros
        while self.digits.last == 0x30 { self.digits.removeLast() }
        if self.digits.isEmpty {
            self.isNegative = false
            self.magnitude = 0
        }
    }

    private static func exponent(_ text: Substring) -> Int? {
        var digits = text
        let isNegative = text.first == "-"
        if isNegative || text.first == "+" { digits.removeFirst() }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        let value = min(Int(digits) ?? .max, Self.exponentMax)
        return isNegative ? -value : value
    }

    /// Less than 0 if it is less than `other`, 0 if both are the same.
    func compare(to other: PlainDecimal) -> Int {
        if self.digits.isEmpty || other.digits.isEmpty || self.isNegative != other.isNegative {
            return self.sign - other.sign
        }
        let isFarther: Bool
        if self.magnitude != other.magnitude {
            isFarther = self.magnitude > other.magnitude
        } else if self.digits != other.digits {
            isFarther = other.digits.lexicographicallyPrecedes(self.digits)
        } else {
            return 0
        }
        return isFarther != self.isNegative ? 1 : -1
    }

    private var sign: Int { self.digits.isEmpty ? 0 : self.isNegative ? -1 : 1 }
}
