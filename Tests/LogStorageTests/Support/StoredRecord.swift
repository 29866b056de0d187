import LogFormat
import LogModel
import LogStorage

/// What a log says of one record, copied out of it.
struct StoredRecord: Hashable, Sendable {
    struct Group: Hashable, Sendable {
        let group: TestGroup
        let membership: Membership
        let hash: UInt64
    }

    let offset: Offset
    let durable: Offset
    let time: Int64
    let checksum: UInt32
    let action: Action
    let model: Text
    let key: Scalar
    let previousOfKey: Offset?
    let producer: ProducerIdentity?
    let isFirstOfBatch: Bool
    let isLastOfBatch: Bool
    let groups: [Group]
    let instance: String
    let byteCount: Int

    init(_ record: borrowing RecordView) {
        self.offset = record.offset
        self.durable = record.durable
        self.time = record.time
        self.checksum = record.checksum
        self.action = record.action
        self.model = Text(bytes: record.model.copy())
        self.key = Scalar(kind: record.keyKind, text: Text(bytes: record.key.copy()))
        self.previousOfKey = record.previousOfKey
        self.producer = record.producer
        self.isFirstOfBatch = record.isFirstOfBatch
        self.isLastOfBatch = record.isLastOfBatch
        var groups: [Group] = []
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            let value = Scalar(
                kind: entry.valueKind, text: Text(bytes: record.value(of: entry).copy()))
            groups.append(
                Group(
                    group: TestGroup(Text(bytes: record.property(of: entry).copy()), value),
                    membership: entry.membership, hash: entry.hash))
        }
        self.groups = groups
        self.instance = String(decoding: record.instance.copy(), as: UTF8.self)
        self.byteCount = record.count
    }
}

extension ChangeLog {
    /// Every visible record, each after a check of its checksum.
    func records() throws(StorageError) -> [StoredRecord] {
        var records: [StoredRecord] = []
        var at = self.first
        while let extent = try self.extent(at: at) {
            while at < extent.end {
                let record = try extent.segment.withRecord(at: at) { StoredRecord($0) }
                if let record { records.append(record) }
                at = at.next
            }
        }
        return records
    }

    /// The token of every place of the log.
    func tokens() throws(StorageError) -> [ResumeToken] {
        var tokens: [ResumeToken] = []
        for next in 0...self.watermarks.visible.rawValue {
            tokens.append(try self.token(at: Offset(next)))
        }
        return tokens
    }
}
