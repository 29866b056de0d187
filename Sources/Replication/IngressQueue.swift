import LogStorage
import Synchronization

/// What waits for the appender. Bounded: when it is full a submission is refused at once, so that the producer
/// tries again and no event loop ever waits.
package final class IngressQueue: Sendable {
    /// How much may wait.
    package struct Limits: Sendable {
        /// Submissions that may wait. Default 4,096.
        package var submissionsMax = 4096
        /// Bytes that may wait, in all. One submission may wait alone whatever its size. Default 64 MiB.
        package var byteCountMax = 64 << 20

        /// Creates the default limits.
        package init() {}
    }

    /// What waits, and what came of the rest, at one moment.
    package struct Usage: Sendable {
        /// Submissions that wait.
        package var submissionCount = 0
        /// Their bytes.
        package var byteCount = 0
        /// Submissions that found no room since the start: refused, or told when there was some.
        package var fullCount = 0

        /// Creates a usage of nothing.
        package init() {}
    }

    /// Why a submission was not taken.
    package enum Refusal: Error, Sendable {
        /// Too much waits already: try again.
        case full
        /// The server stops.
        case closed
    }

    private struct State {
        var waiting: [Submission] = []
        var byteCount = 0
        var fullCount = 0
        var isClosed = false
        /// Who waits for room. Each is told once.
        var whenRoom: [@Sendable () -> Void] = []

        mutating func takeWhenRoom() -> [@Sendable () -> Void] {
            let told = self.whenRoom
            self.whenRoom = []
            return told
        }
    }

    /// How much may wait.
    package let limits: Limits
    private let state = Mutex(State())
    private let bell = Doorbell()

    package init(limits: Limits) {
        self.limits = limits
    }

    /// What waits at the moment.
    package var usage: Usage {
        self.state.withLock { state in
            var usage = Usage()
            usage.submissionCount = state.waiting.count
            usage.byteCount = state.byteCount
            usage.fullCount = state.fullCount
            return usage
        }
    }

    /// Adds a submission, from any thread. Never waits.
    ///
    /// - Parameter whenRoom: if the queue is full, called once when it is worth trying again, on another
    ///   thread: it hops, and does not work there. Between the refusal and the call no room goes unnoticed.
    package func add(
        _ submission: consuming Submission, whenRoom: (@Sendable () -> Void)? = nil
    ) throws(Refusal) {
        let item = submission
        let refusal: Refusal? = self.state.withLock { state in
            if state.isClosed { return .closed }
            let isFull =
                state.waiting.count >= self.limits.submissionsMax
                || (!state.waiting.isEmpty
                    && state.byteCount + item.byteCount > self.limits.byteCountMax)
            if isFull {
                state.fullCount += 1
                if let whenRoom { state.whenRoom.append(whenRoom) }
                return .full
            }
            state.byteCount += item.byteCount
            state.waiting.append(item)
            return nil
        }
        if let refusal { throw refusal }
        self.bell.ring()
    }

    /// Takes no more submissions; what waits is still taken by the appender.
    package func close() {
        let told = self.state.withLock { state in
            state.isClosed = true
            return state.takeWhenRoom()
        }
        self.bell.ring()
        for tell in told { tell() }
    }

    /// After how many milliseconds without a submission the appender is idle.
    static let idleMilliseconds = 100

    /// Everything that waits, at least one submission; nil when closed and empty. Blocks: for the appender.
    ///
    /// - Parameter onIdle: called once if nothing comes for a moment.
    func takeAll(onIdle: () -> Void) -> [Submission]? {
        var wasIdle = false
        while true {
            let (taken, told, isClosed) = self.state.withLock { state in
                let taken = state.waiting
                state.waiting = []
                state.byteCount = 0
                return (taken, state.takeWhenRoom(), state.isClosed)
            }
            for tell in told { tell() }
            if !taken.isEmpty { return taken }
            if isClosed { return nil }
            if wasIdle {
                self.bell.wait()
            } else if !self.bell.wait(milliseconds: Self.idleMilliseconds) {
                wasIdle = true
                onIdle()
            }
        }
    }

    /// Whether nothing waits.
    var isEmpty: Bool { self.state.withLock { $0.waiting.isEmpty } }
}
