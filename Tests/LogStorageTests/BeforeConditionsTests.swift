import LogModel
import LogStorage
import Testing

/// Batches that are appended only if something holds of the instances before.
@Suite struct BeforeConditionsTests {
    private static func append(
        _ batch: [TestChange], if conditions: BeforeConditions?, to writer: LogWriter
    ) throws(StorageError) {
        var changes = Changes(batch)
        _ = try writer.append(
            0..<batch.count, of: &changes, producer: nil, if: conditions, time: 1)
    }

    /// The index of the change that is refused; nil if the batch is appended.
    private static func refused(
        _ batch: [TestChange], if conditions: BeforeConditions?, by writer: LogWriter
    ) throws -> Int? {
        do throws(StorageError) {
            try self.append(batch, if: conditions, to: writer)
            return nil
        } catch {
            try #require(error.code == .forbidden, "\(error)")
            let number = error.message.dropFirst("change ".count).prefix { $0 != ":" }
            return try #require(Int(number)) - 1
        }
    }

    private static func owned(by owners: Scalar...) -> BeforeConditions? {
        BeforeConditions([
            "todo.Task": [[Condition(property: "owner", test: .isIn(owners))]]
        ])
    }

    private static func task(
        _ action: Action, _ key: Int, owner: Scalar?, model: Text = "todo.Task"
    ) -> TestChange {
        TestChange(
            action: action, model: model, key: .number(key),
            groups: owner.map { [TestGroup("owner", $0)] } ?? [])
    }

    @Test(arguments: [false, true])
    func nobodyTakesOverWhatIsAnothers(isCommitted: Bool) throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        let alice = Self.owned(by: .string("alice"))
        try writer.append([
            Self.task(.created, 1, owner: .string("alice")),
            Self.task(.created, 2, owner: .string("bob")), Self.task(.created, 3, owner: nil),
            Self.task(.created, 2, owner: .string("bob"), model: "todo.List"),
        ])
        if isCommitted { try writer.commit() }
        func refused(_ batch: TestChange...) throws -> Int? {
            try Self.refused(batch, if: alice, by: writer)
        }
        let mine: Scalar = .string("alice")
        #expect(try refused(Self.task(.updated, 2, owner: mine)) == 0)
        #expect(try refused(Self.task(.created, 2, owner: mine)) == 0)
        #expect(try refused(Self.task(.deleted, 2, owner: mine)) == 0)
        // Whose it is is not known.
        #expect(try refused(Self.task(.updated, 3, owner: mine)) == 0)
        // A batch is refused whole, and names the change.
        let new = Self.task(.created, 4, owner: mine)
        #expect(try refused(new, new, Self.task(.deleted, 2, owner: mine)) == 2)
        // What is new is the change's own affair, and another model is not asked about.
        #expect(try refused(Self.task(.deleted, 9, owner: mine)) == nil)
        #expect(try refused(Self.task(.deleted, 2, owner: nil, model: "todo.List")) == nil)
        // Given away, it is not theirs any more, within a batch either.
        let given = Self.task(.updated, 1, owner: .string("bob"))
        #expect(try refused(given, Self.task(.updated, 1, owner: mine)) == 1)
        #expect(try refused(given) == nil)
        #expect(try refused(Self.task(.updated, 1, owner: mine)) == 0)
        // Deleted, it is anybody's.
        try writer.append([Self.task(.deleted, 1, owner: nil)])
        #expect(try refused(Self.task(.created, 1, owner: mine)) == nil)
        try writer.commit()
        #expect(try writer.log.records().count == 4 + 2 + 1 + 2)
    }

    @Test func whoMayDoEverythingAsksNothing() {
        let owner = [Condition(property: "owner", test: .isIn([.string("a")]))]
        #expect(BeforeConditions([:]) == nil)
        #expect(BeforeConditions(["m": [[]], "n": [owner, []]]) == nil)
        #expect(BeforeConditions(["m": [[]], "n": [owner]])?.alternatives == ["n": [owner]])
        #expect(BeforeConditions(["m": []])?.allow("m") { _ in .number(1) } == false)
    }

    /// Random batches under random conditions: refused are those that a dictionary refuses, and they leave no trace.
    @Test(arguments: 1...12)
    func batchesAreRefusedThatAPlainDictionaryRefuses(seed: UInt64) throws {
        let directory = try ScratchDirectory()
        var mill = ChangeMill(seed: seed)
        var oracle = MembershipOracle()
        var alive: [String: [TestGroup]] = [:]
        var writer: LogWriter? = try directory.open().writer
        var refusedCount = 0
        for _ in 0..<200 {
            let batch = mill.batch(countMax: 3)
            let conditions = mill.conditions()
            var after = alive
            var expected: Int?
            for (index, change) in batch.enumerated() {
                let instance = "\(change.model) \(change.key.text)"
                if let before = after[instance], let conditions,
                    !conditions.allow(
                        change.model,
                        { property in
                            before.first { $0.property == property }?.value
                        })
                {
                    expected = index
                    break
                }
                after[instance] = change.action == .deleted ? nil : change.groups
            }
            // Nothing else may hold the writer when the log is opened again.
            #expect(try writer.map { try Self.refused(batch, if: conditions, by: $0) } == expected)
            if expected == nil {
                alive = after
                for change in batch { oracle.note(change) }
            } else {
                refusedCount += 1
            }
            switch mill.number(6) {
            case 0, 1: try writer?.commit()
            case 2:
                try writer?.commit()
                writer = nil
                writer = try directory.open().writer
            default: break
            }
        }
        try writer?.commit()
        let records = try #require(try writer?.log.records())
        try #require(records.count == oracle.expectations.count)
        for (record, expected) in zip(records, oracle.expectations) {
            let found = MembershipOracle.Expectation(record, declared: expected.change.groups)
            #expect(found == expected, "offset \(record.offset)")
        }
        #expect(refusedCount > 20 && refusedCount < 180)
    }
}

extension ChangeMill {
    /// Conditions of a random principal: nil for one that may change everything.
    fileprivate mutating func conditions() -> BeforeConditions? {
        guard self.number(4) > 0 else { return nil }
        let model = Self.models[self.number(Self.models.count)]
        let alternatives = (0...self.number(2)).map { _ in
            (0...self.number(2)).map { _ in
                let values: [Scalar] = [.null, .string("1"), .boolean(true), .string("")]
                    .filter { _ in self.number(2) == 0 }
                let isNot = self.number(2) == 0
                return Condition(
                    property: Self.properties[self.number(Self.properties.count)],
                    test: isNot ? .isNot(values) : .isIn(values))
            }
        }
        return BeforeConditions([model: alternatives])
    }
}
