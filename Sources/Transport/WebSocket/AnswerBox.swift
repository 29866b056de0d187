import Replication
import Synchronization

/// Where the appender's thread leaves answers for a connection, which is woken once for all that come
/// before it looks.
final class AnswerBox: Sendable {
    /// What came of the batch with this number.
    typealias Answer = (number: UInt64, outcome: Submission.Outcome)

    private let waiting = Mutex<[Answer]>([])
    private let wake: @Sendable () -> Void

    /// - Parameter wake: called from the appender's thread; must only hand on.
    init(wake: @escaping @Sendable () -> Void) {
        self.wake = wake
    }

    /// Leaves an answer.
    func put(_ number: UInt64, _ outcome: Submission.Outcome) {
        let isFirst = self.waiting.withLock { waiting in
            waiting.append((number, outcome))
            return waiting.count == 1
        }
        if isFirst { self.wake() }
    }

    /// All answers that were left, in the order in which they came.
    func takeAll() -> [Answer] {
        self.waiting.withLock { waiting in
            let taken = waiting
            waiting = []
            return taken
        }
    }
}
