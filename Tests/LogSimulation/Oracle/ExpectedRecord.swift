import LogFormat
import LogModel

/// One attempt to append a record, and what the record must say.
struct ExpectedRecord {
    struct Group: Hashable {
        var group: SimulatedGroup
        var membership: Membership
    }

    /// Names the attempt: an offset that is used again gets another number.
    let serial: Int
    let change: SimulatedChange
    let groups: [Group]
    let previousOfKey: Int?
    /// Whether compaction had removed that record already, so that the log may not know of it.
    let previousIsGone: Bool
    let producer: ProducerIdentity?
    let isFirstOfBatch: Bool
    let isLastOfBatch: Bool
    let time: Int64
    /// What was durable when it was appended.
    let durable: Int
    let epoch: Epoch
    /// The record as it was first seen.
    var bytes: [UInt8]?
    var checksum: UInt32 = 0
    /// Whether maintenance has removed it.
    var isGone = false

    /// Checks that `record` says this, or has the bytes that it had before. Notes its bytes.
    mutating func check(
        _ record: borrowing RecordView, at offset: Int, epoch: Epoch
    ) throws(Violation) {
        try promise(
            epoch == self.epoch, "record \(offset) is in epoch \(epoch), not \(self.epoch)")
        let bytes = record.bytes.copy()
        if let known = self.bytes {
            try promise(bytes == known, "record \(offset) has changed its bytes")
            return
        }
        let text = "record \(offset), attempt \(self.serial)"
        func equal<Value: Equatable>(
            _ name: String, _ found: Value, _ wanted: Value
        ) throws(Violation) {
            try promise(found == wanted, "\(text): \(name) is \(found), expected \(wanted)")
        }
        try equal("instance", record.instance.copy(), Array(self.change.instance.utf8))
        try equal("offset", record.offset.rawValue, UInt64(offset))
        try equal("action", record.action, self.change.action)
        try equal("model", record.model.copy(), self.change.model.bytes)
        try equal("key", record.key.copy(), self.change.key.text.bytes)
        try equal("kind of key", record.keyKind, self.change.key.kind)
        try equal("first", record.isFirstOfBatch, self.isFirstOfBatch)
        try equal("last", record.isLastOfBatch, self.isLastOfBatch)
        try equal("time", record.time, self.time)
        try equal("durable", record.durable.rawValue, UInt64(self.durable))
        try equal("producer", record.producer, self.producer)
        let previous = record.previousOfKey.map { Int($0.rawValue) }
        if self.previousIsGone {
            // An index may know of an older one, which is gone as well.
            try promise(
                previous ?? -1 <= self.previousOfKey ?? -1, "\(text): previous of key is too new")
        } else {
            try equal("previous of key", previous, self.previousOfKey)
        }
        var groups: [Group] = []
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            let value = Scalar(
                kind: entry.valueKind, text: Text(bytes: record.value(of: entry).copy()))
            groups.append(
                Group(
                    group: SimulatedGroup(
                        property: Text(bytes: record.property(of: entry).copy()), value: value),
                    membership: entry.membership))
        }
        try equal("groups", groups, self.groups)
        self.bytes = bytes
        self.checksum = record.checksum
    }
}

/// What instances are in, by the plainest means.
struct MembershipModel {
    private struct Instance: Hashable {
        let model: Text
        let key: Text
    }

    private struct State {
        var last: Int
        /// Nil after it was deleted.
        var groups: [SimulatedGroup]?
    }

    private var states: [Instance: State] = [:]

    /// Takes the next change, and says what its record must say.
    mutating func apply(
        _ change: SimulatedChange, at offset: Int
    ) -> (groups: [ExpectedRecord.Group], previousOfKey: Int?) {
        let instance = Instance(model: change.model, key: change.key.text)
        let state = self.states[instance]
        let before = state?.groups
        let own = [SimulatedGroup.model] + change.groups
        var groups: [ExpectedRecord.Group]
        if change.action == .deleted {
            groups = (before ?? own).map { ExpectedRecord.Group(group: $0, membership: .left) }
        } else {
            groups = own.map { group in
                let was = before?.contains { $0.isSame(as: group) } ?? false
                return ExpectedRecord.Group(group: group, membership: was ? .stayed : .entered)
            }
            for old in before ?? [] where !own.contains(where: { $0.isSame(as: old) }) {
                groups.append(ExpectedRecord.Group(group: old, membership: .left))
            }
        }
        self.states[instance] = State(
            last: offset, groups: change.action == .deleted ? nil : own)
        return (groups, state?.last)
    }

    /// Forgets instances of which no record from `first` on is known, as retention does.
    mutating func forget(below first: Int) {
        self.states = self.states.filter { $0.value.last >= first }
    }

    /// Takes a change whose record is known already.
    mutating func note(_ record: ExpectedRecord, at offset: Int) {
        _ = self.apply(record.change, at: offset)
    }
}
