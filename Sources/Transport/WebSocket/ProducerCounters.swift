import Synchronization

/// What the connections of producers have and did, over all event loops.
final class ProducerCounters: Sendable {
    /// The counters at one moment.
    struct Values: Hashable, Sendable {
        /// Batches that were taken and are not answered.
        var unanswered = 0
        /// Connections that are not read, because there is no room for what they would bring.
        var paused = 0
        /// Batches that got a receipt, since the start.
        var receipts = 0
        /// Batches that were refused, since the start.
        var refused = 0

        /// What has been added since `before`.
        func since(_ before: Values) -> Values {
            Values(
                unanswered: self.unanswered - before.unanswered,
                paused: self.paused - before.paused, receipts: self.receipts - before.receipts,
                refused: self.refused - before.refused)
        }
    }

    /// Connections that are open.
    let connections = Atomic(0)
    private let values = Mutex(Values())

    /// The counters now.
    var now: Values { self.values.withLock { $0 } }

    /// Adds what a connection counted in a turn.
    func add(_ change: Values) {
        self.values.withLock { values in
            values.unanswered += change.unanswered
            values.paused += change.paused
            values.receipts += change.receipts
            values.refused += change.refused
        }
    }
}
