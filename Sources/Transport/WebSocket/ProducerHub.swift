import LogStorage
import Logging
import NIOCore
import Replication
import Sessions

/// What all producers' connections share.
///
/// Threads: any.
final class ProducerHub: Sendable {
    let log: ChangeLog
    let queue: IngressQueue
    let access: AccessControl
    let limits: ServerLimits
    let readers: ReaderPool
    let logger: Logger
    let counters = ProducerCounters()
    let refusals = RefusalCounters()
    /// What large messages take.
    let messages: ByteBudget

    init(
        log: ChangeLog, queue: IngressQueue, access: AccessControl, limits: ServerLimits,
        logger: Logger
    ) {
        self.log = log
        self.queue = queue
        self.access = access
        self.limits = limits
        self.messages = ByteBudget(limits.messagesByteCountMax)
        self.readers = ReaderPool(limits: limits.changes)
        self.logger = logger
    }
}
