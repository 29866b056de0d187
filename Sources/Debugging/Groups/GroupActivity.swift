import LogFormat
package import LogModel
package import LogStorage

/// Which groups a stretch of a log is about, and how much of it.
///
/// Memory: about 100 bytes for each group, of which no more than ``groupCountMax`` are kept: with more of them, those
/// that had the least records are forgotten, and ``isComplete`` says so.
package struct GroupActivity {
    /// What there is of one group.
    package struct Entry: Hashable, Sendable {
        /// Which group.
        package let group: GroupKey
        /// Records that carry it, those with which an instance left it included.
        package fileprivate(set) var recordCount = 0
        /// Bytes of these records.
        package fileprivate(set) var byteCount = 0
        /// Instances that came into it, less those that left it.
        package fileprivate(set) var memberBalance = 0
        /// The last of these records, and its time in microseconds since 1970.
        package fileprivate(set) var last: Offset
        package fileprivate(set) var lastTime: Int64
    }

    /// How the groups are ordered.
    package enum Order: String, Sendable, CaseIterable {
        /// The one with the most records first.
        case records
        /// The one with the most bytes first.
        case bytes
        /// By model, property and value.
        case name
    }

    private let model: Text?
    private let property: Text?
    private let groupCountMax: Int
    private var entries: [UInt64: Entry] = [:]
    /// Whether no group was forgotten.
    package private(set) var isComplete = true
    /// Records that were looked at.
    package private(set) var recordCount = 0

    /// Prepares to count the groups of `model` and `property`, if they are given.
    ///
    /// - Parameter groupCountMax: how many are kept at most; at least 2.
    package init(model: Text? = nil, property: Text? = nil, groupCountMax: Int = 4_000_000) {
        self.model = model
        self.property = property
        self.groupCountMax = groupCountMax
    }

    /// Counts the records of `extent` from `start` on. `damage` is told of those that cannot be read.
    package mutating func add(_ extent: SegmentExtent, from start: Offset, damage: DamageHandler) {
        extent.forEachReadableRecord(
            from: max(start, extent.segment.base), damage: damage, { self.add($0) })
    }

    private mutating func add(_ record: borrowing RecordView) {
        self.recordCount += 1
        if let model, !record.model.isEqual(to: model.bytes.span.bytes) { return }
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            if entry.isModelGroup { continue }
            if let property, !record.property(of: entry).isEqual(to: property.bytes.span.bytes) {
                continue
            }
            let balance =
                entry.membership == .entered ? 1 : entry.membership == .left ? -1 : 0
            if self.entries[entry.hash]?.note(record, balance) == nil {
                var first = Entry(
                    group: GroupKey(
                        model: Text(bytes: record.model.copy()),
                        property: Text(bytes: record.property(of: entry).copy()),
                        value: Scalar(
                            kind: entry.valueKind,
                            text: Text(bytes: record.value(of: entry).copy()))),
                    last: record.offset, lastTime: record.time)
                first.note(record, balance)
                self.entries[entry.hash] = first
                if self.entries.count > self.groupCountMax { self.forgetTheLeast() }
            }
        }
    }

    private mutating func forgetTheLeast() {
        self.isComplete = false
        var bound = 1
        while self.entries.count > self.groupCountMax / 2 {
            self.entries = self.entries.filter { $0.value.recordCount > bound }
            bound *= 2
        }
    }

    /// The groups in order, at most `limit`.
    package func entries(by order: Order, limit: Int) -> [Entry] {
        let sorted = self.entries.values.sorted { left, right in
            switch order {
            case .records where left.recordCount != right.recordCount:
                left.recordCount > right.recordCount
            case .bytes where left.byteCount != right.byteCount: left.byteCount > right.byteCount
            default: left.group.isBefore(right.group)
            }
        }
        return Array(sorted.prefix(limit))
    }

    /// How many groups there are.
    package var count: Int { self.entries.count }
}

extension GroupActivity.Entry {
    fileprivate mutating func note(_ record: borrowing RecordView, _ balance: Int) {
        self.recordCount += 1
        self.byteCount += record.count
        self.memberBalance += balance
        self.last = record.offset
        self.lastTime = record.time
    }
}

extension GroupKey {
    /// By model, property and value, each by its bytes.
    fileprivate func isBefore(_ other: GroupKey) -> Bool {
        for (left, right) in [
            (self.model, other.model), (self.property, other.property),
            (self.value.text, other.value.text),
        ] where left != right {
            return left.bytes.lexicographicallyPrecedes(right.bytes)
        }
        return self.value.kind.rawValue < other.value.kind.rawValue
    }
}
