import LogModel
import LogStorage
import TestSupport
import Testing

extension MountedDisks {
    /// Machines that lose their power.
    @Suite struct PowerCutTests {
        @Test(
            "C3: a loss of power takes nothing that was acknowledged as durable",
            .needs(.mounts, .program("xfs_io"), .program("mkfs.xfs")),
            arguments: [Disk.Format.ext4, .xfs])
        func aLossOfPowerTakesNothingThatWasAcknowledgedAsDurable(format: Disk.Format) throws {
            try self.cutPower(format, .durable)
        }

        @Test(
            "C3: a loss of power takes a tail at most of what was acknowledged as written",
            .needs(.mounts, .program("xfs_io"), .program("mkfs.xfs"), .program("unshare")),
            arguments: [Disk.Format.ext4, .xfs])
        func aLossOfPowerTakesATailAtMostOfWhatWasAcknowledgedAsWritten(
            format: Disk.Format
        ) throws {
            try self.cutPower(format, .written)
        }

        private func cutPower(_ format: Disk.Format, _ mode: LogOptions.Acknowledgement) throws {
            let disk = try Disk(format)
            let scratch = try Scratch()
            var generator = SeededGenerator.ofThisRun()
            var ledger = Ledger(mode)
            for round in 0..<4 * rounds {
                // The writer lives before the machine is started anew; whoever opens the log then, after it.
                let child = try Child(
                    try Torture.crash(disk.log, mode, first: ledger.next).inAnotherBoot(scratch))
                for _ in 0..<20 + generator.below(200) { child.line().map { ledger.take($0) } }
                for line in child.linesSoFar() { ledger.take(line) }
                // The file system does not end in an instant: a sync that ends meanwhile can succeed and have
                // done nothing. So what is acknowledged from now on counts as an attempt only.
                try disk.cutPower()
                child.kill()
                for line in child.lines() where !line.hasPrefix("ack ") { ledger.take(line) }
                try disk.unmount()
                try disk.mount()
                try ledger.check(
                    disk.log, losing: mode == .durable ? .nothing : .tail, isOtherBoot: true,
                    closing: true, "\(generator), round \(round)")
            }
            try disk.unmount()
        }
    }
}
