public import LogModel

/// One group that a record carries.
public struct GroupEntry: Sendable {
    /// The keyed hash of model, property and value.
    public let hash: UInt64
    /// How many records back in the segment the previous record with this hash is; 0 if there is none.
    public let previousDistance: UInt32
    /// What the record did to the group's set of instances.
    public let membership: Membership
    /// The value's JSON type.
    public let valueKind: Scalar.Kind
    let textStart: Int
    let propertyCount: Int
    let valueCount: Int

    /// Whether this is the group of all records of the model.
    public var isModelGroup: Bool { self.propertyCount == 0 }
}

/// The place of one further rendering in a record.
public struct ViewEntry: Sendable {
    let nameStart: Int
    let nameCount: Int
    let jsonCount: Int

    /// Where the next rendering begins.
    var end: Int { self.nameStart + self.nameCount + self.jsonCount }
}

/// Where a record stands in its batch.
public struct BatchMarks: Hashable, Sendable {
    /// The record's flags, as they are in files.
    public let flags: UInt8

    /// The marks of a record with `flags`.
    public init(flags: UInt8) {
        self.flags = flags
    }

    /// Reads the marks of the record at `position`, without looking at anything else of it.
    public init(of bytes: RawSpan, at position: Int) {
        self.flags = bytes.loadLittleEndian(position + RecordLayout.flags, as: UInt8.self)
    }

    /// Whether a batch begins here.
    public var isFirstOfBatch: Bool { self.flags & RecordLayout.firstOfBatch != 0 }
    /// Whether a batch ends here.
    public var isLastOfBatch: Bool { self.flags & RecordLayout.lastOfBatch != 0 }
}

/// A record in borrowed bytes: nothing is copied, every access is a load at a known place.
///
/// Whoever makes one from bytes that were not checked in this process uses ``init(checking:at:seed:)``.
/// After that check every field has a legal value and every range lies within the record, so that the
/// accessors do not fail.
public struct RecordView: ~Escapable {
    /// The record's bytes, padding included.
    public let bytes: RawSpan

    /// Trusts that `bytes` begins with a record that was checked, or encoded, by this process.
    @_lifetime(copy bytes)
    public init(trusting bytes: RawSpan, at position: Int) {
        let count = Int(bytes.loadLittleEndian(position, as: UInt32.self))
        self.bytes = bytes.slice(position, count)
    }

    @_lifetime(copy bytes)
    init(exactly bytes: RawSpan) {
        self.bytes = bytes
    }

    /// The record's length in bytes, a multiple of 8.
    public var count: Int { self.bytes.byteCount }
    /// The CRC32C over the segment's seed and the record.
    public var checksum: UInt32 { self.load(RecordLayout.checksum) }
    /// The record's offset.
    public var offset: Offset { Offset(self.load(RecordLayout.offset)) }
    /// The bound below which everything was known to be durable when this record was written.
    public var durable: Offset { Offset(self.load(RecordLayout.durable)) }
    /// When the record was appended, in microseconds since 1970-01-01T00:00:00Z.
    public var time: Int64 { self.load(RecordLayout.time) }
    /// The keyed hash of model and key.
    public var keyHash: UInt64 { self.load(RecordLayout.keyHash) }
    /// The previous record with this key hash, in any segment.
    public var previousOfKey: Offset? {
        let value: UInt64 = self.load(RecordLayout.previousOfKey)
        return value == RecordLayout.noOffset ? nil : Offset(value)
    }
    /// Who submitted the batch, if the producer said so.
    public var producer: ProducerIdentity? {
        let id = ProducerIdentity.ID(
            low: self.load(RecordLayout.producerLow), high: self.load(RecordLayout.producerHigh))
        guard id != .anonymous else { return nil }
        return ProducerIdentity(id: id, sequence: self.load(RecordLayout.producerSequence))
    }
    /// What the producer did.
    public var action: Action {
        Self.known(Action(rawValue: self.load(RecordLayout.action)))
    }
    /// Whether a batch begins here.
    public var isFirstOfBatch: Bool { self.flags & RecordLayout.firstOfBatch != 0 }
    /// Whether a batch ends here.
    public var isLastOfBatch: Bool { self.flags & RecordLayout.lastOfBatch != 0 }

    /// The model's label.
    public var model: RawSpan {
        @_lifetime(copy self) get { self.bytes.slice(self.modelStart, self.modelCount) }
    }
    /// The canonical text of the key.
    public var key: RawSpan {
        @_lifetime(copy self) get {
            self.bytes.slice(self.modelStart + self.modelCount, self.keyCount)
        }
    }
    /// The key's JSON type.
    public var keyKind: Scalar.Kind {
        Self.known(Scalar.Kind(rawValue: self.load(RecordLayout.keyKind)))
    }

    /// How many groups the record carries.
    public var groupCount: Int { Int(self.load(RecordLayout.groupCount) as UInt16) }

