import Glibc
import Synchronization

/// A thread for work that blocks, such as waiting for a disk, which neither an event loop nor Swift's
/// cooperative pool may do.
package final class DedicatedThread: Sendable {
    private let handle: pthread_t

    private final class Start {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    /// Starts a thread that runs `body` once. What `body` captures belongs to the thread from then on.
    package init(_ body: sending @escaping () -> Void) throws(StorageError) {
        var handle = pthread_t()
        let start = Unmanaged.passRetained(Start(body))
        let result = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        guard result == 0 else {
            start.release()
            throw SystemCall.error("pthread_create", "thread", result)
        }
        self.handle = handle
    }

    /// Waits until the thread has ended. Blocks; call it once.
    package func join() {
        pthread_join(self.handle, nil)
    }
}

/// Something that one thread sleeps on until another rings. A ring carries no data and is never lost: if
/// nobody sleeps, the next sleeper does not sleep.
///
/// `@unchecked Sendable` because the mutex and the condition live at a fixed address from `init` to
/// `deinit`, and `isRung` is only touched under the mutex.
package final class Doorbell: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isRung = false

    /// Creates a bell that has not rung.
    package init() {
        pthread_mutex_init(self.mutex, nil)
        // Waiting with a limit goes by the clock that never jumps.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(self.condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(self.condition)
        pthread_mutex_destroy(self.mutex)
        self.condition.deallocate()
        self.mutex.deallocate()
    }

    /// Wakes the sleeper. Never blocks for long: the mutex only guards a flag.
    package func ring() {
        pthread_mutex_lock(self.mutex)
        self.isRung = true
        pthread_cond_signal(self.condition)
        pthread_mutex_unlock(self.mutex)
    }

    /// Sleeps until a ring since the last return. Blocks: only for dedicated threads.
    package func wait() {
        pthread_mutex_lock(self.mutex)
        while !self.isRung { pthread_cond_wait(self.condition, self.mutex) }
        self.isRung = false
        pthread_mutex_unlock(self.mutex)
    }

    /// The same, but for `milliseconds` at most. Returns whether it was rung.
    package func wait(milliseconds: Int) -> Bool {
        var limit = timespec()
        clock_gettime(CLOCK_MONOTONIC, &limit)
        let nanoseconds = limit.tv_nsec + milliseconds % 1000 * 1_000_000
        limit.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
        limit.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(self.mutex)
        defer { pthread_mutex_unlock(self.mutex) }
        while !self.isRung {
            if pthread_cond_timedwait(self.condition, self.mutex, &limit) == ETIMEDOUT { break }
        }
        defer { self.isRung = false }
        return self.isRung
    }
}
