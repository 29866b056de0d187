import LogFormat
import LogModel

/// The log of the golden fixtures and of the worked examples in `docs/format/`.
///
/// Task 1 is created in list 42 and moves to list 43, in one batch. The numbers count bytes up, so that
/// the order of bytes can be seen.
enum ExampleLog {
    static let identity = LogIdentity(low: 0x0706_0504_0302_0100, high: 0x0F0E_0D0C_0B0A_0908)
    static let hashKey = SipHash.Key(low: 0x1716_1514_1312_1110, high: 0x1F1E_1D1C_1B1A_1918)
    static let boot = LogIdentity(low: 0x5756_5554_5352_5150, high: 0x5F5E_5D5C_5B5A_5958)
    static let epoch = Epoch(0x2726_2524_2322_2120)

    static let header = SegmentHeader(
        identity: Self.identity, epoch: Self.epoch, base: Offset(12), fileCount: 65536,
        previousEpoch: Epoch(0x2F2E_2D2C_2B2A_2928), previousChecksum: 0x3332_3130)

    private static let hasher = GroupHasher(key: Self.hashKey)
    private static let producer = ProducerIdentity(
        id: ProducerIdentity.ID(low: 0x4746_4544_4342_4140, high: 0x4F4E_4D4C_4B4A_4948),
        sequence: 7)

    private static func group(
        _ group: GroupKey, _ membership: Membership, previousDistance: UInt32
    ) -> RecordSample.Group {
        RecordSample.Group(
            hash: self.hasher.groupHash(group), membership: membership, property: group.property,
            value: group.value, previousDistance: previousDistance)
    }

    private static let model: Text = "todolist.Task"
    private static let list42 = GroupKey(model: Self.model, property: "list_id", value: .number(42))
    private static let list43 = GroupKey(model: Self.model, property: "list_id", value: .number(43))

    static let records = [
        RecordSample(
            offset: Offset(12), durable: Offset(12), time: 1_760_000_000_000_000,
            keyHash: Self.keyHash, previousOfKey: nil, producer: Self.producer,
            isFirstOfBatch: true, isLastOfBatch: false, action: .created, model: Self.model,
            key: .number(1),
            groups: [
                Self.group(GroupKey(model: Self.model), .entered, previousDistance: 0),
                Self.group(Self.list42, .entered, previousDistance: 0),
            ],
            instance: #"{"id":1,"list_id":42}"#),
        RecordSample(
            offset: Offset(13), durable: Offset(12), time: 1_760_000_000_000_000,
            keyHash: Self.keyHash, previousOfKey: Offset(12), producer: Self.producer,
            isFirstOfBatch: false, isLastOfBatch: true, action: .updated, model: Self.model,
            key: .number(1),
            groups: [
                Self.group(GroupKey(model: Self.model), .stayed, previousDistance: 1),
                Self.group(Self.list43, .entered, previousDistance: 0),
                Self.group(Self.list42, .left, previousDistance: 1),
            ],
            instance: #"{"id":1,"list_id":43}"#,
            views: [RecordSample.View(name: "public", json: #"{"id":1}"#)]),
    ]

    private static let keyHash: UInt64 = {
        let model = Self.model
        let key = Scalar.number(1).text
        return Self.hasher.keyHash(model: model.bytes.span.bytes, key: key.bytes.span.bytes)
    }()

    /// The segment's file, after the batch was written and the segment was sealed.
    static let segmentFile: [UInt8] = {
        var file = Self.header.bytes
        for record in Self.records { file += record.encoded(seed: Self.header.seed).bytes }
        file += [UInt8](repeating: 0, count: Self.header.recordsEnd - file.count)
        return file + SegmentFooter.bytes(of: Self.facts)
    }()

    /// What the segment was sealed with.
    static let facts = SealedFacts(
        header: Self.header, end: Offset(14), endPosition: 4520,
        lastChecksum: Self.token.checksum, firstTime: 1_760_000_000_000_000,
        lastTime: 1_760_000_000_000_000,
        digest: SegmentDigest(reading: Self.digests.span.bytes, at: 0),
        previousDigest: SegmentDigest(reading: Self.digests.span.bytes, at: 32))

    private static let digests = (0x60..<0xA0 as Range<UInt8>).map { $0 }

    /// The blocks of the cold segment: the second record, as it is.
    static let coldBlock = ColdBlock(
        start: 4096, position: 4096, storedCount: 240, count: 240,
        checksum: Checksum.crc32c(Self.keptRecord.span.bytes), firstOrdinal: 1)

    /// The record that was removed from the cold segment: the first one.
    static let coldRemoval = ColdRemoval(
        ordinal: 0, checksum: Self.records[0].encoded(seed: Self.header.seed).checksum,
        marks: BatchMarks(flags: 1))

    private static let keptRecord = Self.records[1].encoded(seed: Self.header.seed).bytes

    private static let coldTables = {
        var blocks: [UInt8] = []
        Self.coldBlock.append(to: &blocks)
        var removed: [UInt8] = []
        Self.coldRemoval.append(to: &removed)
        return (blocks: blocks, removed: removed)
    }()

    /// The header of the cold segment.
    static let coldHeader = ColdHeader(
        facts: Self.facts, generation: 1, keptCount: 1, blockCount: 1, streamEnd: 4336,
        blockTable: ColdHeader.Table(
            position: 4336, count: 24,
            checksum: Checksum.crc32c(Self.coldTables.blocks.span.bytes)),
        removedTable: ColdHeader.Table(
            position: 4360, count: 12,
            checksum: Checksum.crc32c(Self.coldTables.removed.span.bytes)),
        fileCount: 4372)

    /// The file of the cold segment.
    static let coldFile =
        Self.coldHeader.bytes + Self.keptRecord + Self.coldTables.blocks + Self.coldTables.removed

    /// The place of a reader that has taken both records.
    static let token = ResumeToken(
        epoch: Self.epoch, next: Offset(14),
        checksum: Self.records[1].encoded(seed: Self.header.seed).checksum)

    /// The pages of the file `meta`, A and B: the log was created (0), opened (1) and closed (2).
    static let metaPages: [MetaPage] = {
        var opened = MetaPage(
            generation: 1, identity: Self.identity, hashKey: Self.hashKey, epoch: Self.epoch,
            boot: Self.boot, isVisibleAheadOfDurable: false, isClosedCleanly: false)
        opened.activeBase = Offset(12)
        opened.retained = Offset(12)
        var closed = opened
        closed.generation = 2
        closed.isClosedCleanly = true
        closed.durable = Offset(14)
        closed.durableChecksum = Self.token.checksum
        return [closed, opened]
    }()

    /// The file `meta`.
    static let metaFile = Self.metaPages.flatMap(\.bytes)
}
