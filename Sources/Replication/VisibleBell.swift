import Synchronization

/// Wakes those who read the log when they can see more. The wake carries no data: who is woken looks at the
/// bound, and finds everything there is.
package final class VisibleBell: Sendable {
    private let sleepers = Mutex<[@Sendable () -> Void]>([])

    /// Creates a bell that wakes nobody.
    package init() {}

    /// Adds a sleeper. `wake` is called from the appender's thread and must only hand on.
    package func add(_ wake: @escaping @Sendable () -> Void) {
        self.sleepers.withLock { $0.append(wake) }
    }

    func ring() {
        for wake in self.sleepers.withLock({ $0 }) { wake() }
    }
}
