import Foundation
import LogModel
import LogStorage
import TestSupport
import Testing

/// Openings that end in the midst of what they do, again and again.
@Suite(.timeLimit(.minutes(2))) struct InterruptedRecoveryTests {
    static let calls = [
        "pwrite64", "fdatasync", "fsync", "rename", "unlink", "fallocate", "ftruncate",
    ]

    @Test(
        "C22: an opening that is interrupted anywhere leaves what an undisturbed one finds",
        .needs(.tracing), arguments: LogOptions.Acknowledgement.allCases,
        ["signal=KILL", "error=EIO", "error=ENOSPC"])
    func anOpeningThatIsInterruptedAnywhereLeavesWhatAnUndisturbedOneFinds(
        mode: LogOptions.Acknowledgement, fault: String
    ) throws {
        let torn = try TornLog(mode)
        let undisturbed = try torn.copy()
        let expected = try torn.open(undisturbed.file("log"))
        #expect(expected.cut > 0 && expected.hasNewEpoch == (mode == .written))
        #expect(expected.contents.batches.count == torn.batchCount - 1)
        var interruptions: [String: Int] = [:]
        for call in Self.calls {
            for number in 1...50 {
                let scratch = try torn.copy()
                let log = scratch.file("log")
                let command = Torture.command("read", log, mode.rawValue)
                    .tampered(call, "\(fault):when=\(number)")
                // Twice, the second time on what the first has left.
                var isInterrupted = false
                for _ in 0..<2 {
                    let child = try Child(command)
                    child.endInput()
                    let isOpen = child.lines().first?.hasPrefix("open ") == true
                    child.wait()
                    if !isOpen { isInterrupted = true }
                    if isOpen { break }
                }
                if !isInterrupted { break }
                interruptions[call, default: 0] += 1
                let found = try torn.open(log)
                let note: Comment = "\(call) \(number)"
                #expect(found.contents.batches == expected.contents.batches, note)
                #expect(found.contents.end == expected.contents.end, note)
                #expect(found.names == expected.names, note)
                for token in torn.tokens {
                    let isKept = token.next <= found.contents.end
                    #expect(
                        found.log.refusal(of: token) == (isKept ? nil : torn.refusalOfLost), note)
                }
            }
        }
        #expect(interruptions["pwrite64", default: 0] >= 4, "\(interruptions)")
        #expect(interruptions["unlink", default: 0] >= 2, "\(interruptions)")
        #expect(interruptions["fdatasync", default: 0] >= 2, "\(interruptions)")
    }
}
