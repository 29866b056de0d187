import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// Compaction against what must remain: the latest record of each instance, and what tokens and readers are told.
@Suite struct CompactionTests {
    private static let upkeep = Upkeep(coldAge: 1_000_000, compactAge: 50, tombstoneAge: 120)

    /// The offsets below `end` of records that a later one of the same instance makes superfluous.
    private static func superseded(_ oracle: LogOracle, below end: Int) -> Set<Offset> {
        var gone: Set<Offset> = []
        for (model, key) in oracle.instances {
            gone.formUnion(
                oracle.history(model: model, key: key, before: oracle.count).dropLast())
        }
        return gone.filter { $0 < Offset(UInt64(end)) }
    }

    @Test(arguments: 1...4, [false, true])
    func theLatestRecordsStayAndEverythingElseIsTold(seed: UInt64, reopens: Bool) throws {
        var aged = try AgedLog(seed: seed, batches: 240, upkeep: Self.upkeep)
        let isCompacted = try !aged.directory.coldSegments().isEmpty
        #expect(isCompacted)
        if reopens { try aged.reopen(closing: seed % 2 == 1) }
        let log = aged.writer.log
        let kept = try log.records()
        let there = Set(kept.map(\.offset))
        let gone = Set((0..<aged.oracle.count).map { Offset(UInt64($0)) }).subtracting(there)
        #expect(gone.count > aged.oracle.count / 3)

        // Nothing went that was the last word, unless it was that the instance is no more.
        let superseded = Self.superseded(aged.oracle, below: aged.oracle.count)
        for offset in gone where !superseded.contains(offset) {
            let index = Int(offset.rawValue)
            #expect(aged.oracle.oracle.expectations[index].change.action == .deleted)
            #expect(aged.now - aged.oracle.times[index] > 120)
        }
        for (model, key) in aged.oracle.instances {
            let last = aged.oracle.history(model: model, key: key, before: aged.oracle.count).last
            let found = try log.latestRecord(model: model, key: key)
            if let last, there.contains(last) {
                #expect(found == last)
            } else {
                #expect(found == nil)
            }
        }
        for group in ChangeMill.allGroups {
            let hash = log.hasher.groupHash(group)
            var reader = GroupReader(log, .any([hash]), from: .zero)
            let all = aged.oracle.offsets(of: group, in: 0..<aged.oracle.count)
            #expect(try reader.next(.max) == all.filter(there.contains))
            let last = all.last(where: gone.contains)
            #expect(log.firstAvailable(of: hash) == last?.next ?? .zero, "\(group)")
            #expect(
                try log.members(of: group)
                    == aged.oracle.members(of: group, before: aged.oracle.count))
        }
        // Records keep their offsets, bytes and batches.
        for record in kept {
            let expected = aged.oracle.oracle.expectations[Int(record.offset.rawValue)]
            #expect(record.instance == expected.change.instance)
            let extent = try #require(try log.extent(at: record.offset))
            let batch = try extent.batch(of: record.offset)
            let end = try #require(aged.oracle.batchEnds.first { $0 > Int(record.offset.rawValue) })
            #expect(batch.upperBound == Offset(UInt64(end)))
        }
    }

    @Test(arguments: 1...3)
    func tokensStillProveThemselves(seed: UInt64) throws {
        var aged = try AgedLog(seed: seed, batches: 120, upkeep: Upkeep(coldAge: nil))
        let tokens = try aged.writer.log.tokens()
        aged.upkeep = Self.upkeep
        try aged.reopen(closing: true)
        let steps = try aged.maintain(now: 10_000)
        #expect(steps.contains { if case .compacted = $0 { true } else { false } })
        let log = aged.writer.log
        #expect(try log.tokens() == tokens)
        for token in tokens {
            let forged = ResumeToken(
                epoch: token.epoch, next: token.next, checksum: token.checksum ^ 1)
            // A reader of a group that nobody has ever carried has missed nothing.
            let hash = log.hasher.groupHash(GroupKey(model: "nothing"))
            #expect(log.refusal(of: token, groups: [hash]) == nil)
            #expect(log.refusal(of: forged, groups: [hash]) == .epoch)
        }
    }

    @Test(arguments: 1...3)
    func whatIsAppendedLaterKnowsWhatCameBefore(seed: UInt64) throws {
        var aged = try AgedLog(seed: seed, batches: 200, upkeep: Self.upkeep)
        try aged.reopen(closing: true)
        var mill = ChangeMill(seed: seed + 50)
        let start = aged.oracle.count
        for _ in 0..<20 { try aged.append(mill.batch()) }
        for record in try aged.writer.log.records() where record.offset >= Offset(UInt64(start)) {
            let expected = aged.oracle.oracle.expectations[Int(record.offset.rawValue)]
            #expect(record.groups.map(\.membership) == expected.memberships, "\(record.offset)")
            #expect(record.groups.map(\.group).count == expected.groups.count)
        }
    }
}
