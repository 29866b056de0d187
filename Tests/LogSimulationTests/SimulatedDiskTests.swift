import LogFormat
import LogSimulation
import LogStorage
import Testing

/// The simulated disk does what `Disk` promises, and loses what a disk may lose.
struct SimulatedDiskTests {
    private static let seeds: [UInt64] = Array(0..<60)

    private func disk(_ seed: UInt64) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: seed)
        try disk.createDirectory("/d")
        return disk
    }

    private func write(
        _ value: UInt8, _ count: Int, at position: Int, to file: any DiskFile
    ) throws(StorageError) {
        let bytes = [UInt8](repeating: value, count: count)
        try file.write(bytes.span.bytes, at: position)
    }

    private func synchronizeNames(_ disk: SimulatedDisk) throws {
        try disk.open("/d", .directory).synchronizeAll()
    }

    @Test func whatIsWrittenIsSeenAtOnceAndThroughMappings() throws {
        let disk = try self.disk(0)
        let file = try disk.open("/d/a", .create)
        try file.reserve(4096)
        let mapping = try file.map(count: 4096)
        try self.write(7, 3, at: 1000, to: file)
        #expect(try file.read(at: 999, count: 5) == [0, 7, 7, 7, 0])
        #expect(try file.read(at: 4090, count: 100).count == 6)
        #expect(try file.count() == 4096)
        #expect(throws: StorageError.self) { _ = try file.map(count: 4097) }
        withExtendedLifetime(mapping) {}
    }

    @Test func theEndOfTheProcessLosesNothing() throws {
        for seed in Self.seeds {
            let disk = try self.disk(seed)
            let file = try disk.open("/d/a", .create)
            try self.write(7, 2000, at: 0, to: file)
            let boot = try disk.bootIdentity()
            disk.endProcess()
            #expect(disk.contents(of: "/d/a") == [UInt8](repeating: 7, count: 2000))
            #expect(try disk.bootIdentity() == boot)
            #expect(throws: StorageError.self) { try self.write(8, 1, at: 0, to: file) }
        }
    }

    @Test func aLossOfPowerKeepsWhatWasSynced() throws {
        for seed in Self.seeds {
            let disk = try self.disk(seed)
            let file = try disk.open("/d/a", .create)
            try self.write(7, 2000, at: 0, to: file)
            try file.synchronize()
            try self.synchronizeNames(disk)
            try self.write(8, 2000, at: 2000, to: file)
            let boot = try disk.bootIdentity()
            disk.losePower()
            let bytes = try #require(disk.contents(of: "/d/a"))
            #expect(bytes.prefix(2000).allSatisfy { $0 == 7 })
            #expect(bytes.dropFirst(2000).allSatisfy { $0 == 8 || $0 == 0 })
            #expect(try disk.bootIdentity() != boot)
        }
    }

    @Test func aLossOfPowerLosesAnySectorsOfWhatWasNot() throws {
        var ends: Set<[UInt8]> = []
        for seed in Self.seeds {
            let disk = try self.disk(seed)
            let file = try disk.open("/d/a", .create)
            try file.reserve(2048)
            try file.synchronize()
            try self.synchronizeNames(disk)
            try self.write(8, 2048, at: 0, to: file)
            disk.losePower()
            let bytes = try #require(disk.contents(of: "/d/a"))
            ends.insert(bytes)
        }
        #expect(ends.contains([UInt8](repeating: 8, count: 2048)))
        #expect(ends.contains([UInt8](repeating: 0, count: 2048)))
        #expect(ends.contains { $0.first == 0 && $0.last == 8 })
        #expect(ends.contains { $0.first == 8 && $0.last == 0 })
        let isTorn = ends.contains { bytes in
            (0..<4).contains { Set(bytes[$0 * 512..<($0 + 1) * 512]).count == 2 }
        }
        #expect(isTorn)
    }

    @Test func namesAreLostInTheReverseOrderOfTheirMaking() throws {
        var ends: Set<[String]> = []
        for seed in Self.seeds {
            let disk = try self.disk(seed)
            _ = try disk.open("/d/a", .create)
            try self.synchronizeNames(disk)
            _ = try disk.open("/d/b", .create)
            try disk.rename("/d/b", to: "/d/c")
            try disk.remove("/d/a")
            #expect(try disk.names(in: "/d") == ["c"])
            disk.losePower()
            ends.insert(try disk.names(in: "/d"))
        }
        #expect(ends == [["a"], ["a", "b"], ["a", "c"], ["c"]])
    }

    @Test func aFailedSyncLeavesCleanPagesThatTheMediumDoesNotHave() throws {
        var isLost = false
        for seed in Self.seeds {
            let disk = try self.disk(seed)
            let file = try disk.open("/d/a", .create)
            try file.reserve(4096)
            try file.synchronize()
            try self.synchronizeNames(disk)
            try self.write(8, 4096, at: 0, to: file)
            disk.armed = .synchronize
            #expect(throws: StorageError.self) { try file.synchronize() }
            try file.synchronize()
            #expect(try file.read(at: 0, count: 4096).allSatisfy { $0 == 8 })
            disk.losePower()
            isLost = isLost || disk.contents(of: "/d/a")?.contains(0) ?? false
        }
        #expect(isLost)
    }

    @Test func afterItsDeathAProcessChangesNothing() throws {
        for seed in Self.seeds {
            let disk = try self.disk(seed)
            let file = try disk.open("/d/a", .create)
            disk.diesAt = disk.stepCount + 1
            #expect(throws: StorageError.self) { try self.write(7, 1000, at: 0, to: file) }
            #expect(disk.isDead)
            let before = disk.contents(of: "/d/a")
            #expect(throws: StorageError.self) { try self.write(9, 1000, at: 0, to: file) }
            #expect(throws: StorageError.self) { try disk.remove("/d/a") }
            #expect(disk.contents(of: "/d/a") == before)
        }
    }

    @Test func aFullDiskRefusesToReserveUntilSomethingGoes() throws {
        let disk = SimulatedDisk(seed: 0, freeByteCount: 8192)
        try disk.createDirectory("/d")
        let first = try disk.open("/d/a", .create)
        try first.reserve(6144)
        var second: (any DiskFile)? = try disk.open("/d/b", .create)
        #expect(throws: StorageError.self) { try second?.reserve(4096) }
        #expect(disk.freeByteCount == 2048)
        try second?.reserve(2048)
        try self.synchronizeNames(disk)
        try disk.remove("/d/b")
        second = nil
        // Its name can still come back.
        #expect(disk.freeByteCount == 0)
        try self.synchronizeNames(disk)
        #expect(disk.freeByteCount == 2048)
    }

    @Test func aLockGoesWithItsFileOrItsProcess() throws {
        let disk = try self.disk(0)
        var first: (any DiskFile)? = try disk.open("/d/a", .createOrOpen)
        let second = try disk.open("/d/a", .createOrOpen)
        #expect(try first?.tryLock() == true)
        #expect(try second.tryLock() == false)
        first = nil
        #expect(try second.tryLock())
        disk.endProcess()
        #expect(try disk.open("/d/a", .readWrite).tryLock())
    }
}
