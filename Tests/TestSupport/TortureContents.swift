import LogFormat
package import LogModel
package import LogStorage

/// Which of the batches of ``TortureBatch`` are in a log, and where, after every visible record was compared
/// with what was submitted.
package struct TortureContents: Sendable {
    /// A batch in the log.
    package struct Placed: Hashable, Sendable {
        /// The batch's number.
        package let number: UInt64
        /// The offset of its first record.
        package let first: Offset
        /// The offset of its last record.
        package let last: Offset

        /// Creates a place.
        package init(number: UInt64, first: Offset, last: Offset) {
            self.number = number
            self.first = first
            self.last = last
        }
    }

    /// What is in the log and was not submitted like that.
    package struct Mismatch: Error, CustomStringConvertible {
        /// What is wrong, and where.
        package let description: String
    }

    /// The batches in the order of the log.
    package private(set) var batches: [Placed] = []
    /// The offset after the last record.
    package private(set) var end = Offset.zero

    /// What is known of an instance: its last record, and the list that it is in.
    private struct Instance {
        let last: Offset
        let list: Scalar
    }

    private var instances: [Scalar: Instance] = [:]
    private var time = Int64.min

    /// Reads everything that is visible in `log`, with all checksums, and compares it with what was submitted:
    /// offsets without gaps, bytes, groups, order and wholeness of batches, times that never fall.
    ///
    /// Throws `Mismatch` or `StorageError`.
    package init(of log: ChangeLog) throws {
        guard log.first == .zero else { throw Mismatch(description: "begins at \(log.first)") }
        while let extent = try log.extent(at: self.end) {
            var mismatch: (any Error)?
            try extent.forEachRecord(from: self.end) { record throws(StorageError) in
                guard mismatch == nil else { return }
                do {
                    try self.take(record)
                } catch {
                    mismatch = error
                }
            }
            if let mismatch { throw mismatch }
        }
        guard self.end == log.watermarks.visible else {
            throw Mismatch(description: "\(self.end) cannot be read and is visible")
        }
        if let last = self.batches.last, last.last.next != self.end {
            throw Mismatch(description: "the batch \(last.number) is not whole")
        }
    }

    private mutating func take(_ record: borrowing RecordView) throws {
        let offset = self.end
        guard let producer = record.producer else {
            throw Mismatch(description: "the record \(offset) has no producer")
        }
        let batch = TortureBatch(producer.sequence)
        let isFirst = self.batches.last.map { $0.last < offset } ?? true
        if isFirst {
            if let last = self.batches.last, last.number >= batch.number {
                throw Mismatch(description: "the batch \(batch.number) follows \(last.number)")
            }
            self.batches.append(
                Placed(
                    number: batch.number, first: offset,
                    last: offset.advanced(by: batch.count - 1)))
        }
        guard let placed = self.batches.last, placed.number == batch.number else {
            throw Mismatch(description: "the record \(offset) is in the midst of another batch")
        }
        try self.compare(record, with: batch, at: offset.distance(from: placed.first))
        self.end = offset.next
    }

    private mutating func compare(
        _ record: borrowing RecordView, with batch: TortureBatch, at index: Int
    ) throws {
        let offset = self.end
        func expect(_ isRight: Bool, _ what: String) throws {
            if !isRight { throw Mismatch(description: "the record \(offset) has a wrong \(what)") }
        }
        let key = batch.key(index)
        let list = batch.list(index)
        let before = self.instances[key]
        try expect(record.offset == offset, "offset")
        try expect(record.producer == batch.producer, "producer")
        try expect(record.isFirstOfBatch == (index == 0), "begin of batch")
        try expect(record.isLastOfBatch == (index == batch.count - 1), "end of batch")
        try expect(record.action == .updated, "action")
        try expect(record.model.copy() == TortureBatch.model.bytes, "model")
        try expect(record.key.copy() == key.text.bytes && record.keyKind == .number, "key")
        try expect(record.instance.copy() == Array(batch.instance(index).utf8), "instance")
        try expect(record.previousOfKey == before?.last, "previous record of the key")
        try expect(record.time >= self.time, "time")
        try expect(record.durable <= offset, "durable bound")
        var groups: Set<String> = []
        for index in 0..<record.groupCount {
            let group = record.group(index)
            let value = Text(bytes: record.value(of: group).copy())
            groups.insert("\(group.isModelGroup ? "model" : "list") \(value) \(group.membership)")
        }
        var expected: Set = ["model  \(before == nil ? Membership.entered : .stayed)"]
        let isKept = before?.list == list
        expected.insert("list \(list.text) \(isKept ? Membership.stayed : .entered)")
        if let before, !isKept { expected.insert("list \(before.list.text) \(Membership.left)") }
        try expect(groups == expected, "group: \(groups.sorted()), not \(expected.sorted())")
        self.instances[key] = Instance(last: offset, list: list)
        self.time = record.time
    }
}