    /// The hash of the group at `index`, without the rest of the entry.
    @inline(__always)
    public func groupHash(_ index: Int) -> UInt64 {
        self.load(RecordLayout.groups + index * RecordLayout.groupStride + GroupEntryLayout.hash)
    }

    /// The group at `index`.
    @inline(__always)
    public func group(_ index: Int) -> GroupEntry {
        let at = RecordLayout.groups + index * RecordLayout.groupStride
        return GroupEntry(
            hash: self.load(at + GroupEntryLayout.hash),
            previousDistance: self.load(at + GroupEntryLayout.previousDistance),
            membership: Self.known(
                Membership(rawValue: self.load(at + GroupEntryLayout.membership))),
            valueKind: Self.known(
                Scalar.Kind(rawValue: self.load(at + GroupEntryLayout.valueKind))),
            textStart: Int(self.load(at + GroupEntryLayout.textStart) as UInt32),
            propertyCount: Int(self.load(at + GroupEntryLayout.propertyCount) as UInt16),
            valueCount: Int(self.load(at + GroupEntryLayout.valueCount) as UInt16))
    }

    /// The property of `entry`; empty for the model group.
    @_lifetime(copy self)
    public func property(of entry: GroupEntry) -> RawSpan {
        self.bytes.slice(entry.textStart, entry.propertyCount)
    }

    /// The canonical text of the value of `entry`.
    @_lifetime(copy self)
    public func value(of entry: GroupEntry) -> RawSpan {
        self.bytes.slice(entry.textStart + entry.propertyCount, entry.valueCount)
    }

    /// Whether `entry` is the group `group`, by all its bytes.
    public func isGroup(_ entry: GroupEntry, _ group: GroupKey) -> Bool {
        (entry.valueKind == .null) == (group.value.kind == .null)
            && self.value(of: entry).isEqual(to: group.value.text.bytes.span.bytes)
            && self.property(of: entry).isEqual(to: group.property.bytes.span.bytes)
            && self.model.isEqual(to: group.model.bytes.span.bytes)
    }

    /// Whether the record carries `group`, which has this hash, by all its bytes.
    public func carries(_ group: GroupKey, hash: UInt64) -> Bool {
        for index in 0..<self.groupCount where self.groupHash(index) == hash {
            if self.isGroup(self.group(index), group) { return true }
        }
        return false
    }

    /// The instance as minified JSON.
    public var instance: RawSpan {
        @_lifetime(copy self) get { self.bytes.slice(self.instanceStart, self.instanceCount) }
    }

    /// How many further renderings the record carries.
    public var viewCount: Int { Int(self.load(RecordLayout.viewCount) as UInt16) }

    /// The rendering at `index`. Takes time in proportion to `index`.
    public func view(_ index: Int) -> ViewEntry {
        precondition(index >= 0 && index < self.viewCount, "the record has no view \(index)")
        var entry = self.view(at: self.instanceStart + self.instanceCount)
        for _ in 0..<index { entry = self.view(at: entry.end) }
        return entry
    }

    /// The name of the rendering `entry`.
    @_lifetime(copy self)
    public func name(of entry: ViewEntry) -> RawSpan {
        self.bytes.slice(entry.nameStart, entry.nameCount)
    }

    /// The rendering `entry` as minified JSON.
    @_lifetime(copy self)
    public func json(of entry: ViewEntry) -> RawSpan {
        self.bytes.slice(entry.nameStart + entry.nameCount, entry.jsonCount)
    }

    /// The rendering whose two lengths are at `position`.
    func view(at position: Int) -> ViewEntry {
        ViewEntry(
            nameStart: position + RecordLayout.viewPrefixCount,
            nameCount: Int(self.load(position) as UInt32),
            jsonCount: Int(self.load(position + 4) as UInt32))
    }

    var flags: UInt8 { self.load(RecordLayout.flags) }
    var modelStart: Int { RecordLayout.groups + self.groupCount * RecordLayout.groupStride }
    var modelCount: Int { Int(self.load(RecordLayout.modelCount) as UInt16) }
    var keyCount: Int { Int(self.load(RecordLayout.keyCount) as UInt16) }
    var instanceCount: Int { Int(self.load(RecordLayout.instanceCount) as UInt32) }
    /// The texts of the groups follow each other, so the last one's end is where the instance begins.
    var instanceStart: Int {
        guard self.groupCount > 0 else { return self.modelStart + self.modelCount + self.keyCount }
        let last = self.group(self.groupCount - 1)
        return last.textStart + last.propertyCount + last.valueCount
    }

    @inline(__always)
    func load<Number: FixedWidthInteger & BitwiseCopyable>(_ position: Int) -> Number {
        self.bytes.loadLittleEndian(position, as: Number.self)
    }

    /// Unwraps a value that the check at the edge has found to be known.
    @inline(__always)
    private static func known<Value>(_ value: Value?) -> Value {
        guard let value else {
            preconditionFailure("a record was used that nobody had checked")
        }
        return value
    }
}
