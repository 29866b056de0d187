import LogFormat
package import LogModel
package import LogStorage

/// What happened to one instance, record by record, each told by what it changed.
///
///     var history = try InstanceHistory(of: "7", in: "todolist.Task", log)
///     while let step = try history.next() { … }
///
/// Its cost grows with the records of the instance, whatever the length of the log.
package struct InstanceHistory {
    /// One record.
    package struct Step: Hashable, Sendable {
        /// The record.
        package let record: RecordFacts
        /// What it changed, compared with the record before. Of a deletion nothing: the instance is gone as a whole.
        package let changes: [PropertyChange]
        /// Whether the record before it is known, so that ``changes`` are by this one alone; otherwise some may be older.
        package let isExact: Bool
    }

    private let log: ChangeLog
    /// The records that are left, the next one last.
    private var offsets: [Offset]
    private var before: RecordFacts?

    /// Finds the records of the instance `key` of `model` from `start` to `end`, or to what is visible.
    ///
    /// Throws `corrupt`.
    package init(
        of key: Text, in model: Text, _ log: ChangeLog, from start: Offset = .zero,
        to end: Offset? = nil
    ) throws(StorageError) {
        self.log = log
        self.offsets = try log.offsetsDownwards(
            of: key, in: model, from: max(start, log.first), to: end ?? log.watermarks.visible)
    }

    /// How many records are left.
    package var count: Int { self.offsets.count }

    /// The next record; nil after the last one. Throws `corrupt`; the next call goes on behind it.
    package mutating func next() throws(StorageError) -> Step? {
        while let offset = self.offsets.popLast() {
            guard let record = try RecordFacts(at: offset, in: self.log) else { continue }
            let before = try self.record(before: record)
            self.before = record
            let isExact = record.previous == nil || before?.offset == record.previous
            let changes =
                record.action == .deleted
                ? [] : record.properties.changes(from: before?.properties ?? .none)
            return Step(record: record, changes: changes, isExact: isExact)
        }
        return nil
    }

    /// The record before `record`: the one that was read last, or, at the beginning, the one that the log has.
    private func record(before record: RecordFacts) throws(StorageError) -> RecordFacts? {
        if let before { return before }
        guard let previous = try self.log.previousRecord(of: record.offset) else { return nil }
        return try RecordFacts(at: previous, in: self.log)
    }
}

extension ChangeLog {
    /// The offsets of the last `limit` records of an instance in `start ..< end`, the last one first.
    ///
    /// Each record names the one before it, so that of all indexes only that part is read that says where records are.
    /// Where one is not kept, or cannot be read, the indexes are asked for those before it.
    func offsetsDownwards(
        of key: Text, in model: Text, from start: Offset, to end: Offset, limit: Int = .max
    ) throws(StorageError) -> [Offset] {
        var offsets: [Offset] = []
        var bound = end
        var place: Offset?
        do throws(StorageError) {
            place = try self.latestRecord(model: model, key: key, before: end)
            while let offset = place, offset >= start {
                bound = offset
                offsets.append(offset)
                if offsets.count >= limit { return offsets }
                let named = try self.withRecord(at: offset) { $0.previousOfKey }
                guard let named = named ?? nil, named >= start else { return offsets }
                place = try self.previousRecord(of: offset)
                if place == nil { bound = named }
            }
            if place != nil { return offsets }
        } catch {
            // Too much was removed to know the last one, or something on the way is damaged: those before it are found
            // by the indexes, and what is damaged is said when it is read.
        }
        var reader = GroupReader(
            self,
            .any([self.hasher.keyHash(model: model.bytes.span.bytes, key: key.bytes.span.bytes)]),
            of: .key, from: start, to: bound)
        var earlier: [Offset] = []
        while let offset = try reader.next() {
            let record = try? self.withRecord(at: offset) { record in
                record.key.isEqual(to: key.bytes.span.bytes)
                    && record.model.isEqual(to: model.bytes.span.bytes)
            }
            if record != false { earlier.append(offset) }
        }
        return offsets + earlier.reversed().prefix(limit - offsets.count)
    }
}
