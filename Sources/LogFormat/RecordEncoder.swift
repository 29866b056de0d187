public import LogModel

/// What the appender adds to a change to make it a record.
public struct RecordFields: Sendable {
    /// The record's offset.
    public var offset: Offset
    /// The bound below which everything is known to be durable now.
    public var durable: Offset
    /// Microseconds since 1970-01-01T00:00:00Z.
    public var time: Int64
    /// The keyed hash of model and key.
    public var keyHash: UInt64
    /// The previous record with this key hash.
    public var previousOfKey: Offset?
    /// Who submitted the batch.
    public var producer: ProducerIdentity?
    /// Whether a batch begins here.
    public var isFirstOfBatch: Bool
    /// Whether a batch ends here.
    public var isLastOfBatch: Bool

    /// Creates the fields of a record.
    public init(
        offset: Offset, durable: Offset, time: Int64, keyHash: UInt64, previousOfKey: Offset?,
        producer: ProducerIdentity?, isFirstOfBatch: Bool, isLastOfBatch: Bool
    ) {
        self.offset = offset
        self.durable = durable
        self.time = time
        self.keyHash = keyHash
        self.previousOfKey = previousOfKey
        self.producer = producer
        self.isFirstOfBatch = isFirstOfBatch
        self.isLastOfBatch = isLastOfBatch
    }
}

/// A group entry before it is written; its text lies in `Changes.text`.
public struct PlannedGroup: Sendable {
    /// The keyed hash of model, property and value.
    public let hash: UInt64
    /// What the record does to the group's set of instances.
    public var membership: Membership
    /// The property; empty for the model group.
    public let property: Changes.Slice
    /// The value.
    public let value: Changes.ScalarSlice
    /// How many records back in the segment the previous record with this hash is; 0 if there is none.
    public var previousDistance: UInt32

    /// Creates an entry without a previous record.
    public init(
        hash: UInt64, membership: Membership, property: Changes.Slice, value: Changes.ScalarSlice
    ) {
        self.hash = hash
        self.membership = membership
        self.property = property
        self.value = value
        self.previousDistance = 0
    }
}

/// Writes records.
public enum RecordEncoder {
    /// How many bytes the record of `change` has.
    public static func count(
        of change: Changes.Change, in changes: Changes, groups: ArraySlice<PlannedGroup>
    ) -> Int {
        var count = RecordLayout.groups + change.model.count + change.key.text.count
        for group in groups {
            count += RecordLayout.groupStride + group.property.count + group.value.text.count
        }
        count += change.instance.count
        for view in changes.views[change.views] {
            count += RecordLayout.viewPrefixCount + view.name.count + view.json.count
        }
        return RecordLayout.padded(count)
    }

    /// Appends the record of `change` to `buffer` and returns its checksum.
    ///
    /// - Parameter seed: ``SegmentHeader/seed`` of the segment that it goes to.
    @discardableResult
    public static func append(
        _ change: Changes.Change, of changes: Changes, groups: ArraySlice<PlannedGroup>,
        fields: RecordFields, seed: UInt32, to buffer: inout [UInt8]
    ) -> UInt32 {
        let start = buffer.count
        let count = self.count(of: change, in: changes, groups: groups)
        precondition(count <= RecordLayout.countMax, "a record of \(count) bytes passed the edge")
        buffer.append(contentsOf: repeatElement(0, count: count))
        var checksum: UInt32 = 0
        ByteWriter.withBytes(of: &buffer, from: start, count: count) { writer in
            self.writeFixedPart(change, groups: groups, fields: fields, count: count, to: writer)
            self.writeText(change, of: changes, groups: groups, to: writer)
            checksum = writer.withSpan { RecordView.computedChecksum(of: $0, seed: seed) }
            writer.store(checksum, at: RecordLayout.checksum)
        }
        return checksum
    }

    private static func writeFixedPart(
        _ change: Changes.Change, groups: ArraySlice<PlannedGroup>, fields: RecordFields,
        count: Int,
        to writer: borrowing ByteWriter
    ) {
        typealias Layout = RecordLayout
        writer.store(UInt32(count), at: Layout.length)
        writer.store(fields.offset.rawValue, at: Layout.offset)
        writer.store(fields.durable.rawValue, at: Layout.durable)
        writer.store(fields.time, at: Layout.time)
        writer.store(fields.keyHash, at: Layout.keyHash)
        writer.store(fields.previousOfKey?.rawValue ?? Layout.noOffset, at: Layout.previousOfKey)
        if let producer = fields.producer {
            writer.store(producer.id.low, at: Layout.producerLow)
            writer.store(producer.id.high, at: Layout.producerHigh)
            writer.store(producer.sequence, at: Layout.producerSequence)
        }
        writer.store(UInt32(change.instance.count), at: Layout.instanceCount)
        writer.store(UInt16(groups.count), at: Layout.groupCount)
        writer.store(UInt16(change.views.count), at: Layout.viewCount)
        writer.store(UInt16(change.model.count), at: Layout.modelCount)
        writer.store(UInt16(change.key.text.count), at: Layout.keyCount)
        writer.store(change.action.rawValue, at: Layout.action)
        let flags =
            (fields.isFirstOfBatch ? Layout.firstOfBatch : 0)
            | (fields.isLastOfBatch ? Layout.lastOfBatch : 0)
        writer.store(flags, at: Layout.flags)
        writer.store(change.key.kind.rawValue, at: Layout.keyKind)
    }

    private static func writeText(
        _ change: Changes.Change, of changes: Changes, groups: ArraySlice<PlannedGroup>,
        to writer: borrowing ByteWriter
    ) {
        let text = changes.text.span.bytes
        func store(_ slice: Changes.Slice, at position: Int) -> Int {
            writer.store(text.slice(slice.start, slice.count), at: position)
        }
        var entry = RecordLayout.groups
        var at = entry + groups.count * RecordLayout.groupStride
        at = store(change.model, at: at)
        at = store(change.key.text, at: at)
        for group in groups {
            typealias Layout = GroupEntryLayout
            writer.store(group.hash, at: entry + Layout.hash)
            writer.store(group.previousDistance, at: entry + Layout.previousDistance)
            writer.store(UInt32(at), at: entry + Layout.textStart)
            writer.store(UInt16(group.property.count), at: entry + Layout.propertyCount)
            writer.store(UInt16(group.value.text.count), at: entry + Layout.valueCount)
            writer.store(group.membership.rawValue, at: entry + Layout.membership)
            writer.store(group.value.kind.rawValue, at: entry + Layout.valueKind)
            at = store(group.property, at: at)
            at = store(group.value.text, at: at)
            entry += RecordLayout.groupStride
        }
        at = store(change.instance, at: at)
        for view in changes.views[change.views] {
            writer.store(UInt32(view.name.count), at: at)
            writer.store(UInt32(view.json.count), at: at + 4)
            at = store(view.name, at: at + RecordLayout.viewPrefixCount)
            at = store(view.json, at: at)
        }
    }
}
