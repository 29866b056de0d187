import LogFormat
import LogModel
import LogStorage
import StorageWorkload

/// What the benchmarks work on, made before they are timed.
struct Sample {
    /// A thousand changes of new keys.
    let changes: Changes
    /// The groups of each of them, the model's first.
    let groups: [[PlannedGroup]]
    /// Their records, back to back.
    let records: [UInt8]
    /// Where each of them begins.
    let positions: [Int]
    /// The seed of their checksums.
    static let seed: UInt32 = 7
    static let hasher = GroupHasher(key: SipHash.Key(low: 1, high: 2))
    static let count = 1000

    init() {
        let changes = Workload().changes(
            (0..<Self.count).map {
                Workload.Task(.created, key: 10_000_000 + $0, list: $0 % 100, owner: $0 % 503)
            }, batchCount: Self.count)
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
