/// What only the application knows: whether it lets somebody see a record.
///
/// An answer belongs to a question and a record, and stays what it is: whoever changes who may see an instance publishes
/// it anew.
public struct Question: Hashable, Sendable {
    /// What the application calls it.
    public let name: String
    /// Who wants to see: the same text for all of whom the application is told the same.
    public let asker: String

    /// Creates a question.
    public init(name: String, asker: String) {
        self.name = name
        self.asker = asker
    }
}

/// A question about one record.
public struct RecordQuestion: Hashable, Sendable {
    /// What is asked.
    public let question: Question
    /// The record's offset.
    public let offset: Offset

    /// Creates the question about the record at `offset`.
    public init(_ question: Question, about offset: Offset) {
        self.question = question
        self.offset = offset
    }
}

/// What became of a ``RecordQuestion``.
public enum Decision: Hashable, Sendable {
    /// It may be seen.
    case allowed
    /// It may not.
    case refused
    /// Nobody can say any more: the record was removed.
    case gone
}
