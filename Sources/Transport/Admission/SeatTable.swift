import Synchronization

/// How many connections each client holds. Who holds none is not remembered.
///
/// Threads: any.
package final class SeatTable<Key: Hashable & Sendable>: Sendable {
    private let counts = Mutex<[Key: Int]>([:])

    /// Creates a table in which nobody holds anything.
    package init() {}

    /// A connection that counts for as long as somebody has this.
    package final class Seat: Sendable {
        private let table: SeatTable
        private let key: Key

        fileprivate init(_ table: SeatTable, _ key: Key) {
            self.table = table
            self.key = key
        }

        deinit {
            self.table.leave(self.key)
        }
    }

    /// Counts one more of `key`'s; nil if it has `countMax` already.
    package func take(_ key: Key, countMax: Int) -> Seat? {
        self.counts.withLock { counts in
            guard counts[key, default: 0] < countMax else { return nil }
            counts[key, default: 0] += 1
            return Seat(self, key)
        }
    }

    /// How many `key` has.
    package func count(of key: Key) -> Int { self.counts.withLock { $0[key] ?? 0 } }

    /// How many clients hold something.
    package var clientCount: Int { self.counts.withLock { $0.count } }

    private func leave(_ key: Key) {
        self.counts.withLock { counts in
            guard let count = counts[key], count > 1 else {
                counts[key] = nil
                return
            }
            counts[key] = count - 1
        }
    }
}
