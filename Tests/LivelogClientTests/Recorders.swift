import LivelogClient
import Synchronization

/// A list that grows in one task and that another waits for.
final class Recorder<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// Everything so far.
    var all: [Element] { self.state.withLock { $0.elements } }

    func add(_ element: Element) {
        let ready = self.state.withLock { state in
            state.elements.append(element)
            let ready = state.waiting.filter { $0.count <= state.elements.count }
            state.waiting.removeAll { $0.count <= state.elements.count }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    /// Returns once there are `count` elements.
    func wait(for count: Int) async {
        await withCheckedContinuation { continuation in
            let isReady = self.state.withLock { state in
                if state.elements.count >= count { return true }
                state.waiting.append((count, continuation))
                return false
            }
            if isReady { continuation.resume() }
        }
    }
}

extension Recorder<ConnectionEvent> {
    /// How long the client said that it would wait, each time.
    var losses: [Duration] {
        self.all.compactMap { event in
            if case .lost(_, let delay) = event { return delay }
            return nil
        }
    }
}
