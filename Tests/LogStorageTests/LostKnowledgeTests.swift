import Foundation
import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// What the log knew and does not know any more, because it was removed or damaged: it says so, or finds it out
/// again, and never guesses.
@Suite struct LostKnowledgeTests {
    private static let large = String(repeating: "x", count: 40_000)
    private static let never = Upkeep(coldAge: nil)
    private static let compacting = Upkeep(coldAge: nil, compactAge: 0)

    private static func change(_ key: Int, in list: Int? = nil, large: Bool = false) -> TestChange {
        TestChange(
            key: .number(key), groups: list.map { [TestGroup("list", .number($0))] } ?? [],
            instance: large ? Self.large : "{}")
    }

    /// Instance 1 enters list 7 in a segment of which too little can go, leaves it in the next one, and has a
    /// later record that does not name the list any more.
    private func compacted(_ directory: ScratchDirectory) throws -> LogWriter {
        let writer = try directory.open(upkeep: Self.compacting).writer
        let others = (100..<140).map { Self.change($0) }
        try writer.commit([
            [Self.change(1, in: 7)] + others, [Self.change(2, large: true)],
            [Self.change(3, large: true)], [Self.change(1)],
            [Self.change(4, large: true)], [Self.change(1)], [Self.change(5, large: true)],
        ])
        while try writer.maintenance.step(now: 1000) != nil {}
        return writer
    }

    @Test func whoHasLeftAGroupIsNoMemberThoughTheRecordThatSaysSoIsGone() throws {
        let directory = try ScratchDirectory()
        let log = try self.compacted(directory).log
        let left = Offset(43)
        #expect(try log.withRecord(at: .zero) { $0.offset } == .zero, "it is kept")
        #expect(try log.withRecord(at: left) { $0.offset } == nil, "it is gone")
        let list = GroupKey(model: "todo.Task", property: "list", value: .number(7))
        #expect(try log.members(of: list) == [])
        let error = #expect(throws: StorageError.self) { try log.members(of: list, before: left) }
        #expect(error?.code == .retained)
    }

    @Test func whatAnInstanceWasIsRefusedWhereItsRecordIsGone() throws {
        let directory = try ScratchDirectory()
        let log = try self.compacted(directory).log
        func latest(_ bound: UInt64) throws -> Offset? {
            try log.latestRecord(model: "todo.Task", key: "1", before: Offset(bound))
        }
        // What was removed may have come before each of these.
        for bound in [UInt64(42), 43, 44, 45] {
            let error = #expect(throws: StorageError.self) { try latest(bound) }
            #expect(error?.code == .retained)
        }
        #expect(try latest(46) == Offset(45))
        #expect(try latest(47) == Offset(45))
    }

    /// Lookups take what is sealed to be older than what is not, so nothing may stay unsealed before it.
    @Test func aSegmentWhoseFooterIsDamagedIsSealedAgainAsTheLogIsOpened() throws {
        let directory = try ScratchDirectory()
        do {
            let writer = try directory.open(upkeep: Self.never).writer
            try writer.commit([
                [Self.change(1, in: 7, large: true)], [Self.change(1, in: 8, large: true)],
                [Self.change(2, large: true)],
            ])
            while try writer.maintenance.step(now: 0) != nil {}
            try writer.close()
        }
        let name = try directory.segments()[0]
        let whole = try directory.bytes(name)
        var bytes = whole
        bytes[bytes.count - 100] ^= 1
        try directory.write(bytes, to: name)
        let writer = try directory.open(upkeep: Self.never).writer
        #expect(try directory.bytes(name) == whole)
        try writer.commit([[Self.change(1, in: 8)]])
        let memberships = try writer.log.withRecord(at: Offset(3)) { record in
            (0..<record.groupCount).map { record.group($0).membership }
        }
        #expect(memberships == [.stayed, .stayed])
    }

    @Test func aDamagedRunOfRemovedGroupsDoesNotStopMaintenance() throws {
        let directory = try ScratchDirectory()
        let upkeep = Upkeep(coldAge: nil, retainByteCount: 3 * LogOptions.segmentByteCountMin)
        func fill() throws -> Offset {
            let writer = try directory.open(upkeep: upkeep).writer
            for key in 0..<5 { try writer.commit([[Self.change(key, large: true)]]) }
            while try writer.maintenance.step(now: 0) != nil {}
            try writer.close()
            return writer.log.first
        }
        let first = try fill()
        var bytes = try directory.bytes("removed.run")
        bytes[RunHeader.count] ^= 1
        try directory.write(bytes, to: "removed.run")
        #expect(try fill() > first)
        let log = try directory.open(upkeep: upkeep).writer.log
        // What only the damaged run knew is answered as if it were gone.
        #expect(log.firstAvailable(of: log.hasher.groupHash(GroupKey(model: "nothing"))) >= first)
    }

    /// The lost page may have been the one that knew of the retention.
    @Test func aLogWithOnePageOfMetaOpensAfterRetention() throws {
        let directory = try ScratchDirectory()
        let upkeep = Upkeep(coldAge: nil, retainAge: 10)
        let first: Offset
        do {
            let writer = try directory.open(upkeep: upkeep).writer
            for key in 0..<4 { try writer.commit([[Self.change(key, large: true)]]) }
            while try writer.maintenance.step(now: 1000) != nil {}
            first = writer.log.first
            #expect(first > .zero)
        }
        for page in [0, MetaPage.count] {
            let whole = try directory.bytes("meta")
            var bytes = whole
            bytes[page + 40] ^= 1
            try directory.write(bytes, to: "meta")
            #expect(try directory.open(upkeep: upkeep).writer.log.first == first)
            #expect(try directory.open(upkeep: upkeep).writer.log.first == first)
        }
    }

    /// Maintenance can be ahead of publishing, within one drain of the queue.
    @Test func whatWasNeverShownIsNotRetainedAndItsReceiptIsKnown() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open(upkeep: Upkeep(coldAge: nil, retainAge: 10)).writer
        let producer = ProducerIdentity(id: ProducerIdentity.ID(low: 1, high: 2), sequence: 5)
        let first = try writer.append([Self.change(1, large: true)], producer: producer)
        try writer.append([Self.change(2, large: true)])
        while try writer.maintenance.step(now: 1000) != nil {}
        #expect(writer.log.first == .zero)
        let again = try writer.append([Self.change(1, large: true)], producer: producer)
        #expect(again.isRepeated && again.first == first.first && again.last == first.last)
        try writer.commit()
        while try writer.maintenance.step(now: 1000) != nil {}
        #expect(writer.log.first == Offset(1))
        #expect(writer.log.watermarks.retained <= writer.log.watermarks.visible)
    }
}
