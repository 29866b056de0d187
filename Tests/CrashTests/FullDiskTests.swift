import Foundation
import Glibc
import LogModel
import LogStorage
import TestSupport
import Testing

extension MountedDisks {
    /// Full disks.
    @Suite struct FullDiskTests {
        @Test(
            "C7: a full disk refuses batches, lets readers go on, and heals",
            .needs(.mounts), arguments: [160, 288, 544])
        func aFullDiskRefusesBatchesLetsReadersGoOnAndHeals(kilobytes: Int) throws {
            let scratch = try Scratch()
            let path = try scratch.directory("disk")
            try run("mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", path)
            let ballast = path + "/ballast"
            try Data(count: 68 << 10).write(to: URL(filePath: ballast))
            let log = path + "/log"
            var ledger = Ledger(.durable)
            let child = try Child(Torture.crash(log, .durable, first: 0))
            var fulls = 0
            var before: UInt64?
            while fulls < 4, let line = child.line() {
                ledger.take(line)
                #expect(!line.hasPrefix("failed") && line != "unreadable", "\(line)")
                guard line.hasPrefix("full ") else { continue }
                fulls += 1
                if fulls == 2 { before = Self.end(line) }
                if fulls == 3 { unlink(ballast) }
                child.send()
            }
            #expect(fulls == 4)
            child.endInput()
            let rest = ledger.follow(child)
            // Freed space is used without a restart.
            let after = rest.last { $0.hasPrefix("full ") }.flatMap(Self.end)
            #expect(try #require(before) < (after ?? 0))
            #expect(child.wait() == .exited(0), "\(child.complaint)")
            try ledger.check(log, closing: true)
            try run("umount", path)
        }

        /// The offset at the end of a line.
        private static func end(_ line: String) -> UInt64? {
            line.split(separator: " ").last.flatMap { UInt64($0) }
        }
    }
}
