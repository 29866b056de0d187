import Foundation
import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// Records that are read far apart from each other are the same as those that are read one after the other.
@Suite struct ScatteredRecordsTests {
    /// A log of sealed segments with records of 100 to 9000 bytes.
    private static func fill(_ directory: ScratchDirectory) throws {
        var random = SeededGenerator(seed: 5)
        let writer = try directory.open(upkeep: Upkeep(coldAge: nil)).writer
        for number in 0..<600 {
            let isLong = Int.random(in: 0..<4, using: &random) == 0
            let padding = Int.random(in: 0..<(isLong ? 9000 : 600), using: &random)
            try writer.commit(
                Changes([
                    TestChange(
                        key: .number(number % 90),
                        instance: "{\"p\":\"\(String(repeating: "x", count: padding))\"}")
                ]), time: Int64(number))
            while try writer.maintenance.step(now: Int64(number)) != nil {}
        }
        try writer.close()
    }

    private static func checksum(
        _ offset: Offset, _ read: (Offset) throws(StorageError) -> UInt32?
    ) -> Result<UInt32?, StorageError> {
        Result { () throws(StorageError) in try read(offset) }
    }

    /// Reads with gaps of all lengths, and compares what comes, by the checksum, which covers the offset, or is thrown.
    /// Returns how many reads failed.
    private static func compare(_ log: ChangeLog, seed: UInt64) -> Int {
        var random = SeededGenerator(seed: seed)
        var failures = 0
        for longest in [1, 3, 20, 200] {
            var records = ScatteredRecords(log)
            var offset = log.first
            while offset < log.watermarks.visible {
                let expected = Self.checksum(offset) { offset throws(StorageError) in
                    try log.withRecord(at: offset) { $0.checksum }
                }
                let found = Self.checksum(offset) { offset throws(StorageError) in
                    try records.withRecord(at: offset) { $0.checksum }
                }
                #expect(found == expected, "\(offset)")
                if case .failure = expected { failures += 1 }
                offset = offset.advanced(by: Int.random(in: 1...longest, using: &random))
            }
        }
        return failures
    }

    @Test(arguments: UpkeptLog.State.allCases)
    func theyAreTheSameInSegmentsOfEveryKind(state: UpkeptLog.State) throws {
        let upkept = try UpkeptLog(state, batches: 400)
        let log = try LogInspector(LogDirectory(upkept.directory.path)).openLog()
        #expect(Self.compare(log, seed: 1) == 0)
    }

    @Test func longRecordsAreReadWhole() throws {
        let directory = try ScratchDirectory()
        try Self.fill(directory)
        let log = try LogInspector(LogDirectory(directory.path)).openLog()
        #expect(Self.compare(log, seed: 2) == 0)
    }

    @Test func theyStayWhenTheFilesAreRemoved() throws {
        let directory = try ScratchDirectory()
        try Self.fill(directory)
        let log = try LogInspector(LogDirectory(directory.path)).openLog()
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path)
        where name.hasSuffix(".segment") { try directory.remove(name) }
        #expect(Self.compare(log, seed: 3) == 0)
    }

    @Test func damageIsSaidInTheSameWords() throws {
        let directory = try ScratchDirectory()
        try Self.fill(directory)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        for name in names.filter({ $0.hasSuffix(".segment") }).sorted().dropLast(2) {
            for position in [4096, 4096 + 30, 20_000, 40_000] {
                try directory.flip(name, at: position)
            }
        }
        let log = try LogInspector(LogDirectory(directory.path)).openLog(damage: { _ in })
        #expect(Self.compare(log, seed: 4) > 20)
    }
}
