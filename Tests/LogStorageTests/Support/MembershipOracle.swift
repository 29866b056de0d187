import LogFormat
import LogModel
import TestSupport

/// What records must say of a sequence of changes, by the plainest means: a dictionary of what each
/// instance is in.
struct MembershipOracle {
    struct Expectation: Hashable {
        let change: TestChange
        let previousOfKey: Offset?
        let groups: [TestGroup]
        let memberships: [Membership]
    }

    private struct Instance: Hashable {
        let model: Text
        let key: Text
    }

    private(set) var expectations: [Expectation] = []
    private var alive: [Instance: [TestGroup]] = [:]
    private var last: [Instance: Offset] = [:]

    /// Takes the next change.
    mutating func note(_ change: TestChange) {
        let instance = Instance(model: change.model, key: change.key.text)
        let before = self.alive[instance]
        var groups = [TestGroup.model] + change.groups
        var memberships: [Membership]
        if change.action == .deleted {
            groups = before ?? groups
            memberships = groups.map { _ in .left }
            self.alive[instance] = nil
        } else {
            self.alive[instance] = groups
            memberships = groups.map { group in
                before?.contains { $0.isSame(as: group) } ?? false ? .stayed : .entered
            }
            for old in before ?? [] where !groups.contains(where: { $0.isSame(as: old) }) {
                groups.append(old)
                memberships.append(.left)
            }
        }
        let offset = Offset(UInt64(self.expectations.count))
        self.expectations.append(
            Expectation(
                change: change, previousOfKey: self.last[instance], groups: groups,
                memberships: memberships))
        self.last[instance] = offset
    }
}

extension MembershipOracle.Expectation {
    /// What `record` says, in the oracle's words.
    init(_ record: StoredRecord, declared: [TestGroup]) {
        self.init(
            change: TestChange(
                action: record.action, model: record.model, key: record.key, groups: declared,
                instance: record.instance),
            previousOfKey: record.previousOfKey, groups: record.groups.map(\.group),
            memberships: record.groups.map(\.membership))
    }
}

/// Random changes of few instances, which enter and leave few groups, are deleted unknown, updated without
/// having been created, and so on.
struct ChangeMill {
    var generator: SeededGenerator
    /// Bytes of padding in each instance, at most.
    var paddingMax = 40

    init(seed: UInt64) {
        self.generator = SeededGenerator(seed: seed)
    }

    private static let keys: [Scalar] = [
        .number(1), .string("1"), .number(2), .string("two"), .boolean(true), .string(""),
        .number(3),
    ]
    private static let values: [Scalar] = [
        .null, .string(""), .number(1), .string("1"), .boolean(true), .string("true"),
        .string("\u{e9}"), .string("e\u{301}"),
    ]
    static let models: [Text] = ["todo.Task", "todo.List"]
    static let properties: [Text] = ["list_id", "owner", "done"]

    /// Every group that a change can be in.
    static var allGroups: [GroupKey] {
        self.models.flatMap { model in
            [GroupKey(model: model)]
                + self.properties.flatMap { property in
                    self.values.map { GroupKey(model: model, property: property, value: $0) }
                }
        }
    }

    mutating func change() -> TestChange {
        var groups: [TestGroup] = []
        for property in Self.properties where self.number(4) > 0 {
            groups.append(TestGroup(property, Self.values[self.number(Self.values.count)]))
        }
        let padding = String(repeating: "x", count: self.number(self.paddingMax + 1))
        return TestChange(
            action: [.created, .updated, .updated, .deleted][self.number(4)],
            model: Self.models[self.number(Self.models.count)],
            key: Self.keys[self.number(Self.keys.count)], groups: groups,
            instance: "{\"padding\":\"\(padding)\"}")
    }

    mutating func batch(countMax: Int = 5) -> [TestChange] {
        (0...self.number(countMax)).map { _ in self.change() }
    }

    /// A number in `0 ..< bound`.
    mutating func number(_ bound: Int) -> Int {
        Int.random(in: 0..<bound, using: &self.generator)
    }
}
