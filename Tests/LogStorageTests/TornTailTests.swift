import LogFormat
import LogModel
import LogStorage
import Testing

/// The first table of `docs/recovery.md`: a tail that is not whole, and that nothing says was durable.
@Suite struct TornTailTests {
    /// How many records of the whole batches whose bytes all lie before `position`.
    private func wholeBefore(_ position: Int, of log: SmallLog) -> Int {
        SmallLog.batchEnds.last { log.positions[$0] <= position } ?? 0
    }

    @Test func aTailThatIsMissingFromAnyByteOnCostsItsBatchAndNoOther() throws {
        let log = try SmallLog()
        let whole = try log.directory.bytes(log.segment)
        for cut in SegmentHeader.count...log.end {
            try log.directory.restore(log.snapshot)
            try log.directory.edit(log.segment) {
                $0.replaceSubrange(cut..<log.end, with: repeatElement(0, count: log.end - cut))
            }
            // The last bytes of a record can be zeros anyway: then it is still whole.
            let reach = whole[cut..<log.end].firstIndex { $0 != 0 } ?? log.end
            let kept = self.wholeBefore(reach, of: log)
            let report = try log.expectOpens(keeping: kept, "cut at \(cut)")
            let rest = log.positions[kept]..<max(cut, log.positions[kept])
            let left = whole[rest].lastIndex { $0 != 0 }
            #expect(report.cutByteCount == left.map { $0 + 1 - log.positions[kept] } ?? 0)
            #expect(!report.hasNewEpoch)
        }
    }

    @Test func aLastBatchWhoseFirstBytesNeverArrivedIsCutWhole() throws {
        // The file system may write the pages of one batch in any order.
        let log = try SmallLog()
        for hole in stride(from: log.lastBatch, to: log.end, by: 8) {
            try log.directory.restore(log.snapshot)
            try log.directory.edit(log.segment) { bytes in
                bytes.replaceSubrange(
                    log.lastBatch..<hole + 8,
                    with: repeatElement(0, count: hole + 8 - log.lastBatch))
            }
            _ = try log.expectOpens(keeping: 3, "hole to \(hole)")
        }
    }

    @Test func aFlippedBitAnywhereInTheLastBatchCutsItWhole() throws {
        let log = try SmallLog()
        for position in log.lastBatch..<log.end {
            try log.directory.restore(log.snapshot)
            try log.directory.flip(log.segment, at: position)
            let report = try log.expectOpens(keeping: 3, "byte \(position)")
            #expect(report.cutByteCount > 0)
        }
    }

    @Test func rubbishBehindTheLastBatchIsCut() throws {
        let log = try SmallLog()
        let end = LogOptions.segmentByteCountMin - SegmentFooter.count
        for position in stride(from: log.end, to: end, by: 509) + [end - 1] {
            try log.directory.restore(log.snapshot)
            try log.directory.edit(log.segment) { $0[position] = 0xA5 }
            let report = try log.expectOpens(keeping: 6, "byte \(position)")
            #expect(report.cutByteCount == position + 1 - log.end)
        }
    }

    @Test func whatWasCutDoesNotComeBackBehindALaterRecord() throws {
        let log = try SmallLog()
        // The first record of the last batch is damaged, the other two are whole. If they stayed, a record of
        // the first one's length in its place would make them part of the log again.
        try log.directory.flip(log.segment, at: log.lastBatch + 20)
        var writer: LogWriter? = try log.directory.open().writer
        #expect(try log.directory.bytes(log.segment)[log.lastBatch...].allSatisfy { $0 == 0 })
        try writer?.append([SmallLog.change(3)])
        try writer?.commit()
        writer = nil
        let (again, report) = try log.directory.open()
        #expect(report.end == Offset(4))
        #expect(report.cutByteCount == 0)
        #expect(try again.log.records().count == 4)
    }

    @Test func recoveringTwiceIsRecoveringOnce() throws {
        let log = try SmallLog()
        try log.directory.flip(log.segment, at: log.lastBatch + 1)
        #expect(try log.directory.open().report.cutByteCount > 0)
        let once = try log.directory.bytes(log.segment)
        let (writer, report) = try log.directory.open()
        #expect(report.cutByteCount == 0)
        #expect(report.end == Offset(3))
        #expect(try writer.log.records() == Array(log.records[..<3]))
        #expect(try log.directory.bytes(log.segment) == once)
    }

    @Test func producersOfACutBatchMaySubmitItAgain() throws {
        let directory = try ScratchDirectory()
        let producer = ProducerIdentity(id: .init(low: 4, high: 2), sequence: 0)
        var writer: LogWriter? = try directory.open().writer
        try writer?.append([TestChange()], producer: producer)
        try writer?.commit()
        writer = nil
        let name = try #require(try directory.segments().first)
        try directory.flip(name, at: SegmentHeader.count + 30)
        writer = try directory.open().writer
        let placement = try writer?.append([TestChange()], producer: producer)
        #expect(placement?.text == "0 to 0, new")
    }
}
