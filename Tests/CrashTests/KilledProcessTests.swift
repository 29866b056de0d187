import LogModel
import LogStorage
import TestSupport
import Testing

/// Processes that end in the midst of their work.
@Suite(.timeLimit(.minutes(2))) struct KilledProcessTests {
    @Test(
        "C1: a process killed at any moment keeps what it acknowledged",
        arguments: LogOptions.Acknowledgement.allCases)
    func aProcessKilledAtAnyMomentKeepsWhatItAcknowledged(mode: LogOptions.Acknowledgement) throws {
        let scratch = try Scratch()
        var generator = SeededGenerator.ofThisRun()
        var ledger = Ledger(mode)
        for round in 0..<20 * rounds {
            let child = try Child(Torture.crash(scratch.path, mode, first: ledger.next))
            for _ in 0..<generator.below(60) { child.line().map { ledger.take($0) } }
            child.kill()
            _ = ledger.follow(child)
            try ledger.check(scratch.path, "\(generator), round \(round)")
        }
        #expect(ledger.next > 0)
    }

    static let calls = ["fdatasync", "fsync", "rename", "fallocate", "pwrite64", "unlink"]

    @Test(
        "C2: a process killed before any system call keeps what it acknowledged",
        .needs(.tracing), arguments: Self.calls, LogOptions.Acknowledgement.allCases)
    func aProcessKilledBeforeAnySystemCallKeepsWhatItAcknowledged(
        call: String, mode: LogOptions.Acknowledgement
    ) throws {
        var kills = 0
        while true {
            let scratch = try Scratch()
            var ledger = Ledger(mode)
            let command = Torture.crash(scratch.path, mode, first: 0, count: 40)
                .tampered(call, "signal=KILL:when=\(kills + 1)")
            let child = try Child(command)
            let lines = ledger.follow(child)
            let ending = child.wait()
            let report = try ledger.check(scratch.path, "\(call) \(kills + 1)")
            if ending == .exited(0) {
                #expect(lines.last == "closed" && report.wasClosedCleanly)
                break
            }
            try #require(ending == .killed(9), "\(child.complaint)")
            kills += 1
        }
        // Only what becomes cold is unlinked.
        #expect(kills >= (call == "unlink" ? 2 : 4), "the run is too small to roll segments")
    }
}
