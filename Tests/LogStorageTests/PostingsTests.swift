import LogFormat
import LogModel
import LogStorage
import Testing

/// Postings against a look at every record, while the writer holds records that are in no file yet.
@Suite struct PostingsTests {
    /// The offsets in `from ..< end` whose records carry `group`, of a log of `changes`.
    private static func offsets(
        of group: GroupKey, in expectations: [MembershipOracle.Expectation], from: Offset,
        end: Offset
    ) -> [Offset] {
        guard from < end else { return [] }
        let wanted = TestGroup(group.property, group.value)
        return (from.rawValue..<end.rawValue).filter { offset in
            let expected = expectations[Int(offset)]
            return expected.change.model == group.model
                && expected.groups.contains { $0.isSame(as: wanted) }
        }.map { Offset($0) }
    }

    @Test(arguments: LogOptions.Acknowledgement.allCases, 1...6)
    func postingsAreTheVisibleRecordsOfTheGroup(
        acknowledgement: LogOptions.Acknowledgement, seed: UInt64
    ) throws {
        let directory = try ScratchDirectory()
        var mill = ChangeMill(seed: seed)
        mill.paddingMax = seed % 2 == 0 ? 40 : 3000
        var oracle = MembershipOracle()
        let writer = try directory.open(acknowledgement).writer
        let groups = ChangeMill.allGroups
        let hashes = groups.map { writer.log.hasher.groupHash($0) }
        /// What readers took at different bounds; most are behind what is visible now.
        var extents: [SegmentExtent] = []
        for _ in 0..<150 {
            let batch = mill.batch()
            try writer.append(batch)
            for change in batch { oracle.note(change) }
            switch mill.number(6) {
            case 0: try writer.write()
            case 1: try writer.synchronize()
            case 2: try writer.commit()
            default: break
            }
            if mill.number(2) == 0 { writer.publish() }
            let visible = writer.log.watermarks.visible
            if visible > .zero {
                let at = Offset(UInt64(mill.number(Int(visible.rawValue))))
                extents.append(try #require(try writer.log.extent(at: at)))
            }
            for _ in 0..<6 where !extents.isEmpty {
                let extent = extents[mill.number(extents.count)]
                let base = extent.segment.base
                let length = extent.end.distance(from: base)
                let from = base.advanced(by: mill.number(length + 1))
                let index = mill.number(groups.count)
                let limit = 1 + mill.number(12)
                let found = try extent.postings(of: hashes[index], from: from, limit: limit)
                let expected = Self.offsets(
                    of: groups[index], in: oracle.expectations, from: from, end: extent.end)
                #expect(found == Array(expected.prefix(limit)))
            }
        }
        #expect(extents.count > 20)
    }

    @Test func postingsSurviveReopeningAndGoOn() throws {
        let directory = try ScratchDirectory()
        var mill = ChangeMill(seed: 99)
        mill.paddingMax = 1000
        var oracle = MembershipOracle()
        for _ in 0..<6 {
            let writer = try directory.open().writer
            for _ in 0..<15 {
                let batch = mill.batch()
                try writer.append(batch)
                for change in batch { oracle.note(change) }
            }
            try writer.commit()
            for group in ChangeMill.allGroups {
                let hash = writer.log.hasher.groupHash(group)
                var found: [Offset] = []
                var at = Offset.zero
                while let extent = try writer.log.extent(at: at) {
                    found += try extent.postings(of: hash, from: at, limit: .max)
                    at = extent.end
                }
                let expected = Self.offsets(
                    of: group, in: oracle.expectations, from: .zero,
                    end: writer.log.watermarks.visible)
                #expect(found == expected, "\(group)")
            }
        }
    }

    @Test func aGroupThatChangesNameTwiceInABatchIsFoundOnceARecord() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        // A record that names a group twice must not cut the group's thread.
        let tag = TestGroup("tag", .number(1))
        try writer.append([TestChange(groups: [tag])])
        try writer.append([TestChange(action: .updated, groups: [tag, tag])])
        try writer.append([TestChange(action: .updated, groups: [tag])])
        try writer.commit()
        let hash = writer.log.hasher.groupHash(
            GroupKey(model: "todo.Task", property: tag.property, value: tag.value))
        let extent = try #require(try writer.log.extent(at: .zero))
        #expect(try extent.postings(of: hash, from: .zero, limit: 9) == (0..<3).map { Offset($0) })
    }

    @Test func aLimitOfNothingGivesNothing() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        try writer.commit([[TestChange()]])
        let hash = writer.log.hasher.groupHash(GroupKey(model: "todo.Task"))
        let extent = try #require(try writer.log.extent(at: .zero))
        #expect(try extent.postings(of: hash, from: .zero, limit: 0).isEmpty)
    }

    @Test func theBatchOfARecordIsItsWholeBatch() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        let change = TestChange(action: .updated)
        try writer.commit([[change], [change, change, change], [change, change]])
        let extent = try #require(try writer.log.extent(at: .zero))
        let batches = try (0..<6).map { try extent.batch(of: Offset($0)) }
        let first = Offset(0)..<Offset(1)
        let second = Offset(1)..<Offset(4)
        let third = Offset(4)..<Offset(6)
        #expect(batches == [first, second, second, second, third, third])
    }
}
