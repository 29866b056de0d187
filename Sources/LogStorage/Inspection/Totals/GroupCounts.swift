package import LogFormat
package import LogModel

/// What records say of groups, by their hashes: names are asked of the log when they are wanted.
///
/// Memory: about 100 bytes for each group.
package struct GroupCounts: Sendable {
    /// What there is of one group.
    package struct Count: BitwiseCopyable, Hashable, Sendable {
        /// Records that carry it, those with which an instance left it included.
        package fileprivate(set) var recordCount = 0
        /// Bytes of these records.
        package fileprivate(set) var byteCount = 0
        /// Instances that came into it, less those that left it.
        package fileprivate(set) var memberBalance = 0
        /// The last of these records, and its time in microseconds since 1970.
        package var last: Offset { Offset(self.lastOffset) }
        fileprivate var lastOffset: UInt64 = 0
        package fileprivate(set) var lastTime: Int64 = 0
    }

    private var table = HashTable(filler: Count())

    /// Counts nothing yet.
    package init() {}

    /// How many groups there are.
    package var count: Int { self.table.count }

    /// Begins to bring near what is counted for the groups of `record`.
    package func expect(_ record: borrowing RecordView) {
        for index in 1..<max(record.groupCount, 1) { self.table.expect(record.groupHash(index)) }
    }

    /// Counts the group `entry` of `record`, which follows all that were counted.
    package mutating func add(_ entry: GroupEntry, of record: borrowing RecordView) {
        let (byteCount, offset, time) = (record.count, record.offset, record.time)
        let balance =
            entry.membership == .entered ? 1 : entry.membership == .left ? -1 : 0
        self.table.update(entry.hash) { count in
            count.recordCount += 1
            count.byteCount += byteCount
            count.memberBalance += balance
            count.lastOffset = offset.rawValue
            count.lastTime = time
        }
    }

    /// Counts what `next` has counted, of records that follow all of these.
    package mutating func append(_ next: GroupCounts) {
        next.table.forEach { hash, other in
            self.table.update(hash) { count in
                count.recordCount += other.recordCount
                count.byteCount += other.byteCount
                count.memberBalance += other.memberBalance
                count.lastOffset = other.lastOffset
                count.lastTime = other.lastTime
            }
        }
    }

    /// Forgets the groups with the least records until no more than `bound` are left.
    package mutating func forgetTheLeast(downTo bound: Int) {
        var least = 1
        while self.table.count > bound {
            var kept = HashTable(filler: Count())
            self.table.forEach { hash, count in
                if count.recordCount > least { kept.update(hash) { $0 = count } }
            }
            self.table = kept
            least *= 2
        }
    }

    /// All groups, in no order.
    package var all: [(hash: UInt64, count: Count)] {
        var all: [(hash: UInt64, count: Count)] = []
        all.reserveCapacity(self.table.count)
        self.table.forEach { all.append(($0, $1)) }
        return all
    }
}
