import LogFormat
import LogModel
import StorageWorkload

/// A thousand records that benchmarks work on, and what they are made of. Made before the clock starts.
struct Sample {
    /// How many records there are.
    static let count = 1000
    /// The seed of their checksums.
    static let seed: UInt32 = 7
    /// What hashes their groups.
    static let hasher = GroupHasher(key: SipHash.Key(low: 1, high: 2))
    private static let workload = Workload()

    /// Changes of new keys, in one batch.
    let changes: Changes
    /// The groups of each of them, the model's first.
    let groups: [[PlannedGroup]]
    /// Their records, one behind the other.
    let records: [UInt8]
    /// Where each of them begins.
    let positions: [Int]

    /// Makes records of keys from `firstKey` on; `list` says in which list the task with a key is.
    init(firstKey: Int = 10_000_000, list: (Int) -> Int = { $0 % 100 }) {
        let changes = Self.changes(firstKey: firstKey, batchCount: Self.count, list: list)
        let groups = changes.list.map { Self.groups(of: $0, in: changes) }
        var records: [UInt8] = []
        var positions: [Int] = []
        for index in 0..<Self.count {
            positions.append(records.count)
            Self.encode(index, of: changes, groups[index], to: &records)
        }
        self.changes = changes
        self.groups = groups
        self.records = records
        self.positions = positions
    }

    /// A thousand changes of keys from `firstKey` on, in batches of `batchCount`.
    static func changes(
        firstKey: Int, batchCount: Int, list: (Int) -> Int = { $0 % 100 }
    ) -> Changes {
        self.workload.changes(
            (firstKey..<firstKey + self.count).map {
                Workload.Task(.created, key: $0, list: list($0), owner: $0 % 503)
            }, batchCount: batchCount)
    }

    /// The groups of `change`, with their hashes.
    static func groups(of change: Changes.Change, in changes: Changes) -> [PlannedGroup] {
        let text = changes.text.span.bytes
        let model = text.slice(change.model.start, change.model.count)
        let none = Changes.ScalarSlice(kind: .null, text: .empty)
        let all =
            [Changes.Group(property: .empty, value: none)] + changes.groups[change.groups]
        return all.map { group in
            PlannedGroup(
                hash: self.hasher.groupHash(
                    model: model,
                    property: text.slice(group.property.start, group.property.count),
                    isNull: group.value.kind == .null,
                    value: text.slice(group.value.text.start, group.value.text.count)),
                membership: .entered, property: group.property, value: group.value)
        }
    }

    /// Appends the record of the change at `index` to `bytes`.
    @inline(__always)
    static func encode(
        _ index: Int, of changes: Changes, _ groups: [PlannedGroup], to bytes: inout [UInt8]
    ) {
        let fields = RecordFields(
            offset: Offset(UInt64(index)), durable: .zero, time: 1,
            keyHash: UInt64(index) &* 0x9E37_79B9_7F4A_7C15 | 1,
            previousOfKey: nil, producer: nil, isFirstOfBatch: true, isLastOfBatch: true)
        RecordEncoder.append(
            changes.list[index], of: changes, groups: groups[...], fields: fields,
            seed: self.seed, to: &bytes)
    }
}
