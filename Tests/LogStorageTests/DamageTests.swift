import Foundation
import LogFormat
import LogModel
import LogStorage
import Testing

/// The second table of `docs/recovery.md`: damage to what was durable is refused, never cut.
@Suite struct DamageTests {
    @Test func aFlippedBitInAnyDurableByteIsRefusedWithItsPlace() throws {
        let log = try SmallLog()
        for position in SegmentHeader.count..<log.lastBatch {
            try log.directory.flip(log.segment, at: position)
            let error = try log.expectRefused("byte \(position)")
            let record = log.record(at: position)
            #expect(error.path == log.directory.file(log.segment))
            #expect(error.position == log.positions[record], "byte \(position)")
            #expect(error.offset == Offset(UInt64(record)), "byte \(position)")
            try log.directory.flip(log.segment, at: position)
        }
        #expect(try log.expectOpens(keeping: 6).cutByteCount == 0)
    }

    @Test func aDurableRecordOfZerosIsRefused() throws {
        let log = try SmallLog()
        for record in 0..<3 {
            try log.directory.restore(log.snapshot)
            let range = log.positions[record]..<log.positions[record + 1]
            try log.directory.edit(log.segment) {
                $0.replaceSubrange(range, with: repeatElement(0, count: range.count))
            }
            #expect(try log.expectRefused().offset == Offset(UInt64(record)))
        }
    }

    @Test(arguments: [SegmentHeader.count, SegmentHeader.count + 5])
    func afterACleanStopNoDamageIsTakenForATornTail(first: Int) throws {
        // Everything was durable, the last batch as well.
        let log = try SmallLog(isClosed: true)
        for position in stride(from: first, to: log.end, by: 11) {
            try log.directory.flip(log.segment, at: position)
            let error = try log.expectRefused("byte \(position)")
            #expect(error.path == log.directory.file(log.segment))
            #expect(error.offset == Offset(UInt64(log.record(at: position))))
            try log.directory.flip(log.segment, at: position)
        }
        #expect(log.directory.refusal() == nil)
    }

    @Test func aFlippedBitInAnyByteOfASegmentsHeaderIsRefused() throws {
        let log = try SmallLog()
        for position in 0..<SegmentHeader.count {
            try log.directory.flip(log.segment, at: position)
            let error = try #require(log.directory.refusal(), "byte \(position)")
            #expect(error.code == .corrupt && error.path == log.directory.file(log.segment))
            try log.directory.flip(log.segment, at: position)
        }
        #expect(try log.directory.snapshot() == log.snapshot)
    }

    @Test(arguments: [-4096, -1, 1, 4096])
    func aSegmentOfAnotherLengthIsRefused(by difference: Int) throws {
        let log = try SmallLog()
        try log.directory.edit(log.segment) {
            if difference < 0 {
                $0.removeLast(-difference)
            } else {
                $0.append(contentsOf: repeatElement(0, count: difference))
            }
        }
        let error = try log.expectRefused()
        #expect(error.path == log.directory.file(log.segment))
        #expect(error.message.contains("65536") == true)
    }

    @Test func damageWhileTheLogIsOpenIsReportedWhenItIsReadAndHarmsNoOtherInstance() throws {
        let log = try SmallLog()
        let writer = try log.directory.open().writer
        // The last record of key 0 is the one at offset 4. Written in place: the file stays the same one.
        let file = try FileHandle(forUpdating: URL(filePath: log.directory.file(log.segment)))
        let position = log.positions[4]
        try file.seek(toOffset: UInt64(position + 30))
        try file.write(contentsOf: [0xFF])
        try file.close()

        let extent = try #require(try writer.log.extent(at: Offset(4)))
        let error = #expect(throws: StorageError.self) {
            _ = try extent.segment.withRecord(at: Offset(4)) { record in record.checksum }
        }
        #expect(error?.code == .corrupt && error?.path == log.directory.file(log.segment))
        #expect(error?.position == position && error?.offset == Offset(4))
        // What the instance was in is not known, so nothing is appended for it.
        let refusal = #expect(throws: StorageError.self) { try writer.append([SmallLog.change(6)]) }
        #expect(refusal?.code == .corrupt)
        #expect(try writer.append([SmallLog.change(7)]).first == Offset(6))
    }

    @Test func anEmptySegmentFileIsRefused() throws {
        let log = try SmallLog()
        try log.directory.write([], to: log.segment)
        #expect(try log.expectRefused().path == log.directory.file(log.segment))
    }
}

/// Damage to the order of segments.
@Suite struct SegmentOrderTests {
    /// A log of at least five segments, closed or not.
    private static func directory(isClosed: Bool = false) throws -> ScratchDirectory {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        for number in 0..<40 {
            let padding = String(repeating: "x", count: 7000)
            try writer.commit([[TestChange(key: .number(number), instance: padding)]])
        }
        if isClosed { try writer.close() }
        #expect(try directory.segments().count >= 5)
        return directory
    }

    @Test func damageInASegmentThatOthersFollowAndThatIsNotSealedIsRefused() throws {
        let directory = try Self.directory()
        let names = try directory.segments()
        for name in names.dropLast().suffix(2) {
            let bytes = try directory.bytes(name)
            let end = try #require(bytes.lastIndex { $0 != 0 })
            for position in stride(from: SegmentHeader.count, to: end, by: 2503) + [end] {
                try directory.flip(name, at: position)
                let error = try #require(directory.refusal(), "\(name), byte \(position)")
                #expect(error.code == .corrupt && error.path == directory.file(name))
                #expect(error.position ?? .max <= position)
                try directory.flip(name, at: position)
            }
        }
        #expect(directory.refusal() == nil)
    }

