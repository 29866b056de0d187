import Synchronization

/// A value that one thread keeps for itself and shows to others now and then, whole: whoever counts on a hot
/// path counts in plain integers, and readers see numbers of one moment.
package final class Published<Value: Sendable>: Sendable {
    private let shown: Mutex<Value>

    /// Shows `value` for a start.
    package init(_ value: Value) {
        self.shown = Mutex(value)
    }

    /// What was shown last.
    package var value: Value { self.shown.withLock { $0 } }

    /// Shows `value` from now on.
    package func show(_ value: Value) { self.shown.withLock { $0 = value } }
}
