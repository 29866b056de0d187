import LogFormat
import LogModel
import LogStorage
import Testing

@Suite struct AppendTests {
    @Test func recordsComeBackAsTheyWereAppended() throws {
        let directory = try ScratchDirectory()
        let (writer, report) = try directory.open()
        #expect(report.isNew)
        let change = TestChange(
            key: .string("\u{e9}"), groups: [TestGroup("list_id", .number(42))],
            instance: "{\"id\":1}")
        let producer = ProducerIdentity(id: .init(low: 1, high: 2), sequence: 3)
        let placement = try writer.append([change, change], producer: producer, time: 77)
        try writer.commit()

        #expect(placement.text == "0 to 1, new")
        let records = try writer.log.records()
        try #require(records.count == 2)
        #expect(records.map(\.offset) == [Offset(0), Offset(1)])
        #expect(records.map(\.isFirstOfBatch) == [true, false])
        #expect(records.map(\.isLastOfBatch) == [false, true])
        #expect(records.map(\.time) == [77, 77])
        #expect(records.allSatisfy { $0.producer == producer && $0.model == "todo.Task" })
        #expect(records.allSatisfy { $0.key == change.key && $0.instance == change.instance })
        #expect(records[0].groups.map(\.group) == [.model] + change.groups)
    }

    @Test func timeNeverRunsBackwardsInTheLog() throws {
        let directory = try ScratchDirectory()
        var writer: LogWriter? = try directory.open().writer
        for time: Int64 in [5, 3, 9] { try writer?.append([TestChange()], time: time) }
        try writer?.commit()
        writer = nil
        let again = try directory.open().writer
        try again.append([TestChange()], time: 1)
        try again.commit()
        #expect(try again.log.records().map(\.time) == [5, 5, 9, 9])
    }

    @Test func aLogOfManySegmentsIsTheSameAfterReopening() throws {
        let directory = try ScratchDirectory()
        var mill = ChangeMill(seed: 11)
        mill.paddingMax = 4000
        var writer: LogWriter? = try directory.open().writer
        for _ in 0..<60 {
            try writer?.append(mill.batch())
            if mill.number(3) == 0 { try writer?.commit() }
        }
        try writer?.commit()
        let records = try #require(try writer?.log.records())
        let tokens = try #require(try writer?.log.tokens())
        try writer?.close()
        writer = nil
        #expect(try directory.segments().count > 3)

        let (again, report) = try directory.open()
        #expect(report.wasClosedCleanly)
        #expect(report.cutByteCount == 0)
        #expect(!report.hasNewEpoch)
        #expect(report.end == Offset(UInt64(records.count)))
        #expect(try again.log.records() == records)
        #expect(try again.log.tokens() == tokens)
        for token in tokens { #expect(again.log.refusal(of: token) == nil) }
        #expect(records.map(\.offset.rawValue) == Array(0..<UInt64(records.count)))
        #expect(try again.append([TestChange()]).first == report.end)
    }

    @Test func eachBoundMovesWithItsStep() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        let marks = writer.log.watermarks
        func bounds() -> [UInt64] {
            [marks.appended, marks.durable, marks.visible].map(\.rawValue)
        }
        try writer.append([TestChange(), TestChange()])
        #expect(bounds() == [0, 0, 0])
        try writer.write()
        #expect(bounds() == [2, 0, 0])
        writer.publish()
        #expect(bounds() == [2, 0, 0])
        #expect(try writer.log.records().isEmpty)
        try writer.synchronize()
        #expect(bounds() == [2, 2, 0])
        writer.publish()
        #expect(bounds() == [2, 2, 2])
    }

