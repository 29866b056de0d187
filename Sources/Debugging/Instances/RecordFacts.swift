package import LogFormat
package import LogModel
package import LogStorage

/// What one record says of its instance, as a copy.
package struct RecordFacts: Hashable, Sendable {
    /// Which record.
    package let offset: Offset
    /// When it was appended, in microseconds since 1970.
    package let time: Int64
    /// What was done.
    package let action: Action
    /// The model's label.
    package let model: Text
    /// The instance's key.
    package let key: Scalar
    /// The instance as JSON text: after the change, or of a deletion as its producer told it.
    package let instance: [UInt8]
    /// Who published it, if they said so.
    package let producer: ProducerIdentity?
    /// The record of the same instance before it, also if that is no longer kept.
    package let previous: Offset?
    /// The groups that the instance came into by it, that of its model left out.
    package let entered: [GroupKey]
    /// The groups that the instance left by it.
    package let left: [GroupKey]

    /// Copies `record`.
    package init(_ record: borrowing RecordView) {
        self.offset = record.offset
        self.time = record.time
        self.action = record.action
        let model = Text(bytes: record.model.copy())
        self.model = model
        self.key = Scalar(kind: record.keyKind, text: Text(bytes: record.key.copy()))
        self.instance = record.instance.copy()
        self.producer = record.producer
        self.previous = record.previousOfKey
        var entered: [GroupKey] = []
        var left: [GroupKey] = []
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            if entry.isModelGroup || entry.membership == .stayed { continue }
            let group = GroupKey(
                model: model, property: Text(bytes: record.property(of: entry).copy()),
                value: Scalar(
                    kind: entry.valueKind, text: Text(bytes: record.value(of: entry).copy())))
            if entry.membership == .entered { entered.append(group) } else { left.append(group) }
        }
        self.entered = entered
        self.left = left
    }

    /// The record at `offset` of `log`; nil if compaction removed it, or if there is none yet.
    ///
    /// Throws `retained` if it is no longer kept, or `corrupt`.
    package init?(at offset: Offset, in log: ChangeLog) throws(StorageError) {
        guard let facts = try log.withRecord(at: offset, { RecordFacts($0) }) else { return nil }
        self = facts
    }

    /// What the instance is after the record: nothing after a deletion.
    package var properties: Properties {
        self.action == .deleted ? .none : Properties(self.instance)
    }
}
