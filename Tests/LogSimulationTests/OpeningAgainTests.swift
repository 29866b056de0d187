import LogModel
import LogSimulation
import LogStorage
import TestSupport
import Testing

/// What one process leaves half done the next one must not build upon.
struct OpeningAgainTests {
    private static let seeds: [UInt64] = Array(0..<60)

    private func open(
        _ disk: SimulatedDisk, _ acknowledgement: LogOptions.Acknowledgement = .durable
    ) throws(StorageError) -> LogWriter {
        var options = LogOptions.small
        options.acknowledgement = acknowledgement
        return try Recovery.open(LogDirectory("/log", on: disk), options: options).writer
    }

    private func commit(_ number: Int, to writer: LogWriter) throws {
        var builder = ChangesBuilder()
        builder.add(.created, "todo.Task", key: .number(number))
        try writer.commit(builder.finish())
    }

    /// The first process is killed at each step of creating the log, the power fails under the third one.
    @Test(arguments: 1...30)
    func whatAKilledProcessHasNamedIsDurableBeforeAnythingIsAcknowledged(step: Int) throws {
        for seed in Self.seeds.prefix(10) {
            let disk = SimulatedDisk(seed: seed)
            disk.diesAt = step
            _ = try? self.open(disk)
            disk.endProcess()
            var writer: LogWriter? = try self.open(disk)
            try self.commit(1, to: #require(writer))
            writer = nil
            disk.endProcess()
            disk.losePower()
            writer = try self.open(disk)
            #expect(writer?.log.watermarks.visible.rawValue == 1, "seed \(seed)")
        }
    }

    @Test func aPageOfMetaThatMayNotBeOnTheDiskIsWrittenAgainBeforeTheOtherOne() throws {
        for seed in Self.seeds {
            let disk = SimulatedDisk(seed: seed)
            var writer: LogWriter? = try self.open(disk)
            try self.commit(1, to: #require(writer))
            disk.armed = .synchronize
            #expect(throws: StorageError.self) { try writer?.close() }
            writer = nil
            disk.endProcess()
            // The next process dies in the middle of its first update of `meta`, at one step or another.
            disk.diesAt = disk.stepCount + 14 + Int(seed % 12)
            writer = try? self.open(disk)
            writer = nil
            disk.endProcess()
            disk.losePower()
            writer = try self.open(disk)
            #expect(writer?.log.watermarks.visible.rawValue == 1, "seed \(seed)")
        }
    }

    /// Readers saw a record before it was durable, the opening after a kill could not sync it, and the cache forgot
    /// it: its offset must not be used again under the same epoch.
    @Test func anOpeningThatFailedToSyncIsTakenForALossOfTheCache() throws {
        var lossCount = 0
        for seed in Self.seeds {
            let disk = SimulatedDisk(seed: seed)
            var writer: LogWriter? = try self.open(disk, .written)
            let epoch = try #require(writer?.log.epoch)
            var changes = Changes()
            for number in 1...2 {
                var builder = ChangesBuilder()
                builder.add(.created, "todo.Task", key: .number(number))
                changes = builder.finish()
                _ = try writer?.append(0..<1, of: &changes, producer: nil, time: 0)
            }
            try writer?.write()
            writer?.publish()
            writer = nil
            disk.endProcess()
            disk.armed = .synchronize
            #expect(throws: StorageError.self) { _ = try self.open(disk, .written) }
            disk.endProcess()
            disk.evict()
            writer = try self.open(disk, .written)
            let log = try #require(writer?.log)
            if log.watermarks.visible.rawValue < 2 {
                lossCount += 1
                #expect(log.epoch != epoch, "seed \(seed)")
            }
        }
        #expect(lossCount > 0)
    }

    @Test func aLogThatFailedToCloseTakesNothingMore() throws {
        let disk = SimulatedDisk(seed: 1)
        let writer = try self.open(disk)
        try self.commit(1, to: writer)
        disk.armed = .synchronize
        #expect(throws: StorageError.self) { try writer.close() }
        #expect(throws: StorageError.self) { try self.commit(2, to: writer) }
        #expect(writer.log.watermarks.visible.rawValue == 1)
    }

    @Test func aLogThatFailedShowsNothingMore() throws {
        let disk = SimulatedDisk(seed: 1)
        let writer = try self.open(disk, .written)
        try self.commit(1, to: writer)
        var builder = ChangesBuilder()
        builder.add(.created, "todo.Task", key: .number(2))
        var changes = builder.finish()
        _ = try writer.append(0..<1, of: &changes, producer: nil, time: 0)
        try writer.write()
        disk.armed = .synchronize
        #expect(throws: StorageError.self) { try writer.synchronize() }
        writer.publish()
        #expect(writer.log.watermarks.visible.rawValue == 1)
    }
}
