import LogFormat
import LogModel
import LogStorage
import Testing

/// A log of six records in one segment, stopped without having been closed:
///
///     batch        A     B         C
///     offsets      0     1 2       3 4 5
///     durable      0     1 1       3 3 3      what its records say was durable
///
/// C says that A and B were durable. Nothing says so of C: no record follows it.
struct SmallLog {
    static let batchEnds = [1, 3, 6]

    let directory: ScratchDirectory
    let segment: String
    let records: [StoredRecord]
    let tokens: [ResumeToken]
    /// Where each record begins in the file, and after them where the last one ends.
    let positions: [Int]
    /// The directory as it was left.
    let snapshot: [String: [UInt8]]

    init(_ acknowledgement: LogOptions.Acknowledgement = .durable, isClosed: Bool = false) throws {
        self.directory = try ScratchDirectory()
        let writer = try self.directory.open(acknowledgement).writer
        var start = 0
        for end in Self.batchEnds {
            try writer.append((start..<end).map { Self.change($0) })
            try writer.commit()
            start = end
        }
        if isClosed { try writer.close() }
        self.records = try writer.log.records()
        self.tokens = try writer.log.tokens()
        self.segment = try #require(try self.directory.segments().first)
        self.positions = self.records.reduce(into: [SegmentHeader.count]) { positions, record in
            positions.append((positions.last ?? 0) + record.byteCount)
        }
        self.snapshot = try self.directory.snapshot()
    }

    static func change(_ number: Int) -> TestChange {
        TestChange(
            action: .updated, key: .number(number % 2),
            groups: [TestGroup("list", .number(number % 3))],
            instance: "{\"n\":\(number)}")
    }

    /// Where the log ends.
    var end: Int { self.positions[6] }

    /// Where the last batch begins.
    var lastBatch: Int { self.positions[3] }

    /// The record that the byte `position` belongs to.
    func record(at position: Int) -> Int {
        (self.positions.firstIndex { $0 > position } ?? 1) - 1
    }

    /// Expects that the log opens with the first `kept` records, that it goes on from there, and that what
    /// was appended stays, also when it is opened again.
    func expectOpens(
        keeping kept: Int, _ comment: Comment? = nil
    ) throws -> RecoveryReport {
        var (writer, report): (LogWriter?, RecoveryReport) = try self.directory.open()
        #expect(report.end == Offset(UInt64(kept)), comment)
        #expect(!report.isNew && !report.wasClosedCleanly, comment)
        #expect(try writer?.log.records() == Array(self.records[..<kept]), comment)
        #expect(try writer?.append([Self.change(kept)]).first == Offset(UInt64(kept)), comment)
        try writer?.commit()
        let longer = try #require(try writer?.log.records())
        #expect(longer.count == kept + 1)
        writer = nil

        let (again, second) = try self.directory.open()
        #expect(second.end == Offset(UInt64(kept + 1)), comment)
        #expect(second.cutByteCount == 0 && !second.hasNewEpoch, comment)
        #expect(try again.log.records() == longer, comment)
        return report
    }

    /// Expects that opening is refused, and that it changes nothing.
    func expectRefused(_ comment: Comment? = nil) throws -> StorageError {
        let before = try self.directory.snapshot()
        let error = try #require(self.directory.refusal(), comment)
        #expect(error.code == .corrupt, comment)
        #expect(try self.directory.snapshot() == before, comment)
        #expect(self.directory.refusal() == error, comment)
        return error
    }
}
