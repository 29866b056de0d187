import Foundation
import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// Clocks that jump.
@Suite(.timeLimit(.minutes(1))) struct ClockTests {
    @Test(
        "C20: a clock that jumps changes no order, and the log's time never goes back",
        .needs(.program("faketime")))
    func aClockThatJumpsChangesNoOrder() throws {
        let scratch = try Scratch()
        let log = scratch.file("log")
        var ledger = Ledger(.durable)
        var times: [Int64] = []
        for jump in ["+0d", "-1d", "+30d", "-400d", "+0d"] {
            let command = Torture.crash(log, .durable, first: ledger.next, count: 30)
            let child = try Child(["faketime", "-m", "-f", jump] + command)
            #expect(ledger.follow(child).last == "closed", "\(child.complaint)")
            #expect(child.wait() == .exited(0))
            // The contents are checked to have times that never fall.
            try ledger.check(log, jump)
            times.append(try self.lastTime(of: log))
        }
        #expect(times == times.sorted())
        let day: Int64 = 86_400_000_000
        #expect(times[2] - times[1] > 29 * day, "the clock was not moved: \(times)")
    }

    @Test(
        "C20: a clock that jumps under a running process changes no order",
        .needs(.program("faketime")))
    func aClockThatJumpsUnderARunningProcessChangesNoOrder() throws {
        let scratch = try Scratch()
        let log = scratch.file("log")
        let clock = scratch.file("clock")
        try Data("+0d".utf8).write(to: URL(filePath: clock))
        var ledger = Ledger(.durable)
        // The file says what time it is, as often as it is asked. The wrapper is a process of its own, which cannot
        // be killed in the other's place; so there is an end, far behind what fits into the pipe.
        let child = try Child(
            ["faketime", "-m", "-f", "+0d", "env", "-u", "FAKETIME"]
                + Torture.crash(log, .durable, first: 0, count: 2600),
            environment: ["FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1"])
        for jump in ["+30d", "-1d", "+60d", "-400d"] {
            for _ in 0..<300 { child.line().map { ledger.take($0) } }
            try Data(jump.utf8).write(to: URL(filePath: clock), options: .atomic)
        }
        #expect(ledger.follow(child).last == "closed", "\(child.complaint)")
        #expect(child.wait() == .exited(0))
        try ledger.check(log)
        let ahead = try self.lastTime(of: log) - Machine.wallClock()
        #expect(ahead > 59 * 86_400_000_000, "the clock was not moved")
    }

    /// The time of the last record that a producer wrote under a moved clock, or later.
    private func lastTime(of directory: String) throws -> Int64 {
        let (writer, report) = try Recovery.open(
            LogDirectory(directory), options: Torture.options(.durable))
        let last = try #require(report.end.previous)
        let time = try writer.log.withRecord(at: last) { record in record.time }
        return try #require(time)
    }
}
