package import LogModel

/// Something in a log's directory that is not as it should be, or that somebody may want to know.
package struct Finding: Hashable, Sendable {
    /// How bad it is.
    package enum Severity: String, Sendable, CaseIterable {
        /// Bytes that are not what was written, or records that contradict each other.
        case damage
        /// Something derived from the records that is missing or no longer of use; the log makes it again.
        case staleDerived = "stale-derived"
        /// Nothing is wrong.
        case note
    }

    /// How bad it is.
    package let severity: Severity
    /// The name of the file in the log's directory; empty for the directory itself.
    package let file: String
    /// The byte in the file.
    package let position: Int?
    /// The record.
    package let offset: Offset?
    /// What is wrong, for people.
    package let reason: String
    /// What to do, for people; empty if there is nothing to be done.
    package let advice: String

    init(
        _ severity: Severity, _ file: String, position: Int? = nil, offset: Offset? = nil,
        _ reason: String, advice: String = ""
    ) {
        self.severity = severity
        self.file = file
        self.position = position
        self.offset = offset
        self.reason = reason
        self.advice = advice
    }

    /// Damage as an error that was thrown tells of it.
    init(_ error: StorageError, file: String, advice: String) {
        self.init(
            .damage, file, position: error.position, offset: error.offset, error.message,
            advice: advice)
    }

    /// What helps against most kinds of damage.
    enum Advice {
        static let restoreSegment =
            "restore the file from a copy or a replica: a sealed segment never changes"
        static let restoreTail =
            "restore the directory from a copy; see livelog log repair --dry-run"
        static let removeDerived =
            "stop the server and remove the file: it is made again from the records"
        static let reopen = "nothing: it is made again when the log is opened and worked on"
    }
}
