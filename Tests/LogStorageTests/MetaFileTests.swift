import Foundation
import LogFormat
import LogModel
import LogStorage
import Testing

@Suite struct MetaFileTests {
    /// Every byte of the fields, some of the zeros, and the checksum.
    private static let positions =
        Array(0..<84) + Array(stride(from: 84, to: 4092, by: 173)) + Array(4092..<4096)

    @Test func ifThePageThatCountsIsDamagedTheOtherOneCountsInANewEpoch() throws {
        let log = try SmallLog()
        let (page, start) = try log.directory.metaPage()
        for position in Self.positions {
            try log.directory.restore(log.snapshot)
            try log.directory.flip("meta", at: start + position)
            let (writer, report) = try log.directory.open()
            #expect(report.end == Offset(6))
            #expect(try writer.log.records() == log.records)
            // The page that is left is older: nobody knows what the newer one said of epoch and mode.
            #expect(report.hasNewEpoch, "byte \(position)")
            #expect(writer.log.epoch != page.epoch)
            #expect(writer.log.identity == page.identity)
            for token in log.tokens { #expect(writer.log.refusal(of: token) == nil) }
        }
    }

    @Test func ifTheOtherPageIsDamagedItIsWrittenAnew() throws {
        let log = try SmallLog()
        let (page, start) = try log.directory.metaPage()
        let other = MetaPage.count - start
        for position in Self.positions {
            try log.directory.restore(log.snapshot)
            try log.directory.flip("meta", at: other + position)
            let (writer, _) = try log.directory.open()
            #expect(try writer.log.records() == log.records)
            let bytes = try log.directory.bytes("meta")
            let repaired = try MetaPage(
                reading: bytes.span.bytes.slice(other, MetaPage.count))
            #expect(repaired.generation > page.generation, "byte \(position)")
        }
    }

    @Test func aLogWithoutAWholeMetaPageIsRefused() throws {
        let log = try SmallLog()
        for position in Self.positions {
            try log.directory.restore(log.snapshot)
            try log.directory.flip("meta", at: position)
            try log.directory.flip("meta", at: MetaPage.count + position)
            let error = try log.expectRefused("byte \(position)")
            #expect(error.path == log.directory.file("meta"))
        }
    }

    @Test(arguments: [0, MetaPage.count])
    func aPageOfANewerVersionIsRefusedAndNotTakenForDamage(position: Int) throws {
        let log = try SmallLog()
        try log.directory.edit("meta") { bytes in
            bytes[position + 8] = 3
            let sum = Checksum.crc32c(bytes.span.bytes.slice(position, MetaPage.count - 4))
            for index in 0..<4 {
                bytes[position + MetaPage.count - 4 + index] = UInt8(
                    truncatingIfNeeded: sum >> UInt32(8 * index))
            }
        }
        let error = try #require(log.directory.refusal())
        #expect(error.code == .notALog)
        #expect(error.message.contains("version 3"))
        #expect(error.path == log.directory.file("meta"))
    }

    @Test(arguments: [0, 1, 4095])
    func aMetaFileThatIsTooShortIsRefused(count: Int) throws {
        let log = try SmallLog()
        try log.directory.edit("meta") { $0.removeLast($0.count - count) }
        #expect(try log.expectRefused().path == log.directory.file("meta"))
    }

    @Test func segmentsWithoutAMetaFileAreRefused() throws {
        let log = try SmallLog()
        try FileManager.default.removeItem(atPath: log.directory.file("meta"))
        let error = try #require(log.directory.refusal())
        #expect(error.code == .notALog)
        #expect(error.message.contains("meta"))
    }

    @Test func theMetaFileOfAnotherLogIsRefused() throws {
        let log = try SmallLog()
        let other = try SmallLog()
        try log.directory.write(try other.directory.bytes("meta"), to: "meta")
        #expect(try log.expectRefused().message.contains("another log"))
    }

    @Test func aLogThatWasCreatedAndNeverOpenedAgainHasOnePage() throws {
        // A crash between the creation of the meta file and that of the first segment.
        let directory = try ScratchDirectory()
        _ = try directory.open()
        let bytes = try directory.bytes("meta")
        var page = try MetaPage(reading: bytes.span.bytes)
        page.generation = 0
        try directory.write(
            page.bytes + [UInt8](repeating: 0, count: MetaPage.count), to: "meta")
        for name in try directory.segments() {
            try FileManager.default.removeItem(atPath: directory.file(name))
        }
        let (writer, report) = try directory.open()
        #expect(writer.log.epoch == page.epoch)
        #expect(!report.hasNewEpoch)
        #expect(try writer.append([TestChange()]).first == .zero)
    }
}
