import Glibc
import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// Damage in tables: files cut to any length, records and pages in the wrong place, pages of zeros.
@Suite struct DamageTableTests {
    @Test func aSegmentFileOfAnyOtherLengthIsRefused() throws {
        let log = try SmallLog()
        let path = log.directory.file(log.segment)
        let whole = try #require(log.snapshot[log.segment])
        let lengths =
            Array(0...log.end + 8) + Array(stride(from: log.end + 9, to: whole.count, by: 509))
            + [whole.count - 1]
        for length in lengths.reversed() {
            truncate(path, length)
            let error = try #require(log.directory.refusal(), "\(length) bytes")
            #expect(error.code == .corrupt && error.path == path, "\(length) bytes")
        }
        try log.directory.restore(log.snapshot)
        #expect(try log.expectOpens(keeping: 6).cutByteCount == 0)
    }

    @Test func aMetaFileOfAnySmallerLengthNeverHidesRecords() throws {
        let log = try SmallLog()
        for length in stride(from: 2 * MetaPage.count - 1, through: 0, by: -7) {
            try log.directory.restore(log.snapshot)
            truncate(log.directory.file("meta"), length)
            do throws(StorageError) {
                let (writer, report) = try log.directory.open()
                #expect(report.hasNewEpoch, "\(length) bytes")
                #expect(try writer.log.records() == log.records, "\(length) bytes")
            } catch {
                #expect(error.code == .corrupt && error.path == log.directory.file("meta"))
            }
        }
    }

    @Test func aMetaPageOfZerosIsNotTakenForOneThatWasNeverWritten() throws {
        // Created and opened once: the second page says that the log is open, and the first does not.
        let log = try SmallLog(.written)
        let (page, position) = try log.directory.metaPage()
        #expect(page.generation == 1 && position == MetaPage.count)
        try log.directory.edit("meta") {
            $0.replaceSubrange(
                MetaPage.count..., with: repeatElement(0, count: MetaPage.count))
        }
        let (writer, report) = try log.directory.open(.written)
        #expect(report.hasNewEpoch && !report.wasClosedCleanly)
        #expect(try writer.log.records() == log.records)
    }

    /// Records of the same length, so that each fits in the other's place.
    private static func evenLog() throws -> (directory: ScratchDirectory, name: String, count: Int)
    {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        for number in 0..<8 {
            try writer.commit([[TestChange(key: .number(number), instance: "{\"n\":\(number)}")]])
        }
        let counts = Set(try writer.log.records().map(\.byteCount))
        try #require(counts.count == 1)
        return (
            directory, try #require(try directory.segments().first), try #require(counts.first)
        )
    }

    @Test func swappedRecordsAreRefused() throws {
        let (directory, name, count) = try Self.evenLog()
        let whole = try directory.bytes(name)
        func range(_ record: Int) -> Range<Int> {
            SegmentHeader.count + record * count..<SegmentHeader.count + (record + 1) * count
        }
        for left in 0..<7 {
            for right in left + 1..<8 {
                var bytes = whole
                bytes.replaceSubrange(range(left), with: whole[range(right)])
                bytes.replaceSubrange(range(right), with: whole[range(left)])
                try directory.write(bytes, to: name)
                let error = try #require(directory.refusal(), "\(left) and \(right)")
                #expect(error.code == .corrupt && error.offset == Offset(UInt64(left)))
            }
        }
        try directory.write(whole, to: name)
        #expect(directory.refusal() == nil)
    }

    @Test func aRecordInTwoPlacesIsRefused() throws {
        let (directory, name, count) = try Self.evenLog()
        let whole = try directory.bytes(name)
        for from in 0..<8 {
            for to in 0..<7 where to != from {
                var bytes = whole
                let start = SegmentHeader.count + from * count
                let place = SegmentHeader.count + to * count
                bytes.replaceSubrange(
                    place..<place + count, with: whole[start..<start + count])
                try directory.write(bytes, to: name)
                let error = try #require(directory.refusal(), "\(from) over \(to)")
                #expect(error.code == .corrupt && error.offset == Offset(UInt64(to)))
            }
        }
    }

