import Glibc
import LogModel
import LogStorage
import TestSupport
import Testing

/// Processes that end in the middle of their work.
@Suite(.timeLimit(.minutes(1))) struct KillTests {
    /// Expects what `storage-torture` appends, and nothing else.
    private func expectTorture(_ records: [StoredRecord]) {
        var first: UInt64 = 0
        for (index, record) in records.enumerated() {
            let offset = UInt64(index)
            let last = first + first % 5
            let padding = String(repeating: "x", count: Int(offset * 37 % 700))
            #expect(record.offset == Offset(offset))
            #expect(record.instance == "{\"n\":\(offset),\"pad\":\"\(padding)\"}")
            #expect(record.key == .number(Int(offset % 11)))
            #expect(record.isFirstOfBatch == (offset == first))
            #expect(record.isLastOfBatch == (offset == last))
            if offset == last { first = last + 1 }
        }
        #expect(first == UInt64(records.count), "the last batch is not whole")
    }

    @Test(arguments: LogOptions.Acknowledgement.allCases)
    func killedWritersKeepEverythingTheyAcknowledged(
        acknowledgement: LogOptions.Acknowledgement
    ) throws {
        let directory = try ScratchDirectory(onDisk: true)
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        var end = Offset.zero
        for round in 0..<10 {
            let process = try TortureProcess("append", directory.path, acknowledgement.rawValue)
            #expect(process.line() == "open \(end)")
            var acknowledged = end.rawValue
            for _ in 0..<Int.random(in: 0...60, using: &generator) {
                acknowledged = UInt64(process.line() ?? "") ?? 0
            }
            process.kill()
            for line in process.lines() { acknowledged = UInt64(line) ?? acknowledged }

            let (writer, report) = try directory.open(acknowledgement)
            #expect(report.end.rawValue >= acknowledged, "seed \(seed), round \(round)")
            #expect(!report.wasClosedCleanly)
            if acknowledgement == .durable { #expect(!report.hasNewEpoch) }
            let records = try writer.log.records()
            self.expectTorture(records)
            #expect(records.count == Int(report.end.rawValue))
            end = report.end
        }
        #expect(end > .zero)
    }

    /// The kernel cuts a write short in the middle of a batch and refuses the rest of it.
    @Test(arguments: [6000, 9001, 20_000, 41_234])
    func aFailedWriteEndsAppendsAndKeepsWhatWasAcknowledged(limit: Int) throws {
        let directory = try ScratchDirectory()
        let process = try TortureProcess("fail", directory.path, String(limit))
        let lines = process.lines()
        try process.finish()
        let committed = lines.filter { $0.hasPrefix("committed") }.last?.split(separator: " ").last
        let end = try #require(committed.flatMap { UInt64($0) })
        #expect(lines.first == "open 0")
        #expect(
            Array(lines.suffix(3)) == [
                "failed log-failed \(end)", "again log-failed", "read \(end)",
            ])

        let (writer, report) = try directory.open()
        #expect(report.end == Offset(end))
        #expect(report.cutByteCount > 0)
        let records = try writer.log.records()
        self.expectTorture(records)
        #expect(try writer.append([TestChange()]).first == Offset(end))
    }

    @Test func aSegmentThatCannotBeMappedLeavesTheLogAsItWas() throws {
        let directory = try ScratchDirectory()
        let process = try TortureProcess("memory", directory.path)
        let lines = process.lines()
        try process.finish()
        #expect(lines.dropFirst(16) == ["failed io-error", "committed 16", "committed 17"])
        let (writer, report) = try directory.open()
        #expect(report.end == Offset(17) && report.cutByteCount == 0)
        #expect(try writer.log.records().count == 17)
        #expect(try directory.segments().count == 2)
    }

    @Test func aRecoveryThatFailsAfterItsDecisionStillBeginsANewEpoch() throws {
        let log = try SmallLog(.written)
        try log.directory.flip(log.segment, at: log.lastBatch + 9)
        // The segment of the new epoch cannot be created: the kernel refuses files of its length.
        let process = try TortureProcess("open", log.directory.path, "60000")
        #expect(process.lines().first?.hasPrefix("refused disk-full") == true)
        try process.finish()

        let writer = try log.directory.open(.written).writer
        #expect(writer.log.epoch != log.tokens[0].epoch)
        try writer.commit((3..<9).map { [SmallLog.change(100 + $0)] })
        for token in log.tokens[4...] { #expect(writer.log.refusal(of: token) == .epoch) }
        for token in log.tokens[...3] { #expect(writer.log.refusal(of: token) == nil) }
    }
}
