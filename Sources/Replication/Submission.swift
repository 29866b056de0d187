package import LogModel
package import LogStorage

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
    /// Is told how it ended, once, on the appender's thread: hop, do not work there.
    package let reply: @Sendable (Outcome) -> Void

    /// Creates a submission of at least one change.
    package init(
        changes: Changes, producer: ProducerIdentity?,
        reply: @escaping @Sendable (Outcome) -> Void
    ) {
        precondition(!changes.list.isEmpty, "a submission has at least one change")
        precondition(
            producer == nil || changes.batchEnds.count == 1,
            "what can be repeated is one atomic batch")
        self.changes = changes
        self.producer = producer
        self.reply = reply
    }

    /// The bytes that it holds while it waits.
    var byteCount: Int { self.changes.text.count }
}
