import Glibc
import LogModel
import LogStorage
import Synchronization
import TestSupport

/// Reads everything once for each line of input, and says how far it got.
func readOnRequest(_ log: ChangeLog) {
    while readLine() != nil {
        do {
            say("read", "\(try TortureContents(of: log).end)")
        } catch let error as StorageError {
            say("damaged", error.code.rawValue)
        } catch {
            say("wrong", "\(error)")
        }
    }
}

/// Commits `count` batches while another thread reads, and says for each sync how long it took in
/// milliseconds, and how often everything was read during it.
func commitBesideAReader(_ writer: LogWriter, count: UInt64) throws {
    let log = writer.log
    let passes = Atomic<Int>(0)
    let isDone = Atomic<Bool>(false)
    try withoutActuallyEscaping({ @Sendable () -> Void in
        while !isDone.load(ordering: .acquiring) {
            guard (try? TortureContents(of: log)) != nil else { exit(2) }
            passes.add(1, ordering: .releasing)
        }
    }) { body in
        let thread = try DedicatedThread(body)
        defer {
            isDone.store(true, ordering: .releasing)
            thread.join()
        }
        for number in 0..<count {
            let batch = TortureBatch(number)
            var changes = batch.changes
            let placement = try writer.append(
                0..<batch.count, of: &changes, producer: batch.producer, time: 1)
            try writer.write()
            let before = passes.load(ordering: .acquiring)
            let start = ContinuousClock.now
            try writer.synchronize()
            let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
            // Nothing of it was visible before the disk had it.
            guard log.watermarks.visible == placement.first else { exit(3) }
            say("slept", "\(Int(milliseconds))", "\(passes.load(ordering: .acquiring) - before)")
            writer.publish()
        }
    }
}
