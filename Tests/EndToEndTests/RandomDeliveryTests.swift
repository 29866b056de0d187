import Foundation
import TestSupport
import Testing

/// Random readers and writers over real sockets, on a server that is killed again and again: each subscription
/// gets what a program of its own makes of the acknowledged changes, by looking at every one.
///
/// `LIVELOG_ORACLE_SEEDS` is how many runs there are and `LIVELOG_ORACLE_STEPS` how long each is;
/// `LIVELOG_SEED` is the first run's seed.
@Suite struct RandomDeliveryTests {
    private static let runs = number("LIVELOG_ORACLE_SEEDS") ?? 2
    private static let steps = number("LIVELOG_ORACLE_STEPS") ?? 250

    @Test(.timeLimit(.minutes(1 + runs * (1 + steps / 250))))
    func everySubscriptionGetsWhatTheAcknowledgedChangesDidToItsSet() async throws {
        let first = SeededGenerator.ofThisRun().seed
        for run in 0..<Self.runs {
            let seed = first &+ UInt64(run)
            let oracle = try ChildProcess.python(
                "oracle.py",
                [
                    Places.livelog.path, "--seed", "\(seed)", "--steps", "\(Self.steps)",
                    "--kills", "\(max(3, Self.steps / 80))",
                ])
            let line = try await oracle.line { _ in true }
            let outcome = try JSONDecoder().decode(Outcome.self, from: Data(line.utf8))
            print("LIVELOG_SEED=\(seed): \(outcome.statistics)")
            #expect(await oracle.ending() == .exited(0), "\(oracle.errorOutput)")
            for finding in outcome.findings { Issue.record("LIVELOG_SEED=\(seed): \(finding)") }
            // That there was something to find.
            for number in [
                "kills", "resumes", "edits", "snapshots compared", "net changes compared", "resets",
                "mistakes made",
            ] {
                #expect(outcome.statistics[number] ?? 0 > 0, "no \(number), LIVELOG_SEED=\(seed)")
            }
            #expect(outcome.statistics["records compared"] ?? 0 > 1000)
        }
    }

    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    /// The line that `oracle.py` prints.
    private struct Outcome: Decodable {
        let findings: [String]
        let statistics: [String: Double]
    }
}