    @Test func aMissingSegmentInTheMiddleIsRefusedWithWhatIsMissing() throws {
        let directory = try Self.directory()
        let names = try directory.segments()
        for index in 1..<names.count - 1 {
            let bytes = try directory.bytes(names[index])
            try FileManager.default.removeItem(atPath: directory.file(names[index]))
            let error = try #require(directory.refusal())
            #expect(error.code == .corrupt)
            let first = try #require(UInt64(names[index].prefix(20)))
            let next = try #require(UInt64(names[index + 1].prefix(20)))
            #expect(error.offset == Offset(first))
            #expect(error.message.contains("\(first) to \(next - 1)"))
            try directory.write(bytes, to: names[index])
        }
        #expect(directory.refusal() == nil)
    }

    @Test func aLogWithoutAnyOfItsSegmentsIsRefused() throws {
        // It must not begin again at offset 0 as if nothing had been there.
        let directory = try Self.directory()
        for name in try directory.segments() {
            try FileManager.default.removeItem(atPath: directory.file(name))
        }
        let error = try #require(directory.refusal())
        #expect(error.code == .notALog)
        #expect(try directory.segments().isEmpty)
    }

    /// Opening looks at the first and the last page of a sealed segment only. What is between is checked when
    /// it is read: never served, and never taken for something that is not there.
    @Test func damageInASealedSegmentIsFoundByWhoReadsIt() throws {
        let directory = try Self.directory()
        let name = try #require(try directory.segments().first)
        let group = GroupKey(model: "todo.Task")
        for position in stride(from: SegmentHeader.count, to: 30_000, by: 2503) {
            try directory.flip(name, at: position)
            let writer = try directory.open().writer
            var found: Set<StorageError.Code> = []
            var reader = GroupReader(
                writer.log, .any([writer.log.hasher.groupHash(group)]), from: .zero)
            while let offset = try reader.next() {
                do throws(StorageError) {
                    _ = try writer.log.withRecord(at: offset) { record in record.offset }
                } catch {
                    #expect(error.path == directory.file(name))
                    #expect(error.position ?? .max <= position)
                    found.insert(error.code)
                }
            }
            #expect(reader.cursor == Offset(40))
            #expect(found == [.corrupt], "byte \(position)")
            try directory.flip(name, at: position)
        }
    }

    @Test func aLogWhoseFirstSegmentIsLostIsRefused() throws {
        let directory = try Self.directory()
        let names = try directory.segments()
        try FileManager.default.removeItem(atPath: directory.file(names[0]))
        let error = try #require(directory.refusal())
        #expect(error.code == .corrupt && error.offset == .zero)
        #expect(error.message.contains("0 to \((UInt64(names[1].prefix(20)) ?? 0) - 1)"))
    }

    @Test func aLogWhoseLastSegmentIsLostIsRefused() throws {
        let directory = try Self.directory()
        let name = try #require(try directory.segments().last)
        let bytes = try directory.bytes(name)
        try FileManager.default.removeItem(atPath: directory.file(name))
        let error = try #require(directory.refusal())
        #expect(error.code == .corrupt && error.message.contains(name))
        try directory.write(bytes, to: name)
        #expect(directory.refusal() == nil)
    }

    @Test func swappedSegmentsAreRefused() throws {
        let directory = try Self.directory()
        let names = try directory.segments()
        let first = try directory.bytes(names[1])
        let second = try directory.bytes(names[2])
        try directory.write(second, to: names[1])
        try directory.write(first, to: names[2])
        let error = try #require(directory.refusal())
        #expect(error.code == .corrupt && error.path == directory.file(names[1]))
        #expect(error.message.contains("is named for"))
    }

    @Test func aSegmentOfAnotherLogIsRefused() throws {
        let directory = try Self.directory()
        let other = try Self.directory()
        let names = try directory.segments()
        try #require(try other.segments() == names)
        for name in names {
            let own = try directory.bytes(name)
            try directory.write(try other.bytes(name), to: name)
            let error = try #require(directory.refusal())
            #expect(error.code == .corrupt && error.path == directory.file(name))
            #expect(error.message.contains("another log"))
            try directory.write(own, to: name)
        }
        #expect(directory.refusal() == nil)
    }

    @Test func aSegmentOfAnotherHistoryOfTheSameLogIsRefused() throws {
        // Two copies of a log went on with other records; then one got a segment of the other.
        let directory = try Self.directory(isClosed: true)
        let copy = try ScratchDirectory()
        try copy.restore(try directory.snapshot())
        for (place, letter) in [(directory, "a"), (copy, "b")] {
            let writer = try place.open().writer
            for number in 0..<20 {
                let padding = String(repeating: letter, count: 7000)
                try writer.commit([[TestChange(key: .number(number), instance: padding)]])
            }
        }
        let name = try #require(try directory.segments().last)
        try directory.write(try copy.bytes(name), to: name)
        let error = try #require(directory.refusal())
        #expect(error.code == .corrupt && error.path == directory.file(name))
        #expect(error.message.contains("does not continue"))
    }

    @Test func leftoversOfInterruptedCreationsAreRemoved() throws {
        let directory = try Self.directory()
        let records = try directory.open().writer.log.records()
        try directory.write([1, 2, 3], to: "17.segment.tmp")
        try directory.write([UInt8](repeating: 7, count: 65536), to: "40.segment.tmp")
        try directory.write([0], to: "meta.tmp")
        try directory.write([1], to: "notes.txt")
        let (writer, report) = try directory.open()
        #expect(report.end == Offset(40))
        #expect(try writer.log.records() == records)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(!names.contains { $0.hasSuffix(".tmp") })
        #expect(names.contains("notes.txt"))
    }
}
