import LogFormat
package import LogModel
package import LogStorage
package import Matching

/// Finds out for readers that wait at the log's end when there is something for them. It reads the new records
/// once for all of them.
///
/// A waiter is told once, and then no longer waits. It may be told without a reason; it looks for itself.
///
/// Threads: one event loop's.
package struct TailWatch {
    /// A waiter's number.
    package struct ID: Hashable, Sendable {
        fileprivate let subscriber: Subscriber
    }

    private struct Waiter {
        let predicate: Predicate
        let start: Offset
    }

    /// Records that one turn looks at.
    private static let recordsPerTurnMax = 2048
    /// How far behind the end a waiter may begin; one that has to go back further is told at once.
    private static let backMax = 4096

    private let log: ChangeLog
    private var matcher = Matcher()
    private var waiters: [Subscriber: Waiter] = [:]
    private var nextNumber: UInt32 = 0
    /// Below it every waiter that had something was told.
    private var cursor = Offset.zero

    /// Creates a watch without waiters.
    package init(_ log: ChangeLog) {
        self.log = log
    }

    /// How many wait.
    package var count: Int { self.waiters.count }

    /// Whether ``turn()`` has something to do.
    package var hasWork: Bool {
        !self.waiters.isEmpty && self.cursor < self.log.watermarks.visible
    }

    /// Adds a waiter that has had everything below `start`. Nil if there is too much after that to wait: then
    /// it has to look for itself. ``hasWork`` may be true afterwards.
    package mutating func add(_ predicate: Predicate, from start: Offset) -> ID? {
        let visible = self.log.watermarks.visible
        if self.waiters.isEmpty { self.cursor = visible }
        guard start <= visible, visible.distance(from: start) <= Self.backMax else { return nil }
        self.cursor = min(self.cursor, start)
        var subscriber: Subscriber
        repeat {
            subscriber = Subscriber(owner: self.nextNumber, slot: 0)
            self.nextNumber &+= 1
        } while self.waiters[subscriber] != nil
        self.waiters[subscriber] = Waiter(predicate: predicate, start: start)
        self.matcher.add(subscriber, predicate)
        return ID(subscriber: subscriber)
    }

    /// Adds a reader of pages as a waiter.
    package mutating func add(_ reader: ChangesReader, from start: Offset) -> ID? {
        self.add(reader.predicate, from: start)
    }

    /// Takes away a waiter that does not want to wait any more, or was told already.
    package mutating func remove(_ id: ID) {
        guard let waiter = self.waiters.removeValue(forKey: id.subscriber) else { return }
        self.matcher.remove(id.subscriber, waiter.predicate)
    }

    /// Looks at a bounded number of new records, and returns those for whom there is something. They wait no
    /// longer. If a record cannot be read that is all of them: each finds out by itself.
    package mutating func turn() -> [ID] {
        guard !self.waiters.isEmpty else { return [] }
        var told: Set<Subscriber> = []
        let bound = min(
            self.log.watermarks.visible, self.cursor.advanced(by: Self.recordsPerTurnMax))
        do throws(StorageError) {
            while self.cursor < bound {
                _ = try self.log.withRecord(at: self.cursor) { record in
                    let offset = record.offset
                    self.matcher.match(record) { subscriber, _, _ in
                        if let waiter = self.waiters[subscriber], waiter.start <= offset {
                            told.insert(subscriber)
                        }
                    }
                }
                self.cursor = self.cursor.next
            }
        } catch {
            told = Set(self.waiters.keys)
        }
        let ids = told.map { ID(subscriber: $0) }
        for id in ids { self.remove(id) }
        return ids
    }
}
