import Access
import Debugging
import LogModel
import LogStorage
import TestSupport
import Testing

/// What principals would see by other rules, against an oracle that knows the rules only.
struct RuleTrialTests {
    /// What the oracle says that somebody sees of a record.
    private struct Seen: Equatable {
        let change: SetChange
        let json: String
    }

    private static func seen(
        _ changes: [PlainChange], _ views: AccessMatrix.Views, _ principal: Principal
    ) -> [Seen?] {
        let oracle = AccessOracle(policy: views)
        var alive: [Int: PlainChange] = [:]
        return changes.map { change in
            let before = alive[change.key].flatMap { oracle.view(of: $0, for: principal) }
            let after = change.action == .deleted ? nil : oracle.view(of: change, for: principal)
            alive[change.key] = change.action == .deleted ? nil : change
            guard
                let did = SetChange(
                    wasIn: before != nil, isIn: after != nil, action: change.action),
                let view = after ?? before
            else { return nil }
            return Seen(change: did, json: did == .left ? "" : change.json(of: views[view].fields))
        }
    }

    @Test(arguments: AccessMatrixTests.policies.indices, [0, 2, 6, 8])
    func whatDiffersIsWhatTheOracleSays(_ index: Int, _ other: Int) throws {
        let (proposed, present) = (
            AccessMatrixTests.policies[index], AccessMatrixTests.policies[other]
        )
        let principals = AccessMatrixTests.principals
        var mill = TaskMill(seed: UInt64(index))
        let changes = (0..<200).map { _ in mill.change() }
        try withTemporaryLog { writer in
            for change in changes { try writer.commit(AccessMatrix.batch(change)) }
            let range = try TrialRange(from: nil, until: nil, in: writer.log)
            let trial = RuleTrial(
                AccessMatrix.policy(proposed), insteadOf: AccessMatrix.policy(present),
                for: principals, in: writer.log, range, top: 10_000)
            #expect(trial.recordCount == changes.count && trial.cells.count == principals.count)
            let afters = principals.map { Self.seen(changes, proposed, $0) }
            let befores = principals.map { Self.seen(changes, present, $0) }
            var expected: [String] = []
            for offset in changes.indices {
                for place in principals.indices {
                    let after = afters[place][offset]
                    let before = befores[place][offset]
                    guard after != before else { continue }
                    let kind: RuleTrial.Difference.Kind =
                        before == nil
                        ? .gained
                        : after == nil ? .lost : before?.change == after?.change ? .fields : .change
                    expected.append("\(kind) \(offset) \(changes[offset].key) \(place)")
                }
            }
            let found = trial.differences.map {
                "\($0.kind) \($0.offset) \($0.key.text) \($0.principal)"
            }
            #expect(found == expected)
            #expect(trial.differenceCount == expected.count)
            if index == other { #expect(expected.isEmpty) }
            for (place, cell) in trial.cells.enumerated() {
                let seen = afters[place].compactMap { $0 }
                #expect(cell.principal == place && cell.proposed.total == seen.count)
                #expect(cell.proposed.left == seen.filter { $0.change == .left }.count)
                #expect(cell.present.total == befores[place].compactMap { $0 }.count)
                #expect(
                    cell.differing.values.reduce(0, +)
                        == trial.differences.filter { $0.principal == place }.count)
            }
        }
    }

    @Test func onlyTheFirstDifferencesAreKeptAndEachSaysWhy() throws {
        try withTemporaryLog { writer in
            var mill = TaskMill(seed: 1)
            for _ in 0..<50 { try writer.commit(AccessMatrix.batch(mill.change())) }
            let range = try TrialRange(from: nil, until: nil, in: writer.log)
            let trial = RuleTrial(
                AccessMatrix.policy([(fields: ["id"], rule: .everyone)]),
                insteadOf: AccessMatrix.policy([(fields: nil, rule: .staff)]), for: [.anonymous],
                in: writer.log, range, top: 3)
            #expect(trial.differences.count == 3 && trial.differenceCount == 50)
            let first = try #require(trial.differences.first)
            #expect(first.kind == .gained && first.present == "not seen, as no view is for them")
            #expect(first.proposed == "entered by the view \"view 0\" for everybody: id")
        }
    }
}
