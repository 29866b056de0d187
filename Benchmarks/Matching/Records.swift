import LogFormat
import LogModel

/// Records one behind the other, as in a segment: tasks of 256 bytes, of which JSON fills what the rest leaves.
struct Records {
    /// The model of all records.
    static let model: Text = "todolist.Task"
    /// What hashes groups.
    static let hasher = GroupHasher(key: SipHash.Key(low: 7, high: 11))

    /// The records' bytes.
    private(set) var bytes: [UInt8] = []
    /// Where each record begins.
    private(set) var starts: [Int] = []

    /// Makes a record for each of `lists`, in the group of that list and with `propertyCount` property groups in
    /// all. What is in the others is of no interest to anybody, and different in each record.
    init(lists: [Int], propertyCount: Int) {
        var random = Random(seed: 3)
        self.starts.reserveCapacity(lists.count)
        for list in lists {
            var properties: [(Text, Text)] = [("list_id", Text(String(list)))]
            for number in 1..<propertyCount {
                properties.append(
                    (Text("field_\(number)"), Text("user-\(random.below(1 << 40))")))
            }
            self.append(key: self.starts.count, properties)
        }
    }

    private mutating func append(key: Int, _ properties: [(Text, Text)]) {
        var changes = Changes()
        let model = changes.add(Self.model.bytes)
        let keyText = changes.add(Array(String(key).utf8))
        let first = self.planned(Self.group(property: "", value: nil), &changes)
        let groups =
            [first]
            + properties.map { property, value in
                self.planned(Self.group(property: property, value: value), &changes)
            }
        func change(instanceCount: Int) -> Changes.Change {
            Changes.Change(
                action: .updated, model: model, key: .init(kind: .number, text: keyText),
                groups: 0..<0, instance: .init(start: 0, count: instanceCount), views: 0..<0)
        }
        let bareCount = RecordEncoder.count(
            of: change(instanceCount: 0), in: changes, groups: groups[...])
        // Any text will do.
        let instanceCount = min(max(8, 256 - bareCount), changes.text.count)
        let fields = RecordFields(
            offset: Offset(UInt64(key)), durable: .zero, time: 0, keyHash: 1, previousOfKey: nil,
            producer: nil, isFirstOfBatch: true, isLastOfBatch: true)
        self.starts.append(self.bytes.count)
        RecordEncoder.append(
            change(instanceCount: instanceCount), of: changes, groups: groups[...], fields: fields,
            seed: 0, to: &self.bytes)
    }

    /// The group of records whose `property` has this number or text; without one the group of all.
    static func group(property: Text, value: Text?) -> GroupKey {
        guard let value else { return GroupKey(model: self.model) }
        let isNumber = value.bytes.first.map { $0 < UInt8(ascii: "a") } ?? false
        return GroupKey(
            model: self.model, property: property,
            value: Scalar(kind: isNumber ? .number : .string, text: value))
    }

    private func planned(_ group: GroupKey, _ changes: inout Changes) -> PlannedGroup {
        PlannedGroup(
            hash: Self.hasher.groupHash(group), membership: .stayed,
            property: changes.add(group.property.bytes),
            value: .init(kind: group.value.kind, text: changes.add(group.value.text.bytes)))
    }

    /// How many there are.
    var count: Int { self.starts.count }

    /// The record with this number.
    subscript(index: Int) -> RecordView {
        @_lifetime(borrow self) get {
            RecordView(trusting: self.bytes.span.bytes, at: self.starts[index])
        }
    }
}

/// The same numbers in every run (SplitMix64).
struct Random {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    /// A number from 0 to `bound - 1`.
    mutating func below(_ bound: Int) -> Int {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int(truncatingIfNeeded: (mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}
