import Synchronization

/// What was refused, by the stable code that the client was told. All codes are the server's own, so there are only
/// so many.
///
/// Threads: any. One lock for each refusal.
final class RefusalCounters: Sendable {
    private let counts = Mutex<[String: UInt64]>([:])

    /// The counts by code.
    var all: [String: UInt64] { self.counts.withLock { $0 } }

    /// Counts a refusal.
    func count(_ code: String) {
        self.counts.withLock { $0[code, default: 0] += 1 }
    }
}
