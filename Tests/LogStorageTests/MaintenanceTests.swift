import COpenSSL
import Foundation
import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// What becomes of segments that are full.
@Suite struct MaintenanceTests {
    private static let never = Upkeep(coldAge: nil)

    /// SHA-256 by another interface of libcrypto than the one under test.
    private static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256(bytes, bytes.count, &digest)
        return digest
    }

    @Test func everyFullSegmentIsSealedWithAChainOfDigests() throws {
        let aged = try AgedLog(seed: 1, batches: 150, upkeep: Self.never)
        let names = try aged.directory.segments()
        #expect(names.count >= 5)
        var previous = [UInt8](repeating: 0, count: 32)
        for name in names.dropLast() {
            let bytes = try aged.directory.bytes(name)
            let header = try SegmentHeader(reading: bytes.span.bytes)
            let facts = try SegmentFooter.facts(
                reading: bytes.span.bytes.slice(header.recordsEnd, SegmentFooter.count),
                header: header)
            #expect(facts.previousDigest.bytes == previous)
            let content = Array(bytes[..<Int(facts.endPosition)])
            #expect(facts.digest.bytes == Self.sha256(previous + content))
            previous = facts.digest.bytes
        }
        let last = try aged.directory.bytes(names[names.count - 1])
        #expect(last.suffix(SegmentFooter.count).allSatisfy { $0 == 0 }, "it is appended to")
    }

    @Test func theNextSegmentIsReservedAheadAndALeftoverIsRemoved() throws {
        let directory = try ScratchDirectory()
        do {
            let writer = try directory.open().writer
            #expect(try writer.maintenance.step(now: 0) == .reserved)
            #expect(try writer.maintenance.step(now: 0) == nil)
            let reserved = try directory.bytes("next.segment.tmp")
            #expect(reserved.count == LogOptions.segmentByteCountMin)
            let large = TestChange(instance: String(repeating: "x", count: 40_000))
            try writer.commit([[large], [large]])
            #expect(!FileManager.default.fileExists(atPath: directory.file("next.segment.tmp")))
            #expect(try writer.maintenance.step(now: 0) == .sealed(.zero))
            #expect(try writer.maintenance.step(now: 0) == .reserved)
        }
        _ = try directory.open()
        #expect(!FileManager.default.fileExists(atPath: directory.file("next.segment.tmp")))
    }

    @Test func anAppenderThatIsAheadOfMaintenanceSealsItself() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        let change = TestChange(instance: String(repeating: "x", count: 40_000))
        for _ in 0..<8 { try writer.commit([[change]]) }
        let indexes = try directory.snapshot().keys.filter { $0.hasSuffix(".index") }
        #expect(indexes.count == 8 - 1 - 2)
    }

    @Test(arguments: 1...3)
    func compressionIsUndoneByteForByte(seed: UInt64) throws {
        let directory = try ScratchDirectory()
        var mill = ChangeMill(seed: seed)
        mill.paddingMax = 900
        let writer = try directory.open(upkeep: Upkeep(coldAge: 100)).writer
        for _ in 0..<200 {
            try writer.append(mill.batch(), time: 7)
            try writer.commit()
            while try writer.maintenance.step(now: 7) != nil {}
        }
        let records = try writer.log.records()
        let tokens = try writer.log.tokens()
        let hot = try directory.snapshot()
        let names = try directory.segments()

        while try writer.maintenance.step(now: 1000) != nil {}
        #expect(try directory.segments() == [names[names.count - 1]])
        #expect(try directory.coldSegments().count == names.count - 1)
        #expect(try writer.log.records() == records)
        #expect(try writer.log.tokens() == tokens)
        for token in tokens { #expect(writer.log.refusal(of: token) == nil) }

        for name in names.dropLast() {
            let base = try #require(UInt64(name.prefix(20)))
            #expect(try writer.maintenance.thaw(Offset(base)))
            #expect(try !writer.maintenance.thaw(Offset(base)), "it is not cold any more")
        }
        #expect(try writer.log.records() == records)
        #expect(
            try directory.snapshot().filter { $0.key != "meta" } == hot.filter { $0.key != "meta" })
    }

    /// Both forms of a segment are there after a crash between the two: the cold one counts.
    @Test func aSegmentThatIsThereTwiceIsReadOnce() throws {
        let directory: ScratchDirectory
        let records: [StoredRecord]
        do {
            let aged = try AgedLog(seed: 4, batches: 120, upkeep: Self.never)
            directory = aged.directory
            records = try aged.writer.log.records()
            try aged.writer.close()
        }
        let hot = try directory.snapshot()
        do {
            let writer = try directory.open(upkeep: Upkeep(coldAge: 0)).writer
            while try writer.maintenance.step(now: .max) != nil {}
            try writer.close()
        }
        #expect(try directory.segments().count == 1)
        for (name, bytes) in hot where name.hasSuffix(".segment") {
            try directory.write(bytes, to: name)
        }
        let writer = try directory.open().writer
        #expect(try writer.log.records() == records)
        #expect(try directory.segments().count == 1)
    }

    @Test(arguments: ["age", "size"])
    func retentionRemovesTheOldestAndSaysSo(policy: String) throws {
        var upkeep = Self.never
        if policy == "age" { upkeep.retainAge = 60 } else { upkeep.retainByteCount = 300_000 }
        var aged = try AgedLog(seed: 5, batches: 200, upkeep: Self.never)
        let before = try aged.writer.log.records()
        let tokens = try aged.writer.log.tokens()
        let oracle = aged.oracle
        let directory = aged.directory
        let now = aged.now
        aged.upkeep = upkeep
        try aged.reopen(closing: true)
        let log = aged.writer.log
        let held = try #require(try log.extent(at: .zero))
        var retained = Offset.zero
        for step in try aged.maintain(now: now) {
            if case .retained(let bound) = step { retained = bound }
        }
        #expect(retained > .zero && retained == log.first && retained == log.watermarks.retained)
        #expect(try log.records() == Array(before[Int(retained.rawValue)...]))

        // Who was on a segment that goes away finishes; who comes later is told.
        var count = 0
        try held.forEachRecord(from: .zero) { _ in count += 1 }
        #expect(count == held.end.distance(from: .zero))
        let error = #expect(throws: StorageError.self) { try log.extent(at: .zero) }
        #expect(error?.code == .retained)
        for token in tokens {
            let isKept = token.next >= retained
            #expect(log.refusal(of: token) == (isKept ? nil : .retained))
        }
        #expect(try log.token(at: retained) == tokens[Int(retained.rawValue)])
        self.expectGroupsAreJudged(log, oracle, tokens) { offset in offset < retained }

        // And so it is after the next opening, with or without the run of what was removed.
        let names = try directory.segments()
        try directory.remove("removed.run")
        try aged.reopen(closing: true)
        let again = aged.writer
        #expect(again.log.first == retained && again.log.watermarks.retained == retained)
        #expect(try directory.segments() == names)
        for token in tokens where token.next < retained {
            let group = again.log.hasher.groupHash(GroupKey(model: "nothing"))
            #expect(again.log.refusal(of: token, groups: [group]) == .retained)
        }
    }

    /// A reader of a group of which nothing was removed since its token goes on; another one is told.
    private func expectGroupsAreJudged(
        _ log: ChangeLog, _ oracle: LogOracle, _ tokens: [ResumeToken],
        isRemoved: (Offset) -> Bool
    ) {
        for group in ChangeMill.allGroups {
            let hash = log.hasher.groupHash(group)
            let removed = oracle.offsets(of: group, in: 0..<oracle.count).filter(isRemoved)
            let first = removed.last?.next ?? .zero
            #expect(log.firstAvailable(of: hash) == first, "\(group)")
            for token in tokens {
                let refusal = log.refusal(of: token, groups: [hash])
                #expect(refusal == (token.next < first ? .retained : nil), "\(group) \(token.next)")
            }
        }
    }

    /// Retention that empties the log but for its last segment does not begin offsets anew.
    @Test func offsetsGoOnAfterEverythingWasRemoved() throws {
        let directory = try ScratchDirectory()
        let upkeep = Upkeep(coldAge: nil, retainAge: 10)
        var writer: LogWriter? = try directory.open(upkeep: upkeep).writer
        let change = TestChange(instance: String(repeating: "x", count: 30_000))
        for _ in 0..<9 { try writer?.commit([[change]]) }
        while try writer?.maintenance.step(now: 1000) != nil {}
        #expect(try directory.segments().count == 1)
        let first = try #require(writer?.log.first)
        #expect(first > .zero)
        writer = nil
        writer = try directory.open(upkeep: upkeep).writer
        #expect(writer?.log.first == first && writer?.log.watermarks.visible == Offset(9))
        #expect(try writer?.append([change]).first == Offset(9))
    }
}