    /// A segment of which ten pages are in use, and the bytes of the last batch.
    private static func pages() throws -> (
        directory: ScratchDirectory, name: String, last: Range<Int>, records: [StoredRecord]
    ) {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        for number in 0..<16 {
            let instance =
                "{\"padding\":\"" + String(repeating: "\(number % 10)", count: 2400) + "\"}"
            try writer.commit([[TestChange(key: .number(number), instance: instance)]])
        }
        let records = try writer.log.records()
        let end = records.reduce(SegmentHeader.count) { $0 + $1.byteCount }
        let last = end - (records.last?.byteCount ?? 0)..<end
        return (directory, try #require(try directory.segments().first), last, records)
    }

    @Test(arguments: [512, 4096])
    func swappedPagesAreRefused(size: Int) throws {
        let (directory, name, last, _) = try Self.pages()
        let whole = try directory.bytes(name)
        let count = last.lowerBound / size
        var generator = SeededGenerator.ofThisRun()
        for _ in 0..<100 {
            let first = generator.below(count) * size
            let second = generator.below(count) * size
            if whole[first..<first + size] == whole[second..<second + size] { continue }
            var bytes = whole
            bytes.replaceSubrange(first..<first + size, with: whole[second..<second + size])
            bytes.replaceSubrange(second..<second + size, with: whole[first..<first + size])
            try directory.write(bytes, to: name)
            let error = try #require(directory.refusal(), "\(generator): \(first) and \(second)")
            #expect(error.code == .corrupt)
        }
        try directory.write(whole, to: name)
        #expect(directory.refusal() == nil)
    }

    @Test(arguments: [512, 4096])
    func aPageOfZerosIsRefusedBeforeTheLastBatchAndCutInIt(size: Int) throws {
        let (directory, name, last, records) = try Self.pages()
        let snapshot = try directory.snapshot()
        let whole = try #require(snapshot[name])
        for start in stride(from: 0, to: whole.count, by: size) {
            let page = start..<start + size
            try directory.restore(snapshot)
            try directory.edit(name) {
                $0.replaceSubrange(page, with: repeatElement(0, count: size))
            }
            let note: Comment = "the page at \(start)"
            if whole[page].allSatisfy({ $0 == 0 }) {
                #expect(directory.refusal() == nil, note)
            } else if page.upperBound <= last.lowerBound {
                #expect(directory.refusal()?.code == .corrupt, note)
            } else {
                // With the beginning of the last batch goes the proof that the end of the one before it, in the
                // same page, was durable.
                let kept = start < last.lowerBound ? 14 : 15
                let (writer, report) = try directory.open()
                #expect(report.end == Offset(UInt64(kept)), note)
                #expect(try writer.log.records() == Array(records[..<kept]), note)
            }
        }
    }

    @Test func aBitAnywhereInAnySegmentOfALogThatWasClosedIsNoticed() throws {
        let directory = try ScratchDirectory()
        do {
            let writer = try directory.open().writer
            for number in 0..<20 {
                let instance = "{\"padding\":\"" + String(repeating: "y", count: 9000) + "\"}"
                try writer.commit([[TestChange(key: .number(number), instance: instance)]])
            }
            try writer.close()
        }
        let snapshot = try directory.snapshot()
        var generator = SeededGenerator.ofThisRun()
        let names = try directory.segments()
        #expect(names.count >= 3)
        for _ in 0..<600 {
            let name = generator.pick(names)
            let bytes = try #require(snapshot[name])
            // Behind the last record of a segment is nothing but the footer, which has a test of its own.
            let records = bytes.dropLast(SegmentFooter.count)
            let end = try #require(records.lastIndex { $0 != 0 })
            let position = generator.below(end + 1)
            let bit = UInt8(1) << UInt8(generator.below(8))
            try directory.edit(name) { $0[position] ^= bit }
            // Of a sealed segment opening reads the first and the last page; the rest is found by who reads it.
            let error = directory.refusal() ?? Self.readingFailure(of: directory)
            let found = try #require(
                error, "\(generator): \(name), byte \(position), bit \(bit)")
            #expect(found.code == .corrupt && found.path == directory.file(name))
            try directory.write(bytes, to: name)
        }
        #expect(directory.refusal() == nil && Self.readingFailure(of: directory) == nil)
    }

    /// What reading all records throws.
    private static func readingFailure(of directory: ScratchDirectory) -> StorageError? {
        do throws(StorageError) {
            _ = try directory.open().writer.log.records()
            return nil
        } catch {
            return error
        }
    }

    /// A footer that is not whole says nothing, as if a crash had torn the only write of it.
    @Test func aDamagedFooterIsWrittenAgain() throws {
        let directory = try ScratchDirectory()
        let records: [StoredRecord]
        do {
            let writer = try directory.open().writer
            for number in 0..<20 {
                let instance = "{\"padding\":\"" + String(repeating: "y", count: 9000) + "\"}"
                try writer.commit([[TestChange(key: .number(number), instance: instance)]])
            }
            while try writer.maintenance.step(now: 0) != nil {}
            records = try writer.log.records()
            try writer.close()
        }
        let name = try directory.segments()[0]
        let whole = try directory.bytes(name)
        for position in [0, 8, 16, 24, 70, 100, 2000, 4092] {
            try directory.flip(name, at: whole.count - SegmentFooter.count + position)
            let writer = try directory.open().writer
            #expect(try writer.log.records() == records)
            while try writer.maintenance.step(now: 0) != nil {}
            #expect(try writer.log.records() == records)
            #expect(try directory.bytes(name) == whole)
            try writer.close()
        }
    }
}
