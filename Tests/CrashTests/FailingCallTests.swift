import LogModel
import LogStorage
import TestSupport
import Testing

/// System calls that fail.
@Suite(.timeLimit(.minutes(2))) struct FailingCallTests {
    @Test(
        "C5: after a failed write or sync nothing is acknowledged any more",
        .needs(.tracing), arguments: ["fdatasync", "pwrite64"], ["", "+"])
    func afterAFailedWriteOrSyncNothingIsAcknowledgedAnyMore(call: String, onwards: String) throws {
        var failures = 0
        for number in 1...50 {
            let scratch = try Scratch()
            var ledger = Ledger(.durable)
            let command = Torture.crash(scratch.path, .durable, first: 0, count: 40)
                .tampered(call, "error=EIO:when=\(number)\(onwards)")
            let child = try Child(command)
            let lines = ledger.follow(child)
            let ending = child.wait()
            if lines.contains("failed log-failed") {
                failures += 1
                #expect(lines.filter { $0 == "again log-failed" }.count >= 5)
                #expect(lines.last?.hasPrefix("read ") == true)
            }
            try ledger.check(scratch.path, "\(call) \(number)\(onwards)")
            if ending == .exited(0) && lines.last == "closed" { break }
        }
        #expect(failures >= 10)
    }

    @Test(
        "C17: while a sync takes long readers go on, and nothing is acknowledged before it ends",
        .needs(.tracing))
    func whileASyncTakesLongReadersGoOn() throws {
        let scratch = try Scratch()
        let count = 6
        let command = Torture.command("slow", scratch.path, "\(count)")
            .tampered("fdatasync", "delay_enter=300000:when=3+")
        let child = try Child(command)
        let lines = child.lines()
        #expect(child.wait() == .exited(0))
        let syncs = lines.filter { $0.hasPrefix("slept ") }.map { line in
            line.split(separator: " ").dropFirst().compactMap { Int($0) }
        }
        #expect(syncs.count == count)
        // How much is read while a sync waits depends on the machine; that something is does not.
        #expect(syncs.allSatisfy { $0[0] >= 300 && $0[1] > 0 }, "\(lines)")
    }
}
