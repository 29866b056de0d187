import LogFormat
import LogModel
import LogStorage
import Testing

/// The third table of `docs/recovery.md`: when a new epoch begins, and which tokens outlive it.
@Suite struct EpochTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let mode: LogOptions.Acknowledgement
        let isClosed: Bool
        let isOtherBoot: Bool
        let isCut: Bool
        let isNewEpoch: Bool

        init(
            _ mode: LogOptions.Acknowledgement, closed: Bool = false, otherBoot: Bool = false,
            cut: Bool = false, newEpoch: Bool
        ) {
            self.mode = mode
            self.isClosed = closed
            self.isOtherBoot = otherBoot
            self.isCut = cut
            self.isNewEpoch = newEpoch
        }

        var testDescription: String {
            "\(self.mode)\(self.isClosed ? ", closed" : "")\(self.isOtherBoot ? ", other boot" : "")"
                + "\(self.isCut ? ", cut" : "")"
        }
    }

    static let cases = [
        Case(.durable, newEpoch: false),
        Case(.durable, cut: true, newEpoch: false),
        Case(.durable, otherBoot: true, newEpoch: false),
        Case(.durable, otherBoot: true, cut: true, newEpoch: false),
        Case(.durable, closed: true, otherBoot: true, newEpoch: false),
        Case(.written, newEpoch: false),
        Case(.written, closed: true, newEpoch: false),
        Case(.written, closed: true, otherBoot: true, newEpoch: false),
        Case(.written, cut: true, newEpoch: true),
        Case(.written, otherBoot: true, newEpoch: true),
        Case(.written, otherBoot: true, cut: true, newEpoch: true),
    ]

    /// What happened decides, not how the log is opened now.
    @Test(arguments: cases, LogOptions.Acknowledgement.allCases)
    func aNewEpochBeginsIfReadersMayHaveSeenWhatIsLost(
        _ example: Case, next: LogOptions.Acknowledgement
    ) throws {
        let log = try SmallLog(example.mode, isClosed: example.isClosed)
        let old = try log.directory.metaPage().page.epoch
        if example.isOtherBoot { try log.directory.pretendOtherBoot() }
        if example.isCut { try log.directory.flip(log.segment, at: log.lastBatch + 9) }
        let kept = example.isCut ? 3 : 6
        var (writer, report): (LogWriter?, RecoveryReport) = try log.directory.open(next)
        #expect(report.hasNewEpoch == example.isNewEpoch)
        #expect((writer?.log.epoch != old) == example.isNewEpoch)
        #expect(try writer?.log.records() == Array(log.records[..<kept]))
        try self.expectTokens(of: log, kept: kept, in: try #require(writer?.log), old: old)

        // Other records under the offsets of those that are lost.
        for number in 0..<6 {
            try writer?.commit([[SmallLog.change(100 + number)]])
        }
        try self.expectTokens(of: log, kept: kept, in: try #require(writer?.log), old: old)
        let tokens = try #require(try writer?.log.tokens())
        let records = try #require(try writer?.log.records())
        let epoch = writer?.log.epoch
        writer = nil

        let (again, second) = try log.directory.open(next)
        #expect(!second.hasNewEpoch && again.log.epoch == epoch)
        #expect(try again.log.records() == records)
        #expect(try again.log.tokens() == tokens)
        for token in tokens { #expect(again.log.refusal(of: token) == nil) }
    }

    /// Tokens up to what was kept hold for ever; those beyond never do.
    private func expectTokens(
        of log: SmallLog, kept: Int, in found: ChangeLog, old: Epoch
    ) throws {
        for (next, token) in log.tokens.enumerated() {
            let refusal = found.refusal(of: token)
            if next <= kept {
                #expect(refusal == nil, "token \(next)")
            } else if Offset(UInt64(next)) > found.watermarks.visible {
                #expect(refusal == (found.epoch == old ? .unknownToken : .epoch), "token \(next)")
            } else {
                #expect(refusal == .epoch, "token \(next)")
            }
        }
    }

    @Test func aNewEpochCountsItsOffsetsOnInASegmentOfItsOwn() throws {
        let log = try SmallLog(.written)
        try log.directory.pretendOtherBoot()
        let writer = try log.directory.open(.written).writer
        #expect(try log.directory.segments().count == 2)
        try writer.commit([[SmallLog.change(6)]])
        let before = try #require(try writer.log.extent(at: Offset(5)))
        let after = try #require(try writer.log.extent(at: Offset(6)))
        #expect(before.end == Offset(6))
        #expect(before.segment.epoch == log.tokens[6].epoch)
        #expect(after.segment.epoch == writer.log.epoch)
        #expect(try writer.log.token(at: Offset(6)) == log.tokens[6])
        #expect(try writer.log.token(at: Offset(7)).epoch == writer.log.epoch)
        // Membership goes on through all epochs.
        let record = try #require(try writer.log.records().last)
        #expect(record.previousOfKey == Offset(4))
    }

    @Test func anEmptySegmentGivesWayToOneOfTheNewEpoch() throws {
        let log = try SmallLog(.written)
        var epochs: Set<Epoch> = [log.tokens[0].epoch]
        for _ in 0..<3 {
            try log.directory.pretendOtherBoot()
            let (writer, report) = try log.directory.open(.written)
            #expect(report.hasNewEpoch)
            #expect(epochs.insert(writer.log.epoch).inserted)
            #expect(try writer.log.records() == log.records)
            for token in log.tokens { #expect(writer.log.refusal(of: token) == nil) }
        }
        let names = try log.directory.segments()
        #expect(names.count == 2)
        let bytes = try log.directory.bytes(try #require(names.last))
        let header = try SegmentHeader(reading: bytes.span.bytes)
        // The epoch of the record before, not of the empty segment before.
        #expect(header.previousEpoch == log.tokens[6].epoch)
        #expect(header.previousChecksum == log.tokens[6].checksum)
    }

    @Test func theTokenOfAnEmptyLogHoldsUntilItsEpochEnds() throws {
        let directory = try ScratchDirectory()
        var writer: LogWriter? = try directory.open(.written).writer
        let token = try #require(try writer?.log.token(at: .zero))
        #expect(token.next == .zero && token.checksum == 0)
        #expect(token.epoch == writer?.log.epoch)
        #expect(writer?.log.refusal(of: token) == nil)
        let foreign = ResumeToken(epoch: Epoch(token.epoch.rawValue ^ 1), next: .zero, checksum: 0)
        #expect(writer?.log.refusal(of: foreign) == .epoch)
        try writer?.commit([[TestChange()]])
        #expect(writer?.log.refusal(of: token) == nil)
        writer = nil

        // The one record is lost, and the machine with it.
        let name = try #require(try directory.segments().first)
        try directory.flip(name, at: SegmentHeader.count + 8)
        try directory.pretendOtherBoot()
        let (again, report) = try directory.open(.written)
        #expect(report.hasNewEpoch && report.end == .zero)
        #expect(again.log.refusal(of: token) == .epoch)
        #expect(again.log.refusal(of: try again.log.token(at: .zero)) == nil)
        #expect(try directory.segments().count == 1)
    }

    @Test func aTokenWhoseChecksumIsAnotherIsFromAnotherHistory() throws {
        let log = try SmallLog()
        let writer = try log.directory.open().writer
        for token in log.tokens.dropFirst() {
            let forged = ResumeToken(
                epoch: token.epoch, next: token.next, checksum: token.checksum ^ 1)
            #expect(writer.log.refusal(of: forged) == .epoch)
        }
        let ahead = ResumeToken(
            epoch: writer.log.epoch, next: Offset(.max), checksum: 0)
        #expect(writer.log.refusal(of: ahead) == .unknownToken)
    }

    @Test func anInterruptedChangeOfEpochIsCarriedOut() throws {
        // The meta file says that a new epoch began, and the tail of the old one is still there.
        let log = try SmallLog(.written)
        try log.directory.flip(log.segment, at: log.lastBatch + 9)
        let old = log.tokens[0].epoch
        try log.directory.editMeta { $0.epoch = Epoch($0.epoch.rawValue ^ 7) }
        let writer = try log.directory.open(.durable).writer
        #expect(writer.log.epoch != old)
        try writer.commit((3..<9).map { [SmallLog.change(100 + $0)] })
        for token in log.tokens[4...] { #expect(writer.log.refusal(of: token) == .epoch) }
    }

    @Test func anOldEpochNeverBeginsAgain() throws {
        // The log's last segment is of a newer epoch than the meta file knows: the meta file is an old copy.
        let log = try SmallLog(.written)
        let old = try log.directory.bytes("meta")
        try log.directory.pretendOtherBoot()
        var writer: LogWriter? = try log.directory.open(.written).writer
        let second = try #require(writer?.log.epoch)
        try writer?.commit([[SmallLog.change(6)]])
        writer = nil
        try log.directory.write(old, to: "meta")
        let (again, report) = try log.directory.open(.durable)
        #expect(report.hasNewEpoch)
        #expect(again.log.epoch != log.tokens[0].epoch && again.log.epoch != second)
        #expect(report.end == Offset(7))
    }
}
