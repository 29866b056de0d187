import NIOCore
import Synchronization

/// What a connection turned out to be.
enum ConnectionKind: String, CaseIterable, Sendable {
    case http
    case restLive = "rest-live"
    case livelog1 = "livelog.v1"
    case producer1 = "livelog.producer.v1"
}

/// How many connections there are, and were, of each kind.
///
/// Threads: any. One lock for each connection that begins or ends.
final class ConnectionCounters: Sendable {
    /// The connections of a kind.
    struct Count: Hashable, Sendable {
        /// Connections that are open.
        var open = 0
        /// Connections since the start.
        var begun = 0
    }

    private let counts = Mutex<[ConnectionKind: Count]>([:])

    /// The connections of each kind, of all kinds.
    var all: [(kind: ConnectionKind, count: Count)] {
        self.counts.withLock { counts in
            ConnectionKind.allCases.map { (kind: $0, count: counts[$0] ?? Count()) }
        }
    }

    /// Counts a connection until it is closed.
    func count(_ channel: any Channel, as kind: ConnectionKind) {
        self.counts.withLock { counts in
            counts[kind, default: Count()].open += 1
            counts[kind, default: Count()].begun += 1
        }
        channel.closeFuture.whenComplete { _ in
            self.counts.withLock { $0[kind, default: Count()].open -= 1 }
        }
    }
}
