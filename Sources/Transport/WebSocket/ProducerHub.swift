import LogStorage
import Logging
import NIOCore
import Replication
import Sessions
import Synchronization

/// What all producers' connections share.
///
/// Threads: any.
final class ProducerHub: Sendable {
    let queue: IngressQueue
    let limits: ServerLimits
    let readers: ReaderPool
    let logger: Logger
    let counters = ProducerCounters()

    init(queue: IngressQueue, limits: ServerLimits, logger: Logger) {
        self.queue = queue
        self.limits = limits
        self.readers = ReaderPool(limits: limits.changes)
        self.logger = logger
    }
}

/// What the connections of producers have and did, over all event loops. Counted once for each turn of a
/// connection, not for each batch.
final class ProducerCounters: Sendable {
    /// Connections that are open.
    let connections = Atomic(0)
    /// Batches that were taken and are not answered.
    let unanswered = Atomic(0)
    /// Connections that are not read, because the queue has no room or too much is unanswered.
    let paused = Atomic(0)
    /// Batches that got a receipt, since the start.
    let receipts = Atomic(0)
    /// Batches that were refused, since the start.
    let refused = Atomic(0)
}
