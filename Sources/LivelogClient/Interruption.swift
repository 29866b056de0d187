import Synchronization

/// Ends what a driver waits for, from another task: a message, a connection, or the time before the next attempt.
final class Interruption: Sendable {
    private struct State {
        var isOver = false
        var action: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Whether the end has come.
    var isOver: Bool { self.state.withLock { $0.isOver } }

    /// Says how what begins now is ended, in place of what was under way before. If the end has come already, it
    /// is done at once.
    func arm(_ action: @escaping @Sendable () -> Void) {
        let isOver = self.state.withLock { state in
            if !state.isOver { state.action = action }
            return state.isOver
        }
        if isOver { action() }
    }

    /// Ends what is under way, and whatever begins later.
    func interrupt() {
        let action = self.state.withLock { state in
            defer { state.action = nil }
            state.isOver = true
            return state.action
        }
        action?()
    }
}
