import Synchronization

/// Where the server is in its life.
///
///     starting --> serving --> draining
///
/// Threads: any.
package final class ServerPhase: Sendable {
    /// What `/readyz` says, and whether anything new is accepted.
    enum Value: UInt8, AtomicRepresentable, Sendable {
        case starting, serving, draining
    }

    private let current = Atomic(Value.starting)

    /// Creates a phase that is `starting`.
    package init() {}

    /// Where the server is.
    var value: Value { self.current.load(ordering: .acquiring) }
    /// Whether the server takes nothing new any more.
    var isDraining: Bool { self.value == .draining }

    /// Goes on to a later phase; an earlier one is ignored.
    func advance(to phase: Value) {
        var now = self.value
        while now.rawValue < phase.rawValue {
            let (done, found) = self.current.compareExchange(
                expected: now, desired: phase, ordering: .acquiringAndReleasing)
            if done { return }
            now = found
        }
    }
}
