import Foundation
import LogFormat
import LogModel
import LogStorage
import Testing

/// What `LogVerifier` says of logs that are whole, and that it changes nothing.
@Suite struct VerifierTests {
    @Test(arguments: UpkeptLog.State.allCases, [true, false])
    func aHealthyLogHasNoFindingInAnyState(state: UpkeptLog.State, isClosed: Bool) throws {
        let log = try UpkeptLog(state, isClosed: isClosed)
        let before = try log.directory.snapshot()
        let (findings, summary) = try UpkeptLog.findings(log.directory.path)
        #expect(findings.filter { $0.severity != .note } == [])
        #expect(findings.allSatisfy { $0.file.hasSuffix(".tmp") })
        #expect(summary.passes == 1)
        #expect(try log.directory.snapshot() == before)

        let cold = try log.directory.coldSegments()
        #expect(cold.isEmpty == [.open, .unsealed, .sealed].contains(state))
        #expect((summary.first > .zero) == (state == .retained))
        let records = summary.end.distance(from: summary.first)
        #expect(
            state == .compacted ? summary.recordCount < records : summary.recordCount == records)
        #expect(state == .open || summary.segmentCount > 4)
    }

    @Test(arguments: [UpkeptLog.State.sealed, .cold, .compacted, .retained])
    func aLogWithMoreKeysThanFitIsCheckedInPasses(state: UpkeptLog.State) throws {
        let log = try UpkeptLog(state)
        let (findings, summary) = try UpkeptLog.findings(log.directory.path, keyCountMax: 60)
        #expect(findings.filter { $0.severity != .note } == [])
        #expect(summary.passes > 1)
        // Without a look at keys once is enough.
        let (_, quick) = try UpkeptLog.findings(
            log.directory.path, keyCountMax: 60, isDeep: false)
        #expect(quick.passes == 1)
    }

    @Test func aLogThatWasOpenedAgainAndAgainHasNoFinding() throws {
        let directory = try ScratchDirectory()
        for round in 0..<5 {
            let writer = try directory.open(
                round % 2 == 0 ? .durable : .written, upkeep: Upkeep(coldAge: 1)
            ).writer
            try UpkeptLog.fill(writer, batches: 200, seed: UInt64(round)) { time in
                if round % 2 == 0 { _ = try writer.maintenance.step(now: time + 10) }
            }
            if round == 3 { try directory.pretendOtherBoot() }
        }
        #expect(
            try UpkeptLog.findings(directory.path).findings.filter { $0.severity != .note } == [])
    }

    @Test func aTornTailIsANoteAndTheNextOpeningCutsIt() throws {
        let log = try SmallLog()
        try log.directory.edit(log.segment) { $0[log.end - 20] ^= 1 }
        let (findings, summary) = try UpkeptLog.findings(log.directory.path)
        let finding = try #require(findings.first)
        #expect(findings.count == 1 && finding.severity == .note)
        #expect(finding.file == log.segment && finding.position == log.lastBatch)
        #expect(finding.offset == Offset(3) && summary.end == Offset(3))
    }

    @Test func whatIsNoLogIsAnError() throws {
        let directory = try ScratchDirectory()
        let error = #expect(throws: StorageError.self) {
            _ = try UpkeptLog.findings(directory.path)
        }
        #expect(error?.code == .notALog)
    }

    @Test func verifyingBesideAWriterAndItsMaintenanceFindsNoDamage() throws {
        let directory = try ScratchDirectory()
        let upkeep = Upkeep(
            coldAge: 5_000_000, retainByteCount: 6 * LogOptions.segmentByteCountMin,
            compactAge: 60_000_000, tombstoneAge: 30_000_000)
        let path = directory.path
        let first = try directory.open(upkeep: upkeep).writer
        try UpkeptLog.fill(first, batches: 50) { _ in }
        let done = Doorbell()
        let outcome = WriterOutcome()
        let thread = try DedicatedThread {
            do {
                try UpkeptLog.fill(first, batches: 4000, seed: 11) { time in
                    while try first.maintenance.step(now: time) != nil {}
                }
                try first.close()
            } catch {
                outcome.fail("\(error)")
            }
            outcome.finish()
            done.ring()
        }
        var rounds = 0
        var damage: [Finding] = []
        while !outcome.isFinished || rounds == 0 {
            damage += try UpkeptLog.findings(path).findings.filter { $0.severity == .damage }
            _ = try LogInspector(LogDirectory(path)).openLog()
            rounds += 1
        }
        thread.join()
        #expect(outcome.failure == nil)
        #expect(damage == [])
        #expect(rounds > 1)
        let after = try UpkeptLog.findings(path)
        #expect(after.findings.filter { $0.severity != .note } == [])
        #expect(after.summary.first > .zero)
    }
}
