import LogFormat
import LogModel
import LogStorage
import Testing

@Suite struct MembershipTests {
    private static let home = TestGroup("list_id", .number(1))
    private static let work = TestGroup("list_id", .number(2))

    /// A sequence of changes of one instance, and what the last record must say.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let changes: [(Action, [TestGroup])]
        let groups: [TestGroup]
        let memberships: [Membership]
    }

    static let cases = [
        Case(
            testDescription: "created", changes: [(.created, [home])],
            groups: [.model, home], memberships: [.entered, .entered]),
        Case(
            testDescription: "updated without having been created", changes: [(.updated, [home])],
            groups: [.model, home], memberships: [.entered, .entered]),
        Case(
            testDescription: "deleted unknown", changes: [(.deleted, [home])],
            groups: [.model, home], memberships: [.left, .left]),
        Case(
            testDescription: "moved", changes: [(.created, [home]), (.updated, [work])],
            groups: [.model, work, home], memberships: [.stayed, .entered, .left]),
        Case(
            testDescription: "in, out and in again",
            changes: [(.created, [home]), (.updated, []), (.updated, [home])],
            groups: [.model, home], memberships: [.stayed, .entered]),
        Case(
            testDescription: "deleted with other groups than the log knows",
            changes: [(.created, [home]), (.deleted, [work])],
            groups: [.model, home], memberships: [.left, .left]),
        Case(
            testDescription: "deleted without groups",
            changes: [(.created, [home]), (.deleted, [])],
            groups: [.model, home], memberships: [.left, .left]),
        Case(
            testDescription: "created again",
            changes: [(.created, [home]), (.deleted, []), (.created, [home])],
            groups: [.model, home], memberships: [.entered, .entered]),
        Case(
            testDescription: "deleted twice",
            changes: [(.created, [home]), (.deleted, []), (.deleted, [work])],
            groups: [.model, work], memberships: [.left, .left]),
        Case(
            testDescription: "created twice",
            changes: [(.created, [home]), (.created, [home, work])],
            groups: [.model, home, work], memberships: [.stayed, .stayed, .entered]),
        Case(
            testDescription: "the number 1 and then the string",
            changes: [
                (.created, [home]), (.updated, [TestGroup("list_id", .string("1"))]),
            ],
            groups: [.model, TestGroup("list_id", .string("1"))], memberships: [.stayed, .stayed]),
        Case(
            testDescription: "null and then the empty string",
            changes: [
                (.created, [TestGroup("owner", .null)]),
                (.updated, [TestGroup("owner", .string(""))]),
            ],
            groups: [.model, TestGroup("owner", .string("")), TestGroup("owner", .null)],
            memberships: [.stayed, .entered, .left]),
    ]

    /// Whether the changes come in one batch, in one commit, one commit each, or with the log opened between.
    enum Manner: CaseIterable, Sendable { case batch, commit, commits, openings }

    @Test(arguments: cases, Manner.allCases)
    func theLastRecordSaysWhatItsChangeDid(_ example: Case, manner: Manner) throws {
        let directory = try ScratchDirectory()
        var writer: LogWriter? = try directory.open().writer
        let changes = example.changes.map { TestChange(action: $0.0, groups: $0.1) }
        if manner == .batch { try writer?.append(changes) }
        for change in changes where manner != .batch {
            try writer?.append([change])
            if manner != .commit { try writer?.commit() }
            if manner == .openings {
                writer = nil
                writer = try directory.open().writer
            }
        }
        try writer?.commit()
        let last = try #require(try writer?.log.records().last)
        #expect(last.groups.map(\.group) == example.groups)
        #expect(last.groups.map(\.membership) == example.memberships)
        #expect(last.previousOfKey == last.offset.previous)
    }

    @Test(arguments: 1...12)
    func recordsSayWhatAPlainDictionarySays(seed: UInt64) throws {
        let directory = try ScratchDirectory()
        var mill = ChangeMill(seed: seed)
        mill.paddingMax = seed % 2 == 0 ? 40 : 3000
        var oracle = MembershipOracle()
        var writer: LogWriter? = try directory.open().writer
        for _ in 0..<120 {
            let batch = mill.batch()
            try writer?.append(batch)
            for change in batch { oracle.note(change) }
            switch mill.number(8) {
            case 0, 1, 2: try writer?.commit()
            case 3: try writer?.write()
            case 4:
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
        if mill.paddingMax > 1000 { #expect(try directory.segments().count > 3) }
    }
}
