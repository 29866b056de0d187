package import LogModel

/// Why the log could not be opened, read or appended to.
package struct StorageError: Error, Hashable, Sendable {
    /// What kind of failure it is, and so what can be done about it.
    package enum Code: String, Sendable, CaseIterable {
        /// Another process has the directory open.
        case locked = "log-locked"
        /// No space for another segment. Appends work again once there is space.
        case diskFull = "disk-full"
        /// A system call failed.
        case io = "io-error"
        /// Bytes that were durable are damaged. Never skipped, never cut away.
        case corrupt = "log-corrupt"
        /// The directory holds something else, or a part of a log.
        case notALog = "not-a-log"
        /// An earlier failure to write or sync ended this log's life as a writer.
        case poisoned = "log-failed"
        /// A batch that does not fit into a segment.
        case batchTooLarge = "batch-too-large"
        /// The records that a reader asked for are no longer kept.
        case retained = "retained"
        /// A producer repeated a batch whose receipt is no longer remembered.
        case sequenceTooOld = "sequence-too-old"
        /// What an instance is in the log does not allow its submitter to change it.
        case forbidden = "forbidden"
    }

    /// What kind of failure it is.
    package let code: Code
    /// What went wrong and what to do, for people.
    package let message: String
    /// The file, if it is about one.
    package let path: String?
    /// The byte in the file.
    package let position: Int?
    /// The record.
    package let offset: Offset?

    /// Creates an error.
    package init(
        _ code: Code, _ message: String, path: String? = nil, position: Int? = nil,
        offset: Offset? = nil
    ) {
        self.code = code
        self.message = message
        self.path = path
        self.position = position
        self.offset = offset
    }
}

extension StorageError: CustomStringConvertible {
    package var description: String {
        var text = self.message
        if let path { text += " (file \(path)" }
        if let position { text += ", byte \(position)" }
        if let offset { text += ", offset \(offset)" }
        if self.path != nil { text += ")" }
        return text
    }
}
