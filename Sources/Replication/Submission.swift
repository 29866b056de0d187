package import LogModel
package import LogStorage
import Synchronization

/// Changes on their way into the log.
package struct Submission: Sendable {
    /// How a submission ended.
    package enum Outcome: Sendable {
        /// All of it is in the log, and acknowledged as the log's options say.
        case appended(Receipt)
        /// It was refused. Of a submission of several batches the first ones may have been appended.
        case refused(StorageError, appended: Receipt?)
    }

    /// The changes, in atomic batches.
    package var changes: Changes
    /// Who submits them; then they are one batch.
    package let producer: ProducerIdentity?
    /// What has to hold of the instances before, if the submitter may not change each; then they are one batch.
    package let conditions: BeforeConditions?
    /// The order that the submission is part of, if it is part of one.
    package let order: SubmissionOrder?
    /// Is told how it ended, once, on the appender's thread: hop, do not work there.
    package let reply: @Sendable (Outcome) -> Void

    /// Creates a submission of at least one change. With conditions it is one batch, however large, so that it is refused
    /// whole.
    package init(
        changes: Changes, producer: ProducerIdentity?, if conditions: BeforeConditions? = nil,
        order: SubmissionOrder? = nil,
        reply: @escaping @Sendable (Outcome) -> Void
    ) {
        precondition(!changes.list.isEmpty, "a submission has at least one change")
        precondition(
            producer == nil || changes.batchEnds.count == 1,
            "what can be repeated is one atomic batch")
        self.changes = changes
        if conditions != nil { self.changes.batchEnds = [changes.list.count] }
        self.producer = producer
        self.conditions = conditions
        self.order = order
        self.reply = reply
    }

    /// The bytes that it holds while it waits.
    var byteCount: Int {
        self.changes.text.count
            + self.changes.list.count * MemoryLayout<Changes.Change>.stride
            + self.changes.groups.count * MemoryLayout<Changes.Group>.stride
            + self.changes.views.count * MemoryLayout<Changes.View>.stride
    }
}

/// Submissions of one connection that are appended in their order or not at all: when the log fails one, it
/// takes none of those that come after it. So whoever repeats what has no receipt repeats a tail.
///
/// A submission that is refused for what it is, such as one that is too large, does not end the order.
package final class SubmissionOrder: Sendable {
    private let failure = Mutex<StorageError?>(nil)

    /// Creates an order that goes on.
    package init() {}

    /// Why nothing of it is appended any more.
    var ended: StorageError? { self.failure.withLock { $0 } }

    /// Notes what came of a submission.
    func note(_ error: StorageError) {
        guard error.endsOrder else { return }
        self.failure.withLock { $0 = $0 ?? error }
    }
}

extension StorageError {
    /// Whether this is about the log, and so about whatever else is submitted to it.
    package var endsOrder: Bool {
        switch self.code {
        case .batchTooLarge, .sequenceTooOld, .forbidden: false
        case .locked, .diskFull, .io, .corrupt, .notALog, .poisoned, .retained: true
        }
    }
}
