import LogFormat
package import LogModel
package import LogStorage

/// Which groups a stretch of a log is about, and how much of it.
///
/// Memory: about 100 bytes for each group, of which no more than `groupCountMax` are kept: with more of them, those
/// that had the least records are forgotten, and ``isComplete`` says so.
package struct GroupActivity: Sendable {
    /// What there is of one group.
    package struct Entry: Hashable, Sendable {
        /// Which group.
        package let group: GroupKey
        /// Its records and members.
        package let count: GroupCounts.Count
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
    private var counts = GroupCounts()
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
        if self.property == nil { self.counts.expect(record) }
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            if entry.isModelGroup { continue }
            if let property, !record.property(of: entry).isEqual(to: property.bytes.span.bytes) {
                continue
            }
            self.counts.add(entry, of: record)
        }
        self.keepToTheLimit()
    }

    /// Counts what `next` has counted, with the same choice of groups, of records that follow all of these.
    package mutating func append(_ next: GroupActivity) {
        self.counts.append(next.counts)
        self.recordCount += next.recordCount
        self.isComplete = self.isComplete && next.isComplete
        self.keepToTheLimit()
    }

    private mutating func keepToTheLimit() {
        guard self.counts.count > self.groupCountMax else { return }
        self.isComplete = false
        self.counts.forgetTheLeast(downTo: self.groupCountMax / 2)
    }

    /// The groups in order, at most `limit`, with the names that `log`, whose records they are, has of them.
    package func entries(by order: Order, limit: Int, in log: ChangeLog) -> [Entry] {
        let all = self.counts.all
        // Groups that are as large are in the order of their names, so the names of those are wanted too.
        let sizes: [Int]
        switch order {
        case .records: sizes = all.map(\.count.recordCount)
        case .bytes: sizes = all.map(\.count.byteCount)
        case .name: sizes = all.map { _ in 0 }
        }
        let bound = limit < all.count ? sizes.sorted(by: >).dropFirst(max(limit, 1) - 1).first : nil
        var named: [(size: Int, entry: Entry)] = []
        for (place, size) in sizes.enumerated() where size >= bound ?? 0 {
            let (hash, count) = all[place]
            if let group = log.group(hash, at: count.last) {
                named.append((size, Entry(group: group, count: count)))
            }
        }
        named.sort { left, right in
            left.size != right.size
                ? left.size > right.size : left.entry.group.isBefore(right.entry.group)
        }
        return named.prefix(limit).map(\.entry)
    }

    /// How many groups there are.
    package var count: Int { self.counts.count }
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
