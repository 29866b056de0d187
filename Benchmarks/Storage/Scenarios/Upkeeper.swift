import LogFormat
import LogStorage
import Synchronization

/// Maintenance on a thread of its own, as a server has it.
final class Upkeeper {
    private struct State: Sendable {
        var isStopped = false
        var processorTime = 0.0
        var failure: StorageError?
    }

    private let bell = Doorbell()
    private let state: SharedState
    private let thread: DedicatedThread

    private final class SharedState: Sendable {
        let mutex = Mutex(State())
    }

    init(_ maintenance: Maintenance) throws(StorageError) {
        let bell = self.bell
        let state = SharedState()
        self.state = state
        self.thread = try DedicatedThread {
            while true {
                bell.wait()
                // First: what was asked for before the end is still done.
                let isStopped = state.mutex.withLock { $0.isStopped }
                do throws(StorageError) {
                    while try maintenance.step(now: Machine.wallClock()) != nil {}
                } catch {
                    state.mutex.withLock { $0.failure = error }
                    return
                }
                let used = Meter.thread
                state.mutex.withLock { $0.processorTime = used }
                if isStopped { return }
            }
        }
    }

    /// Says that there may be something to do.
    func ring() { self.bell.ring() }

    /// Waits until everything is done, and returns the thread's processor time in nanoseconds.
    func finish() throws(StorageError) -> Double {
        self.state.mutex.withLock { $0.isStopped = true }
        self.bell.ring()
        self.thread.join()
        let end = self.state.mutex.withLock { $0 }
        if let failure = end.failure { throw failure }
        return end.processorTime
    }
}
