import Access
import Debugging
import Foundation
import LogModel
import LogStorage
import Matching
import Replication
import TestSupport
import Testing
import WireProtocol

/// Sessions that are recorded and run again: what the replay says was sent is what was sent, and faults show.
struct SessionReplayTests {
    /// How many random runs a run of the tests makes; `LIVELOG_SIMULATION_SEEDS` sets another number.
    private static let seedCount =
        ProcessInfo.processInfo.environment["LIVELOG_SIMULATION_SEEDS"].flatMap { UInt64($0) }
        ?? 160

    /// Runs `body` with a recorded run of this many steps.
    private func withRun(
        seed: UInt64, steps: Int, options: LogOptions = .small,
        _ body: (RecordedRun) throws -> Void
    ) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let writer = try Recovery.open(LogDirectory(path), options: options).writer
            try withExtendedLifetime(writer) {
                let run = try RecordedRun(seed: seed, writer: writer, directory: path)
                try run.run(steps: steps)
                try body(run)
            }
        }
    }

    @Test(arguments: 0..<8)
    func whatIsReplayedIsWhatWasSent(shard: UInt64) throws {
        for seed in stride(from: shard, to: Self.seedCount, by: 8) {
            try self.withRun(seed: seed, steps: 300) { run in
                let disagreement = try run.disagreement()
                #expect(disagreement == nil, "seed \(seed)")
            }
        }
    }

    /// What the runs above have to have for that to mean something.
    @Test func theRunsHaveAllThatIsRecorded() throws {
        var found: [String: Int] = [:]
        for seed in 0..<40 as Range<UInt64> {
            try self.withRun(seed: seed, steps: 300) { run in
                for subscription in try run.recorded().subscriptions {
                    if subscription.form != .livelog1 { found["rest-live", default: 0] += 1 }
                    if subscription.pieces.count > 1 { found["sees", default: 0] += 1 }
                    for piece in subscription.pieces {
                        switch piece.opening {
                        case nil: found["plain", default: 0] += 1
                        case .snapshot: found["snapshot", default: 0] += 1
                        case .changes: found["changes", default: 0] += 1
                        case .sight: found["sight", default: 0] += 1
                        }
                        if !piece.principal.granted.isEmpty { found["granted", default: 0] += 1 }
                    }
                }
            }
        }
        let kinds = ["rest-live", "sees", "plain", "snapshot", "changes", "sight", "granted"]
        for kind in kinds { #expect(found[kind, default: 0] >= 5, "\(kind): \(found)") }
    }

    @Test func aMatcherThatDropsOneInAThousandShows() throws {
        try self.withRun(seed: 4711, steps: 5000) { run in
            let fine = try run.replay(Matcher())
            #expect(fine.differenceCount == 0)
            let deliveries = fine.digests.reduce(0) { $0 + $1.records }
            try #require(deliveries > 2000, "\(deliveries)")
            let report = try run.replay(DroppingFinder(every: 1000))
            #expect(report.differenceCount >= 1)
            #expect(
                report.differences.allSatisfy {
                    $0.text.hasPrefix("the brute-force matcher has it ")
                        && $0.text.hasSuffix(", the matcher has it not")
                })
            // And against the run before, within offsets that hold the record.
            let changed = self.file(report, run).differences(from: self.file(fine, run))
            for difference in report.differences {
                let found = changed.first {
                    $0.session == "\(difference.session)" && $0.number == difference.number
                }
                guard case .frames(let range) = found?.kind else {
                    Issue.record("\(difference) is not among the changed ones")
                    continue
                }
                #expect(range.lowerBound <= difference.offset)
            }
            #expect(
                changed.count == Set(report.differences.map { "\($0.session) \($0.number)" }).count)
        }
    }

    private func file(_ report: SessionReport, _ run: RecordedRun) -> FrameFile {
        FrameFile(log: run.log.identity.text, range: report.range, digests: report.digests)
    }

    @Test func aMatcherThatForgetsTheOtherConditionsShows() throws {
        try self.withRun(seed: 17, steps: 2000) { run in
            let report = try run.replay(ForgetfulFinder(run.log))
            #expect(report.differenceCount > 0)
            #expect(
                report.differences.contains {
                    $0.text.hasPrefix("the matcher has it ")
                        && $0.text.hasSuffix("the brute-force matcher has it not")
                })
        }
    }

    @Test func aRuleThatLetsAFieldThroughShows() throws {
        try self.withRun(seed: 23, steps: 3000) { run in
            #expect(try run.replay(Matcher(), policy: RecordedRun.policy()).differenceCount == 0)
            let report = try run.replay(
                Matcher(), policy: RecordedRun.policy(shown: ["secret"]))
            #expect(report.differenceCount > 0)
            #expect(report.differences.allSatisfy { $0.text.hasPrefix("told differently: ") })
            #expect(report.differences.contains { $0.text.contains("secret") })
        }
    }

    @Test(arguments: [
        Upkeep(coldAge: nil, retainByteCount: 8 * LogOptions.segmentByteCountMin),
        Upkeep(coldAge: nil, compactAge: 1, tombstoneAge: 1),
        Upkeep(coldAge: 1),
    ])
    func whatWasRemovedSinceIsNotRunAndTheRestIs(upkeep: Upkeep) throws {
        let options = LogOptions(
            segmentByteCount: LogOptions.segmentByteCountMin, upkeep: upkeep)
        try self.withRun(seed: 5, steps: 3000, options: options) { run in
            try run.maintain()
            let report = try run.replay(Matcher())
            #expect(report.differenceCount == 0, "\(report.differences.first as Any)")
            // Compaction takes something of every group here.
            if upkeep.compactAge == nil {
                #expect(report.digests.reduce(0) { $0 + $1.records } > 50)
            }
            let removes = upkeep.retainByteCount != nil || upkeep.compactAge != nil
            #expect(report.unplayed.contains { $0.reason == .removed } == removes)
        }
    }

    /// Of whom the application is asked nobody can say what they were sent.
    @Test func whatTheApplicationDecidedIsNotRun() throws {
        try self.withRun(seed: 5, steps: 300) { run in
            let asked = Filter(
                model: "open.Task",
                sight: Sight([
                    .init(
                        view: .whole, alternatives: [[]], question: Question(name: "q", asker: ""))
                ]))
            let subscription = RecordedSubscription(
                session: SessionName(run: 1, number: 1), number: 1, id: 1, dialect: .livelog1,
                form: .livelog1, pieces: [.init(asked, of: .anonymous, from: .zero)])
            let replay = SessionReplay(
                [subscription], in: run.log, range: .zero..<run.log.watermarks.visible,
                finder: Matcher())
            let report = try replay.run()
            #expect(report.unplayed.map(\.reason) == [.question] && report.digests.isEmpty)
        }
    }

    @Test(arguments: 0..<4)
    func aDamagedLogOrJournalIsSaidAndCrashesNothing(shard: UInt64) throws {
        try self.withRun(seed: shard, steps: 400) { run in
            var random = SeededGenerator(seed: shard)
            var refused = 0
            for _ in 0..<60 {
                try withTemporaryDirectory(inMemory: true) { path in
                    try run.copy(to: path)
                    try Self.damage(path, &random)
                    do {
                        let log = try LogInspector(LogDirectory(path)).openLog()
                        var findings = 0
                        var recorded = RecordedSessions()
                        for file in RecordedSessions.files(at: path) {
                            try recorded.add(file: file) { _ in findings += 1 }
                        }
                        recorded.finish()
                        let range = log.first..<max(log.first, log.watermarks.visible)
                        let report = try recorded.replay(in: log, range: range).run()
                        if findings + report.differenceCount > 0 { refused += 1 }
                    } catch is StorageError {
                        refused += 1
                    }
                }
            }
            #expect(refused > 5)
        }
    }

    /// Flips a bit of a file, or cuts it, or takes it away.
    private static func damage(_ path: String, _ random: inout SeededGenerator) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        let file = URL(filePath: "\(path)/\(random.pick(names))")
        var bytes = try Data(contentsOf: file)
        // Segments are mostly room for more.
        let used = max(1, (bytes.lastIndex { $0 != 0 } ?? 0) + 1)
        switch random.below(8) {
        case 0: try FileManager.default.removeItem(at: file)
        case 1, 2: try bytes.prefix(random.below(used)).write(to: file)
        default:
            guard !bytes.isEmpty else { return }
            bytes[random.below(min(used, bytes.count))] ^= UInt8(1 << random.below(8))
            try bytes.write(to: file)
        }
    }

    @Test func aStretchIsWhatLiesInIt() throws {
        try self.withRun(seed: 99, steps: 1500) { run in
            let recorded = try run.recorded()
            let end = run.log.watermarks.visible
            let extent = try #require(try run.log.extent(at: Offset(end.rawValue / 2)))
            let middle = try extent.batch(of: Offset(end.rawValue / 2)).lowerBound
            var frames = 0
            for range in [.zero..<middle, middle..<end] {
                let replay = recorded.replay(in: run.log, range: range)
                let report = try replay.run()
                #expect(report.differenceCount == 0)
                #expect(report.unplayed.allSatisfy { $0.reason == .outside })
                frames += report.digests.reduce(0) { $0 + $1.frames }
            }
            let whole = try run.replay(Matcher())
            // What began with a summary in the middle of the first stretch goes on in the second without one.
            #expect(frames == whole.digests.reduce(0) { $0 + $1.frames })
        }
    }
}
