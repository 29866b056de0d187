import Foundation
import LogModel
import LogStorage
import TestSupport
import Testing

extension MountedDisks {
    /// Devices that refuse to write or to read.
    @Suite struct FailingDiskTests {
        @Test(
            "C6: what was acknowledged after a failed sync is on the disk, though its cache lied",
            .needs(.mounts, .program("nbdkit"), .program("nbdfuse")),
            arguments: LogOptions.Acknowledgement.allCases)
        func whatWasAcknowledgedAfterAFailedSyncIsOnTheDisk(
            mode: LogOptions.Acknowledgement
        ) throws {
            let failing = try FailingDisk()
            var ledger = Ledger(mode)
            for round in 0..<5 * rounds {
                var child = try Child(
                    Torture.crash(failing.log, mode, first: ledger.next, maintains: false))
                for _ in 0..<30 { child.line().map { ledger.take($0) } }
                // While it is stopped it waits for no sync, so that the next write is one of the log's data.
                child.stop()
                failing.failWrites(true)
                child.resume()
                let lines = ledger.follow(child)
                child.wait()
                failing.failWrites(false)
                let failures = lines.filter { $0.hasSuffix(" log-failed") }
                #expect(failures.count >= 5, "\(lines.suffix(3))")
                // The cache holds what the disk does not, and says that it is clean.
                try ledger.check(
                    failing.log, losing: mode == .durable ? .nothing : .tail, "round \(round), warm"
                )

                child = try Child(
                    Torture.crash(
                        failing.log, mode, first: ledger.next, count: 10, maintains: false))
                let last = ledger.follow(child).last
                #expect(child.wait() == .exited(0) && last == "closed")
                try failing.remount()
                try ledger.check(failing.log, closing: true, "round \(round), cold")
            }
        }

        @Test(
            "C8: a segment that cannot be read is an error, and never wrong data",
            .needs(.mounts, .program("nbdkit"), .program("nbdfuse")), arguments: [0, 1])
        func aSegmentThatCannotBeReadIsAnError(segment: Int) throws {
            let failing = try FailingDisk()
            var ledger = Ledger(.durable)
            _ = ledger.follow(
                try Child(
                    Torture.crash(failing.log, .durable, first: 0, count: 40, maintains: false)))
            try ledger.check(failing.log)

            // While it is open: the bytes are not in memory any more, and the device does not give them again.
            let reader = try Child(Torture.command("read", failing.log))
            #expect(reader.line()?.hasPrefix("open ") == true)
            try failing.forget(segment: segment)
            failing.failReads(true)
            reader.send()
            let answer = reader.line()
            reader.endInput()
            if let answer {
                #expect(answer == "damaged log-corrupt" || answer == "damaged io-error")
            } else {
                #expect(reader.wait() == .exited(70))
                #expect(reader.complaint.contains("could not be read"))
            }
            failing.failReads(false)

            // While it is opened.
            try failing.remount()
            try failing.forget(segment: segment)
            failing.failReads(true)
            let opening = try Child(Torture.command("read", failing.log))
            opening.endInput()
            #expect(opening.lines().first?.hasPrefix("refused io-error") == true)
            #expect(opening.wait() == .exited(1))
            failing.failReads(false)
            try ledger.check(failing.log)
        }
    }
}

extension FailingDisk {
    /// Takes the bytes of a segment, by its place in the order, out of the caches of file system and device.
    func forget(segment: Int) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: self.log)
            .filter { $0.hasSuffix(".segment") }.sorted()
        try run("sync", "-f", self.log)
        for path in [self.log + "/" + names[segment], self.exportPath] {
            try run(
                "dd", "of=\(path)", "oflag=nocache", "conv=notrunc,fdatasync", "count=0",
                "status=none")
        }
    }
}
