import LogFormat
import LogModel
import TestSupport

/// Filters and records from small sets of names and values, so that they meet often.
struct RandomFilters {
    private static let models: [Text] = ["m", "n"]
    private static let properties: [Text] = ["p", "q", "priority"]
    static let values: [Scalar] =
        [.null, .string(""), .boolean(true), .string("true"), .string("null")]
        + ["0", "-0", "1", "1.0", "1e0", "10e-1", "2", "-3", "2.5", "250e-2", "12345678"].map {
            Scalar(kind: .number, text: Text($0))
        }
        // About the lengths at which values are kept in another way.
        + ["1", "a", "ab", "abc", "abcdefgh", "abcdefghi", "abcdefghij", "abcdefghik"].map {
            .string($0)
        }
        + ["abcdefghijk", "abcdefghijl", "abcdefghijklmnopqrstuvwx", "abcdefghijklmnopqrstuvwy"].map
    { .string($0) }

    var random: SeededGenerator

    mutating func filter() -> Filter {
        let count = self.random.pick([0, 1, 1, 1, 1, 2, 2, 3, 5])
        return Filter(
            model: self.random.pick(Self.models),
            conditions: (0..<count).map { _ in self.condition() },
            sight: self.random.chance(1, in: 3) ? self.sight() : .everything)
    }

    /// What somebody may see: everything, nothing, or what one of a few rules leaves.
    private mutating func sight() -> Sight {
        Sight(
            (0..<self.random.below(4)).map { _ in
                Sight.Clause(
                    view: .whole,
                    alternatives: (0...self.random.below(3)).map { _ in
                        (0..<self.random.pick([0, 1, 1, 2, 3])).map { _ in self.condition() }
                    })
            })
    }

    private mutating func condition() -> Condition {
        let property = self.random.pick(Self.properties)
        switch self.random.below(10) {
        case 0..<4: return Condition(property: property, test: .isIn([self.value()]))
        case 4..<6:
            let values = (0...self.random.below(5)).map { _ in self.value() }
            return Condition(property: property, test: .isIn(values))
        case 6:
            let values = (0...self.random.below(3)).map { _ in self.value() }
            return Condition(property: property, test: .isNot(values))
        case 7:
            let text = self.random.pick(["a", "abc", "abcdefgh", "abcdefghijk", "t"] as [Text])
            return Condition(property: property, test: .hasPrefix(text))
        default:
            let order = self.random.pick(Condition.Order.allCases)
            return Condition(property: property, test: .order(order, self.value()))
        }
    }

    private mutating func value() -> Scalar { self.random.pick(Self.values) }

    mutating func record() -> PlainRecord {
        var record = PlainRecord(
            action: self.random.pick(Action.allCases), model: self.random.pick(Self.models),
            groups: [])
        if self.random.chance(9, in: 10) {
            record.groups.append(.init("", .null, self.random.pick(Membership.allCases)))
        }
        for property in Self.properties + ["other"] where self.random.chance(3, in: 4) {
            // One value, or an old and a new one, or whatever.
            for _ in 0..<self.random.pick([1, 1, 2, 2, 3]) {
                record.groups.append(
                    .init(property, self.value(), self.random.pick(Membership.allCases)))
            }
        }
        if record.groups.isEmpty { record.groups.append(.init()) }
        if self.random.chance(1, in: 8) { record.groups.append(self.random.pick(record.groups)) }
        record.groups.shuffle(using: &self.random)
        return record
    }
}

/// How the hashes of a run come about.
enum Hashing: CaseIterable {
    /// As in a log.
    case keyed
    /// A few hashes for all groups: different groups share one.
    case colliding
    /// Hashes that lie together in a table, however large it is.
    case crowded

    func hash(_ group: GroupKey) -> UInt64 {
        let hash = SampleRecord.hasher.groupHash(group)
        return switch self {
        case .keyed: hash
        case .colliding: hash % 3 + 1
        case .crowded: hash << 32 | 1
        }
    }
}
