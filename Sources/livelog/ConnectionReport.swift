import LivelogClient
import Synchronization

/// Says on standard error what happens to a subscription's connection.
final class ConnectionReport: Sendable {
    private let isLost = Atomic(false)

    /// Says it, except that a first connection is not worth a line.
    func show(_ event: ConnectionEvent) {
        switch event {
        case .connected:
            if self.isLost.exchange(false, ordering: .relaxed) {
                Diagnostics.say("connected again")
            }
        case .lost(let error, let delay):
            self.isLost.store(true, ordering: .relaxed)
            let wait = Diagnostics.seconds(delay)
            Diagnostics.say("connection lost: \(error); retrying in \(wait)")
        }
    }
}
