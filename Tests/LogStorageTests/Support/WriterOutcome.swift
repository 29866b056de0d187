import Synchronization

/// How a thread that writes to a log ended.
final class WriterOutcome: Sendable {
    private let state = Mutex<(isFinished: Bool, failure: String?)>((false, nil))

    func fail(_ message: String) { self.state.withLock { $0.failure = message } }
    func finish() { self.state.withLock { $0.isFinished = true } }

    var isFinished: Bool { self.state.withLock { $0.isFinished } }
    var failure: String? { self.state.withLock { $0.failure } }
}
