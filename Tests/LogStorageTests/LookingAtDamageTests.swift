import Foundation
import LogFormat
import LogModel
import LogStorage
import Synchronization
import Testing

/// A damaged log that is looked at: what can be read is read, and of what cannot it is said.
@Suite struct LookingAtDamageTests {
    /// What was told of damage.
    private final class Reports: Sendable {
        private let errors = Mutex<[StorageError]>([])

        var all: [StorageError] { self.errors.withLock { $0 } }
        var handler: DamageHandler { { [self] error in self.errors.withLock { $0.append(error) } } }
    }

    /// The checksums of all records that can be read, by offset.
    private static func readable(
        _ path: String, _ reports: Reports
    ) throws(StorageError) -> [Offset: UInt32] {
        let log = try LogInspector(LogDirectory(path)).openLog(damage: reports.handler)
        var found: [Offset: UInt32] = [:]
        for extent in log.extents {
            extent.forEachReadableRecord(damage: reports.handler) {
                found[$0.offset] = $0.checksum
            }
        }
        return found
    }

    @Test(arguments: UpkeptLog.State.allCases)
    func whateverIsWholeIsReadAndWhatIsNotIsSaid(_ state: UpkeptLog.State) throws {
        let log = try UpkeptLog(state, isClosed: false, batches: 600)
        let whole = Reports()
        let all = try Self.readable(log.directory.path, whole)
        #expect(whole.all.isEmpty && all.count > 20)
        let snapshot = try log.directory.snapshot()
        for (name, bytes) in snapshot where name != "meta" && !name.hasSuffix(".tmp") {
            let step = max(bytes.count / 40, 1)
            for position in stride(from: step / 3, to: bytes.count, by: step) {
                try log.directory.flip(name, at: position)
                try self.expectHonest(log, all, "\(name) byte \(position)")
                try log.directory.write(bytes, to: name)
            }
            for count in [0, 1, bytes.count / 2, bytes.count - 1] {
                try log.directory.write(Array(bytes[..<count]), to: name)
                try self.expectHonest(log, all, "\(name) cut to \(count)")
            }
            try log.directory.remove(name)
            try self.expectHonest(log, all, "\(name) removed")
            try log.directory.write(bytes, to: name)
        }
    }

    /// Groups and keys are looked for wherever something is damaged, and what is found is what was written.
    @Test(arguments: UpkeptLog.State.allCases)
    func lookingForGroupsReadsNothingThatIsDamaged(_ state: UpkeptLog.State) throws {
        let log = try UpkeptLog(state, isClosed: false, batches: state == .unsealed ? 200 : 400)
        let whole = try LogInspector(LogDirectory(log.directory.path)).openLog()
        var hashes: [UInt64: HashKind] = [:]
        for extent in whole.extents {
            try extent.forEachRecord(from: extent.segment.base) { record in
                hashes[record.groupHash(record.groupCount - 1)] = .group
                hashes[record.keyHash] = .key
            }
        }
        let all = try Self.readable(log.directory.path, Reports())
        for (name, bytes) in try log.directory.snapshot() where name.hasSuffix(".segment") {
            // From every part of records; and so near each other that all fields are met.
            for position in stride(from: SegmentHeader.count, to: min(bytes.count, 30_000), by: 397)
            {
                var damaged = bytes
                for place in position..<min(position + 24, bytes.count) { damaged[place] ^= 0xA5 }
                try log.directory.write(damaged, to: name)
                let reports = Reports()
                let opened = try? LogInspector(LogDirectory(log.directory.path))
                    .openLog(damage: reports.handler)
                for (hash, kind) in hashes.sorted(by: { $0.key < $1.key }).prefix(12) {
                    guard let opened else { continue }
                    var reader = GroupReader(opened, .any([hash]), of: kind, from: opened.first)
                    do throws(StorageError) {
                        while try reader.nextRecord({ record in
                            #expect(all[record.offset] == record.checksum, "\(name) \(position)")
                        }) {}
                    } catch {
                        #expect(error.code == .corrupt, "\(name) \(position): \(error)")
                    }
                }
                try log.directory.write(bytes, to: name)
            }
        }
    }

