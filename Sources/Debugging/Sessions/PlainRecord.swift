import LogFormat
import LogModel

/// A record as plain values, for a judge that shares no code with the matcher.
struct PlainRecord {
    /// A group that the record carries.
    struct Group {
        let property: Text
        let value: Scalar
        let wasIn: Bool
        let isIn: Bool

        func isOn(_ side: Side) -> Bool { side == .before ? self.wasIn : self.isIn }
    }

    let offset: Offset
    let action: Action
    let model: Text
    let key: Scalar
    let groups: [Group]
    /// The instance as minified JSON, if it was asked for.
    let instance: [UInt8]
    /// The further renderings, with their names, if they were asked for.
    let renderings: [(name: Text, json: [UInt8])]

    /// - Parameter hasContent: whether the instance and its renderings are wanted, which are most of a record.
    init(_ record: borrowing RecordView, hasContent: Bool) {
        self.offset = record.offset
        self.action = record.action
        self.model = Text(bytes: record.model.copy())
        self.key = Scalar(kind: record.keyKind, text: Text(bytes: record.key.copy()))
        self.instance = hasContent ? record.instance.copy() : []
        var groups: [Group] = []
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            groups.append(
                Group(
                    property: Text(bytes: record.property(of: entry).copy()),
                    value: Scalar(
                        kind: entry.valueKind, text: Text(bytes: record.value(of: entry).copy())),
                    wasIn: entry.membership != .entered, isIn: entry.membership != .left))
        }
        self.groups = groups
        var renderings: [(name: Text, json: [UInt8])] = []
        for index in 0..<(hasContent ? record.viewCount : 0) {
            let entry = record.view(index)
            renderings.append(
                (Text(bytes: record.name(of: entry).copy()), record.json(of: entry).copy()))
        }
        self.renderings = renderings
    }

    // MARK: - What it is to a filter

    /// A side of the record.
    enum Side {
        case before, after
    }

    /// What the record did to the set of `filter`, group by group and condition by condition; nil if nothing.
    func change(of filter: PlainFilter) -> SetChange? {
        guard self.model == filter.model else { return nil }
        switch (self.isIn(filter, .before), self.isIn(filter, .after)) {
        case (false, false): return nil
        case (false, true): return .entered
        case (true, true): return .updated
        case (true, false): return self.action == .deleted ? .deleted : .left
        }
    }

    /// Whether the instance is in the set of `filter`, which is of the record's model.
    private func isIn(_ filter: PlainFilter, _ side: Side) -> Bool {
        // Where nothing is asked of a property, the group of the model says whether there is an instance.
        self.groups.contains {
            (!filter.conditions.isEmpty || $0.property.bytes.isEmpty) && $0.isOn(side)
        } && self.fulfils(filter.conditions, side)
            && filter.ways.contains { self.fulfils($0, side) }
    }

    /// The first clause of a sight that admits the instance.
    func clause(of sight: Sight, _ side: Side) -> Sight.Clause? {
        sight.clauses.first { clause in
            clause.alternatives.contains { self.fulfils($0, side) }
        }
    }

    private func fulfils(_ conditions: [Condition], _ side: Side) -> Bool {
        conditions.allSatisfy { condition in
            self.groups.contains {
                $0.isOn(side) && $0.property == condition.property
                    && condition.test.plainlyHolds(for: $0.value)
            }
        }
    }
}

/// A filter, taken apart for a judge that looks at every record.
struct PlainFilter {
    let model: Text
    /// All must hold.
    let conditions: [Condition]
    /// And all of one of these.
    let ways: [[Condition]]

    init(_ filter: Filter) {
        self.model = filter.model
        self.conditions = filter.conditions
        self.ways = filter.sight.clauses.flatMap(\.alternatives)
    }
}

extension Condition.Test {
    /// Whether `value` fulfils the test.
    fileprivate func plainlyHolds(for value: Scalar) -> Bool {
        func isListed(_ values: [Scalar]) -> Bool {
            values.contains { $0.text == value.text && ($0.kind == .null) == (value.kind == .null) }
        }
        switch self {
        case .isIn(let values): return isListed(values)
        case .isNot(let values): return !isListed(values)
        case .hasPrefix(let text):
            return value.kind == .string && value.text.bytes.starts(with: text.bytes)
        case .order(let order, let operand):
            let comparison: Int
            switch (value.kind, operand.kind) {
            case (.string, .string):
                let (left, right) = (value.text.bytes, operand.text.bytes)
                comparison =
                    left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
            case (.number, .number):
                guard let left = PlainNumber(value.text), let right = PlainNumber(operand.text)
                else { return false }
                comparison = left.compared(to: right)
            default: return false
            }
            return switch order {
            case .less: comparison < 0
            case .atMost: comparison <= 0
            case .greater: comparison > 0
            case .atLeast: comparison >= 0
            }
        }
    }
}

/// A number of JSON as a fraction `0.digits` and a power of ten.
private struct PlainNumber {
    private var isNegative = false
    /// Without zeros at the start and the end; empty for 0.
    private var digits: [UInt8] = []
    private var exponent = 0

    init?(_ text: Text) {
        var rest = text.bytes[...]
        if rest.first == UInt8(ascii: "-") {
            self.isNegative = true
            rest.removeFirst()
        }
        if let mark = rest.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
            let power = String(decoding: rest[(mark + 1)...], as: UTF8.self)
            // A power that is no integer of the machine is that of 0, or of what no double can hold.
            self.exponent = Int(power) ?? 0
            rest = rest[..<mark]
        }
        let whole = rest.prefix { $0 != UInt8(ascii: ".") }
        let digits = Array(whole) + rest.dropFirst(whole.count + 1)
        guard !digits.isEmpty, digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        let zeros = digits.prefix { $0 == 0x30 }.count
        self.exponent += whole.count - zeros
        self.digits = Array(digits.dropFirst(zeros))
        while self.digits.last == 0x30 { self.digits.removeLast() }
    }

    /// -1, 0 or 1.
    func compared(to other: PlainNumber) -> Int {
        if self.digits.isEmpty && other.digits.isEmpty { return 0 }
        if self.digits.isEmpty { return other.isNegative ? 1 : -1 }
        if other.digits.isEmpty { return self.isNegative ? -1 : 1 }
        guard self.isNegative == other.isNegative else { return self.isNegative ? -1 : 1 }
        let sign = self.isNegative ? -1 : 1
        guard self.exponent == other.exponent else {
            return self.exponent < other.exponent ? -sign : sign
        }
        if self.digits == other.digits { return 0 }
        return self.digits.lexicographicallyPrecedes(other.digits) ? -sign : sign
    }
}
