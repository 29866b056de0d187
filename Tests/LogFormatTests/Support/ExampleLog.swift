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

    /// The segment's file, as it is created and as it is after the batch was written.
    static let segmentFile: [UInt8] = {
        var file = Self.header.bytes
        for record in Self.records { file += record.encoded(seed: Self.header.seed).bytes }
        return file + [UInt8](repeating: 0, count: Int(Self.header.fileCount) - file.count)
    }()

    /// The place of a reader that has taken both records.
    static let token = ResumeToken(
        epoch: Self.epoch, next: Offset(14),
        checksum: Self.records[1].encoded(seed: Self.header.seed).checksum)

    /// The pages of the file `meta`, A and B: the log was created (0), opened (1) and closed (2).
    static let metaPages = [
        MetaPage(
            generation: 2, identity: Self.identity, hashKey: Self.hashKey, epoch: Self.epoch,
            boot: Self.boot, isVisibleAheadOfDurable: false, isClosedCleanly: true),
        MetaPage(
            generation: 1, identity: Self.identity, hashKey: Self.hashKey, epoch: Self.epoch,
            boot: Self.boot, isVisibleAheadOfDurable: false, isClosedCleanly: false),
    ]

    /// The file `meta`.
    static let metaFile = Self.metaPages.flatMap(\.bytes)
}
