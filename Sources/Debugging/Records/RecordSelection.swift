package import LogFormat
package import LogModel
package import LogStorage
package import Matching

/// Which records of a log somebody wants to see, found by its indexes where they can be.
///
/// A record is wanted if its instance is in the filter's set after it, or was before it.
package struct RecordSelection: Sendable {
    /// What instances are wanted; nil for all.
    package let predicate: Predicate?
    /// The key of the only instance that is wanted; nil for all.
    package let key: Text?
    /// What may have been done; empty for everything.
    package let actions: Set<Action>

    /// Creates a selection from the records of `log`.
    ///
    /// - Parameter key: of the filter's model.
    package init(
        _ filter: Filter?, key: Text? = nil, actions: Set<Action> = [], in log: ChangeLog
    ) {
        self.predicate = filter.map { filter in
            Predicate(filter, hasher: log.hasher) { log.rarity(of: $0) }
        }
        self.key = key
        self.actions = actions
    }

    /// Whether `record` is one of them.
    package func wants(_ record: borrowing RecordView) -> Bool {
        if !self.actions.isEmpty, !self.actions.contains(record.action) { return false }
        if let key, !record.key.isEqual(to: key.bytes.span.bytes) { return false }
        return self.predicate.map { $0.change(by: record) != nil } ?? true
    }

    /// The hashes by which the records are found, and of what they are; nil if all have to be looked at.
    private func hashes(in log: ChangeLog) -> (hashes: [UInt64], kind: HashKind)? {
        guard let predicate else { return nil }
        if let key {
            let hash = log.hasher.keyHash(
                model: predicate.filter.model.bytes.span.bytes, key: key.bytes.span.bytes)
            return ([hash], .key)
        }
        return (predicate.driver, .group)
    }

    /// Lends the records of `log` in `range` to `body`, in order, until it returns false. `damage` is told of those that
    /// cannot be read.
    ///
    /// Throws `retained` if the range begins before the log; what `body` throws.
    package func forEachRecord(
        of log: ChangeLog, in range: Range<Offset>, damage: DamageHandler,
        _ body: (borrowing RecordView) throws -> Bool
    ) throws {
        if let (hashes, kind) = self.hashes(in: log) {
            try self.find(hashes, kind, log, range, damage, body)
        } else {
            _ = try self.scan(log, range, damage, body)
        }
    }

    private func find(
        _ hashes: [UInt64], _ kind: HashKind, _ log: ChangeLog, _ range: Range<Offset>,
        _ damage: DamageHandler, _ body: (borrowing RecordView) throws -> Bool
    ) throws {
        var records = ScatteredRecords(log)
        var at = range.lowerBound
        while at < range.upperBound {
            let end = min(try log.prepareIndexes(from: at, having: hashes), range.upperBound)
            guard at < end else { return }
            let reader = GroupReader(log, .any(hashes), of: kind, from: at, to: end)
            guard try self.read(reader, &records, log, upTo: end, damage, body) else { return }
            at = end
        }
    }

    /// Returns whether `body` wants more.
    private func read(
        _ start: GroupReader, _ records: inout ScatteredRecords, _ log: ChangeLog,
        upTo end: Offset, _ damage: DamageHandler, _ body: (borrowing RecordView) throws -> Bool
    ) throws -> Bool {
        var reader = start
        while true {
            let next: Offset?
            do throws(StorageError) {
                next = try reader.next()
            } catch {
                guard error.code == .corrupt else { throw error }
                // In a segment that is not sealed a group is found along its thread, which leads over a damaged record.
                return try self.scan(log, reader.cursor..<end, damage, body)
            }
            guard let offset = next else { return true }
            var result = Result<Bool, any Error>.success(true)
            do throws(StorageError) {
                _ = try records.withRecord(at: offset) { record in
                    if self.wants(record) { result = Result { try body(record) } }
                }
            } catch {
                damage(error)
            }
            guard try result.get() else { return false }
        }
    }

    /// Records that are read before it is asked whether there is more to do.
    private static let pieceCount = 256

    /// Looks at every record. Returns whether `body` wants more.
    private func scan(
        _ log: ChangeLog, _ range: Range<Offset>, _ damage: DamageHandler,
        _ body: (borrowing RecordView) throws -> Bool
    ) throws -> Bool {
        var at = range.lowerBound
        while at < range.upperBound, let extent = try log.extent(at: at) {
            let stop = min(extent.end, range.upperBound, at.advanced(by: Self.pieceCount))
            var result = Result<Bool, any Error>.success(true)
            extent.prefix(upTo: stop).forEachReadableRecord(from: at, damage: damage) { record in
                guard case .success(true) = result, self.wants(record) else { return }
                result = Result { try body(record) }
            }
            guard try result.get() else { return false }
            at = stop
        }
        return true
    }
}
