import LogModel
import TestSupport

/// What a producer submits, in plain values.
struct SimulatedChange: Hashable, Sendable {
    var action: Action
    var model: Text
    var key: Scalar
    var groups: [SimulatedGroup]
    var instance: String
}

/// A property and its value.
struct SimulatedGroup: Hashable, Sendable {
    var property: Text
    var value: Scalar

    /// The group of all of a model.
    static let model = SimulatedGroup(property: "", value: .null)

    /// Whether the log takes both for one.
    func isSame(as other: SimulatedGroup) -> Bool {
        self.property == other.property && self.value.text == other.value.text
            && (self.value.kind == .null) == (other.value.kind == .null)
    }
}

/// Random changes of few instances in few groups, so that everything meets everything.
struct Workload {
    static let models: [Text] = ["todo.Task", "todo.List"]
    static let properties: [Text] = ["list_id", "owner", "done"]
    static let values: [Scalar] = [.null, .string(""), .number(1), .string("1"), .boolean(true)]
    static let keys: [Scalar] = [
        .number(1), .string("1"), .number(2), .string("two"), .boolean(true), .number(3),
    ]

    /// Every group that a change can be in.
    static let allGroups: [GroupKey] = Self.models.flatMap { Self.groups(of: $0) }

    /// Every group of a model.
    static func groups(of model: Text) -> [GroupKey] {
        [GroupKey(model: model)]
            + Self.properties.flatMap { property in
                Self.values.map { GroupKey(model: model, property: property, value: $0) }
            }
    }

    private var serial = 0
    /// Bytes of most instances: all the same in some runs, so that records have equal lengths.
    private let padding: Int
    private let hasEqualLengths: Bool
    private let largeShare: Int
    /// How many instances of each model there are.
    private let keyCount: Int

    init(_ random: inout SeededGenerator) {
        self.padding = random.pick([0, 20, 200, 1500])
        self.hasEqualLengths = random.chance(1, in: 3)
        self.largeShare = random.pick([0, 2, 10, 30])
        self.keyCount = random.pick([1, 2, Self.keys.count, Self.keys.count, 60, 300])
    }

    /// The next batch, each change with bytes of its own.
    mutating func batch(_ random: inout SeededGenerator, capacity: Int) -> [SimulatedChange] {
        let count = 1 + random.below(random.pick([1, 1, 3, 6]))
        let isHuge = random.chance(1, in: 200)
        return (0..<count).map { _ in
            var size = self.hasEqualLengths ? self.padding : random.below(self.padding + 1)
            if random.chance(self.largeShare, in: 100) { size = random.below(capacity / count) }
            if isHuge { size = capacity }
            return self.change(&random, size)
        }
    }

    /// A batch of one change of about `size` bytes.
    mutating func batch(_ random: inout SeededGenerator, size: Int) -> [SimulatedChange] {
        [self.change(&random, size)]
    }

    private mutating func change(_ random: inout SeededGenerator, _ size: Int) -> SimulatedChange {
        self.serial += 1
        var groups: [SimulatedGroup] = []
        for property in Self.properties where self.hasEqualLengths || random.chance(1, in: 2) {
            let value = self.hasEqualLengths ? Self.values[2] : random.pick(Self.values)
            groups.append(SimulatedGroup(property: property, value: value))
        }
        let number = String(self.serial)
        let serial = String(repeating: " ", count: max(0, 8 - number.utf8.count)) + number
        let padding = String(
            decoding: [UInt8](repeating: UInt8(ascii: "x"), count: size), as: UTF8.self)
        return SimulatedChange(
            action: random.pick([.created, .updated, .updated, .deleted] as [Action]),
            model: random.pick(Self.models), key: self.key(&random),
            groups: groups, instance: "{\"serial\":\"\(serial)\",\"pad\":\"\(padding)\"}")
    }

    private func key(_ random: inout SeededGenerator) -> Scalar {
        let number = random.below(self.keyCount)
        return number < Self.keys.count ? Self.keys[number] : .number(number)
    }

    /// The batch as the log takes it.
    static func changes(_ batch: [SimulatedChange]) -> Changes {
        var builder = ChangesBuilder()
        for change in batch {
            builder.add(
                change.action, change.model, key: change.key,
                groups: change.groups.map { ($0.property, $0.value) }, instance: change.instance)
        }
        return builder.finish()
    }
}