    /// Nothing is read that was not written, and if something is missing it is said.
    private func expectHonest(
        _ log: UpkeptLog, _ all: [Offset: UInt32], _ what: String
    ) throws {
        let reports = Reports()
        do throws(StorageError) {
            let found = try Self.readable(log.directory.path, reports)
            let isTrue = found.allSatisfy { all[$0.key] == $0.value }
            #expect(isTrue, "\(what): something was read that nobody wrote")
            // What nothing says was durable may have been a batch that was never finished.
            let isTail = all.keys.filter { found[$0] == nil }.min().map { first in
                found.keys.allSatisfy { $0 < first }
            }
            #expect(
                found.count == all.count || !reports.all.isEmpty || isTail == true,
                "\(what): \(all.count - found.count) records are missing in silence")
        } catch {
            #expect(error.code != .io || !error.message.isEmpty, "\(what): \(error)")
        }
    }

    @Test func aFlippedBitCostsOneRecord() throws {
        let log = try SmallLog(isClosed: true)
        let all = try Self.readable(log.directory.path, Reports())
        for position in SegmentHeader.count..<log.end {
            try log.directory.flip(log.segment, at: position)
            let reports = Reports()
            let found = try Self.readable(log.directory.path, reports)
            let record = Offset(UInt64(log.record(at: position)))
            // Of the last record nothing that follows says that it was there but `meta`.
            #expect(found == all.filter { $0.key != record }, "byte \(position)")
            #expect(!reports.all.isEmpty, "byte \(position)")
            try log.directory.flip(log.segment, at: position)
        }
    }

    @Test func aLostSegmentIsAGapAndTheRestIsThere() throws {
        let log = try UpkeptLog(.sealed, batches: 600)
        let all = try Self.readable(log.directory.path, Reports())
        let names = try log.directory.segments()
        #expect(names.count > 3)
        for (place, name) in names.enumerated() {
            let bytes = try log.directory.bytes(name)
            try log.directory.remove(name)
            let reports = Reports()
            let found = try Self.readable(log.directory.path, reports)
            let base = try #require(UInt64(name.prefix(20)))
            let next = place + 1 < names.count ? UInt64(names[place + 1].prefix(20)) : nil
            let expected = all.filter {
                $0.key.rawValue < base || $0.key.rawValue >= next ?? .max
            }
            #expect(found == expected, "\(name)")
            #expect(reports.all.contains { $0.message.contains("missing") }, "\(name)")
            try log.directory.write(bytes, to: name)
        }
    }

    @Test func anIndexIsMadeOfTheRecordsThatAreWhole() throws {
        let log = try UpkeptLog(.sealed, batches: 600)
        let name = try #require(try log.directory.segments().first)
        try log.directory.remove(name.replacing(".segment", with: ".index"))
        try log.directory.flip(name, at: 20_000)
        let reports = Reports()
        let opened = try LogInspector(LogDirectory(log.directory.path))
            .openLog(damage: reports.handler)
        var damaged: [Offset] = []
        var readCount = 0
        for offset in 0..<opened.extents[0].end.rawValue {
            do throws(StorageError) {
                let found = try opened.withRecord(at: Offset(offset)) { $0.offset }
                #expect(found == Offset(offset))
                readCount += 1
            } catch {
                damaged.append(Offset(offset))
                #expect(error.code == .corrupt)
            }
        }
        #expect(damaged.count == 1 && readCount > 100)
        #expect(reports.all.first?.offset == damaged.first)
    }

    @Test func withoutAHandlerDamageIsThrown() throws {
        let log = try UpkeptLog(.sealed, batches: 600)
        let names = try log.directory.segments()
        try log.directory.remove(names[1])
        let error = try #require(throws: StorageError.self) {
            try LogInspector(LogDirectory(log.directory.path)).openLog()
        }
        #expect(error.code == .corrupt && error.message.contains("missing"))
    }
}
