import LogFormat
import LogModel

/// What is known of the last record of each key, to check the next one against: where it is, and which groups
/// its instance was in then.
///
/// Memory is bounded. When there are more keys than `keyCountMax`, the half of them is forgotten whose hashes
/// begin with another bit, and so on: what is left after a pass is checked in passes of its own.
///
/// Sets of groups are compared by the sum of their hashes, and instances by the hash of their keys, so one wrong
/// record in 2^64 can pass.
struct KeyHistory {
    private struct Last: BitwiseCopyable {
        var offset: UInt64
        var groups: UInt64
    }

    /// Of how many top bits of a hash decide whether the key is looked at.
    private(set) var partitionBits: Int
    /// The value of these bits.
    let partition: UInt64
    private let keyCountMax: Int
    private var table = HashTable<Last>(filler: Last(offset: 0, groups: 0))
    /// Stretches of which not all records were seen, ascending.
    private var holes: [Range<Offset>] = []
    private var scratch: [UInt64] = []

    init(keyCountMax: Int, partition: UInt64 = 0, bits: Int = 0) {
        self.keyCountMax = max(keyCountMax, 1)
        self.partition = partition
        self.partitionBits = bits
    }

    /// An empty one, for another pass over the log about the keys of `partition`.
    func next(partition: UInt64, bits: Int) -> KeyHistory {
        KeyHistory(keyCountMax: self.keyCountMax, partition: partition, bits: bits)
    }

    /// Notes that records in `range` were not seen, or not all of them: because they are damaged, no longer kept,
    /// or removed by compaction. A key's last record may be one of them.
    mutating func addHole(_ range: Range<Offset>) {
        guard !range.isEmpty else { return }
        if let last = self.holes.last, last.upperBound >= range.lowerBound {
            let end = max(last.upperBound, range.upperBound)
            self.holes[self.holes.count - 1] = min(last.lowerBound, range.lowerBound)..<end
        } else {
            self.holes.append(range)
        }
    }

    /// Begins to bring near what ``check(_:problem:)`` reads for the key with this hash.
    func expect(_ keyHash: UInt64) { self.table.expect(keyHash) }

    /// Checks the record that follows all that were seen, and remembers it.
    mutating func check(_ record: borrowing RecordView, problem: (String) -> Void) {
        let hash = record.keyHash
        guard hash != 0, self.isOwn(hash) else { return }
        let before = self.sum(record) { $0 != .entered }
        let after = self.sum(record) { $0 != .left }
        self.compare(record, before: before, problem: problem)
        let offset = record.offset.rawValue
        self.table.update(hash) { $0 = Last(offset: offset, groups: after) }
        // The parts after the first one are about as large as that was in the end.
        while self.table.count > self.keyCountMax && self.partition == 0 && self.partitionBits < 16
        {
            self.partitionBits += 1
            // Without other instance variables, so that the table is not copied.
            let (partition, bits) = (self.partition, self.partitionBits)
            self.table.filter { $0 >> UInt64(64 - bits) == partition }
        }
    }

    private func isOwn(_ hash: UInt64) -> Bool {
        self.partitionBits == 0 || hash >> UInt64(64 - self.partitionBits) == self.partition
    }

    private func compare(
        _ record: borrowing RecordView, before: UInt64, problem: (String) -> Void
    ) {
        let previous = record.previousOfKey
        guard let last = self.table[record.keyHash] else {
            if let previous, !self.isInHole(previous) {
                problem("the key's previous record, \(previous), is not of this key")
            } else if previous == nil && before != 0 && record.action != .deleted {
                problem("the instance was in groups although it has no previous record")
            }
            return
        }
        guard let previous, previous.rawValue >= last.offset else {
            let named = previous.map { "offset \($0)" } ?? "none"
            return problem(
                "the key's previous record is at offset \(last.offset), this one names \(named)")
        }
        guard previous.rawValue == last.offset else {
            if !self.isInHole(previous) {
                problem("the key's previous record, \(previous), is not of this key")
            }
            return
        }
        if before != last.groups && !(last.groups == 0 && record.action == .deleted) {
            problem(
                "the groups that the instance was in are not those of its previous record, "
                    + "at offset \(previous)")
        }
    }

    private func isInHole(_ offset: Offset) -> Bool {
        var low = 0
        var high = self.holes.count
        while low < high {
            let middle = (low + high) / 2
            if self.holes[middle].upperBound <= offset { low = middle + 1 } else { high = middle }
        }
        return low < self.holes.count && self.holes[low].contains(offset)
    }

    /// The sum of the hashes of the groups with such a membership, each counted once; 0 for none.
    private mutating func sum(
        _ record: borrowing RecordView, _ isCounted: (Membership) -> Bool
    ) -> UInt64 {
        self.scratch.removeAll(keepingCapacity: true)
        var sum: UInt64 = 0
        let count = record.groupCount
        for index in 0..<count where isCounted(record.group(index).membership) {
            let hash = record.groupHash(index)
            // An instance can name a group twice.
            if count <= 32 && self.scratch.contains(hash) { continue }
            self.scratch.append(hash)
            sum &+= hash
        }
        guard count > 32 else { return sum }
        return Set(self.scratch).reduce(0, &+)
    }
}