    @Test func writtenAcknowledgementShowsRecordsBeforeTheyAreDurable() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open(.written).writer
        try writer.append([TestChange()])
        try writer.write()
        writer.publish()
        #expect(writer.log.watermarks.visible == Offset(1))
        #expect(writer.log.watermarks.durable == .zero)
    }

    @Test func aBatchNeverSpansSegments() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        let change = TestChange(instance: String(repeating: "x", count: 7000))
        for _ in 0..<12 { try writer.append([change, change, change]) }
        try writer.commit()
        for name in try directory.segments() {
            let base = try #require(UInt64(name.prefix(20)))
            #expect(base % 3 == 0)
        }
        #expect(try directory.segments().count == 6)
    }

    @Test func aBatchOfExactlyASegmentFitsAndOneByteMoreDoesNot() throws {
        let directory = try ScratchDirectory()
        var writer: LogWriter? = try directory.open().writer
        try writer?.append([TestChange()])
        try writer?.commit()
        let room =
            LogOptions.segmentByteCountMin - SegmentHeader.count - SegmentFooter.count
        // A record is 88 bytes, 24 for its one group, and its texts.
        let fixed = 88 + 24 + "todo.Task".utf8.count + 1
        let full = TestChange(instance: String(repeating: "x", count: room - fixed))
        let over = TestChange(instance: String(repeating: "x", count: room - fixed + 1))

        let error = #expect(throws: StorageError.self) { try writer?.append([over]) }
        #expect(error?.code == .batchTooLarge)
        #expect(try writer?.append([full]).first == Offset(1))
        #expect(try writer?.append([TestChange()]).first == Offset(2))
        try writer?.commit()
        let records = try #require(try writer?.log.records())
        #expect(records[1].byteCount == room)
        writer = nil
        #expect(try directory.open().writer.log.records() == records)
    }

    @Test func aRecordLongerThanAnyMayBeIsRefusedAndLeavesNoTrace() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open(segmentByteCount: 32 << 20).writer
        let change = TestChange(
            instance: String(repeating: "x", count: RecordLayout.countMax))
        let error = #expect(throws: StorageError.self) {
            try writer.append([TestChange(), change])
        }
        #expect(error?.code == .batchTooLarge)
        #expect(try writer.append([TestChange()]).first == .zero)
    }

    @Test func moreGroupsThanARecordCanCountAreRefusedAndLeaveNoTrace() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open(segmentByteCount: 32 << 20).writer
        func change(_ values: Range<Int>) -> TestChange {
            TestChange(
                action: .updated, groups: values.map { TestGroup("tag", .number($0)) })
        }
        try writer.append([change(0..<1)])
        let error = #expect(throws: StorageError.self) {
            try writer.append([change(1..<65535)])
        }
        #expect(error?.code == .batchTooLarge)
        #expect(try writer.append([TestChange()]).first == Offset(1))
    }

    @Test func aLogGoesOnWithLargerSegmentsThanItBeganWith() throws {
        let directory = try ScratchDirectory()
        var writer: LogWriter? = try directory.open().writer
        writer = nil
        // The active segment is empty and too small for the batch: one of the same name takes its place.
        writer = try directory.open(segmentByteCount: 1 << 20).writer
        let large = TestChange(instance: String(repeating: "x", count: 100_000))
        #expect(try writer?.append([large]).first == .zero)
        try writer?.append([TestChange()])
        try writer?.commit()
        let records = try #require(try writer?.log.records())
        writer = nil
        let again = try directory.open().writer
        #expect(try again.log.records() == records)
        #expect(try directory.segments().count == 1)
    }

    @Test(arguments: [0, 4096, (64 << 10) + 1, (1 << 30) + 4096])
    func aSegmentSizeThatCannotBeIsRefused(_ byteCount: Int) throws {
        let directory = try ScratchDirectory()
        let error = #expect(throws: StorageError.self) {
            _ = try directory.open(segmentByteCount: byteCount)
        }
        #expect(error?.message.contains("\(byteCount) bytes") == true)
    }

    @Test func nothingIsAppendedToAClosedLog() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        try writer.append([TestChange()])
        try writer.close()
        let error = #expect(throws: StorageError.self) { try writer.append([TestChange()]) }
        #expect(error?.code == .poisoned)
        #expect(try writer.log.records().count == 1)
    }
}
