import LogModel
import LogStorage
import TestSupport
import Testing

/// Machines that have not enough of something.
@Suite(.timeLimit(.minutes(1))) struct ScarcityTests {
    @Test(
        "C19: a process that may open no more files, or none as long, refuses and goes on later",
        arguments: [("files", "io-error"), ("bytes", "disk-full")])
    func aProcessThatLacksSomethingRefusesAndGoesOnLater(what: String, code: String) throws {
        let scratch = try Scratch()
        // The first segment, shorter than those that the process will begin.
        _ = try Recovery.open(LogDirectory(scratch.path), options: Torture.options(.durable))
        let child = try Child(Torture.command("short", scratch.path, what))
        let lines = child.lines()
        #expect(child.wait() == .exited(0), "\(lines)")
        #expect(lines.count == 4 && lines.dropFirst().first == "refused \(code)")
        let (writer, report) = try Recovery.open(
            LogDirectory(scratch.path), options: Torture.options(.durable))
        #expect(lines.last == "committed \(report.end)")
        #expect(try TortureContents(of: writer.log).batches.count >= 40)
    }
}
