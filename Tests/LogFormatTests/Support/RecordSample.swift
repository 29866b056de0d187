import LogFormat
import LogModel

/// All that a record says, as values: what goes into the encoder and what comes back out of a view.
struct RecordSample: Equatable {
    struct Group: Equatable {
        var hash: UInt64
        var membership: Membership
        var property: Text
        var value: Scalar
        var previousDistance: UInt32 = 0
    }

    struct View: Equatable {
        var name: Text
        var json: Text
    }

    var offset = Offset.zero
    var durable = Offset.zero
    var time: Int64 = 0
    var keyHash: UInt64 = 1
    var previousOfKey: Offset?
    var producer: ProducerIdentity?
    var isFirstOfBatch = true
    var isLastOfBatch = true
    var action = Action.created
    var model: Text = "m"
    var key = Scalar.number(1)
    var groups = [Group(hash: 1, membership: .entered, property: "", value: .null)]
    var instance: Text = "{}"
    var views: [View] = []

    /// The record's bytes in a segment with `seed`, and the checksum that the encoder returned.
    func encoded(seed: UInt32) -> (bytes: [UInt8], checksum: UInt32) {
        // What no slice refers to must not matter.
        var changes = Changes(text: Array("not of the record".utf8))
        let groups = self.groups.map { group in
            var planned = PlannedGroup(
                hash: group.hash, membership: group.membership,
                property: changes.add(group.property.bytes), value: changes.add(group.value))
            planned.previousDistance = group.previousDistance
            return planned
        }
        for view in self.views {
            changes.views.append(
                Changes.View(
                    name: changes.add(view.name.bytes), json: changes.add(view.json.bytes)))
        }
        let change = Changes.Change(
            action: self.action, model: changes.add(self.model.bytes), key: changes.add(self.key),
            groups: 0..<0, instance: changes.add(self.instance.bytes),
            views: changes.views.indices)
        let fields = RecordFields(
            offset: self.offset, durable: self.durable, time: self.time, keyHash: self.keyHash,
            previousOfKey: self.previousOfKey, producer: self.producer,
            isFirstOfBatch: self.isFirstOfBatch, isLastOfBatch: self.isLastOfBatch)
        var bytes: [UInt8] = []
        let checksum = RecordEncoder.append(
            change, of: changes, groups: groups[...], fields: fields, seed: seed, to: &bytes)
        return (bytes, checksum)
    }
}

extension RecordSample {
    /// What `record` says.
    init(_ record: borrowing RecordView) {
        self.offset = record.offset
        self.durable = record.durable
        self.time = record.time
        self.keyHash = record.keyHash
        self.previousOfKey = record.previousOfKey
        self.producer = record.producer
        self.isFirstOfBatch = record.isFirstOfBatch
        self.isLastOfBatch = record.isLastOfBatch
        self.action = record.action
        self.model = Text(bytes: record.model.copy())
        self.key = Scalar(kind: record.keyKind, text: Text(bytes: record.key.copy()))
        self.groups = []
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            let value = Text(bytes: record.value(of: entry).copy())
            self.groups.append(
                Group(
                    hash: record.groupHash(index), membership: entry.membership,
                    property: Text(bytes: record.property(of: entry).copy()),
                    value: Scalar(kind: entry.valueKind, text: value),
                    previousDistance: entry.previousDistance))
        }
        self.instance = Text(bytes: record.instance.copy())
        self.views = []
        for index in 0..<record.viewCount {
            let entry = record.view(index)
            self.views.append(
                View(
                    name: Text(bytes: record.name(of: entry).copy()),
                    json: Text(bytes: record.json(of: entry).copy())))
        }
    }

    /// Checks the record at `position` of `bytes` and reads what it says.
    init(checking bytes: [UInt8], at position: Int = 0, seed: UInt32) throws(FormatError) {
        self.init(try RecordView(checking: bytes.span.bytes, at: position, seed: seed))
    }
}

extension Changes {
    fileprivate mutating func add(_ scalar: Scalar) -> ScalarSlice {
        ScalarSlice(kind: scalar.kind, text: self.add(scalar.text.bytes))
    }
}
