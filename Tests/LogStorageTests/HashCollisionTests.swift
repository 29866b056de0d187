import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// Names whose 64-bit hashes are equal under one known secret, found by a search of some 2^33 hashes. A log is
/// given that secret, so that real collisions go through the whole of it.
@Suite struct HashCollisionTests {
    private static let secret = SipHash.Key(low: 1, high: 2)
    private static let model: Text = "m.Colour"
    private static let property: Text = "list_idx"
    /// Two keys of `model` with one hash.
    private static let keys: [Scalar] = [.string("baenkfikocpaleic"), .string("fbcpkikoabpcbncd")]
    /// Two values of `property` whose groups have one hash.
    private static let values: [Scalar] = [
        .string("dnnpjmjoljcpaiac"), .string("nlkdnofgmdpjphhj"),
    ]

    /// A log with the secret, in which nothing is yet.
    private static func directory() throws -> ScratchDirectory {
        let directory = try ScratchDirectory()
        _ = try directory.open()
        try directory.editMeta { $0.hashKey = self.secret }
        return directory
    }

    @Test func theNamesDoCollide() {
        let hasher = GroupHasher(key: Self.secret)
        let model = Self.model.bytes
        let keys = Self.keys.map {
            hasher.keyHash(model: model.span.bytes, key: $0.text.bytes.span.bytes)
        }
        #expect(keys[0] == keys[1])
        let groups = Self.values.map {
            hasher.groupHash(GroupKey(model: Self.model, property: Self.property, value: $0))
        }
        #expect(groups[0] == groups[1])
        #expect(keys[0] != groups[0])
    }

    @Test(arguments: [1, 3, 9])
    func instancesWhoseKeysCollideKeepTheirOwnMembership(batchCount: Int) throws {
        let directory = try Self.directory()
        var writer: LogWriter? = try directory.open().writer
        var generator = SeededGenerator(seed: 5)
        var oracle = MembershipOracle()
        for _ in 0..<60 {
            let batch = (0..<batchCount).map { _ in
                TestChange(
                    action: Action.allCases.randomElement(using: &generator) ?? .created,
                    model: Self.model, key: Self.keys.randomElement(using: &generator) ?? .null,
                    groups: [
                        TestGroup("a", .number(Int.random(in: 0...2, using: &generator))),
                        TestGroup(
                            Self.property, Self.values.randomElement(using: &generator) ?? .null),
                    ])
            }
            try writer?.append(batch)
            for change in batch { oracle.note(change) }
            if Bool.random(using: &generator) { try writer?.commit() }
            if Int.random(in: 0..<8, using: &generator) == 0 {
                try writer?.commit()
                writer = nil
                writer = try directory.open().writer
            }
        }
        try writer?.commit()
        let records = try #require(try writer?.log.records())
        try #require(records.count == oracle.expectations.count)
        for (index, expected) in oracle.expectations.enumerated() {
            let record = records[index]
            #expect(record.groups.map(\.group) == expected.groups, "offset \(index)")
            #expect(record.groups.map(\.membership) == expected.memberships, "offset \(index)")
            // Threaded by hash: to the record before, because all keys here have one hash.
            #expect(record.previousOfKey == record.offset.previous)
        }
    }

    @Test func postingsOfCollidingGroupsHoldTheRecordsOfBoth() throws {
        let directory = try Self.directory()
        let writer = try directory.open().writer
        for index in 0..<40 {
            try writer.append([
                TestChange(
                    action: .updated, model: Self.model, key: .number(index % 3),
                    groups: [TestGroup(Self.property, Self.values[index % 2])])
            ])
        }
        try writer.commit()
        let extent = try #require(try writer.log.extent(at: .zero))
        let group = GroupKey(model: Self.model, property: Self.property, value: Self.values[0])
        let found = try extent.postings(
            of: writer.log.hasher.groupHash(group), from: .zero, limit: 100)
        #expect(found == (0..<40).map { Offset($0) })
        // The bytes tell them apart.
        let own = try found.filter { offset in
            let isOwn = try extent.segment.withRecord(at: offset) { record in
                (0..<record.groupCount).contains { record.isGroup(record.group($0), group) }
            }
            return isOwn == true
        }
        let expected = try writer.log.records().filter { record in
            record.groups.contains { $0.group.value == Self.values[0] }
        }
        #expect(own == expected.map(\.offset))
        #expect(own.count < found.count)
    }
}
