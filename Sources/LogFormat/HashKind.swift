/// What a hash in an index is of. The numbers are on disk (`docs/format/index.md`, `docs/format/run.md`)
/// and never get a new meaning.
public enum HashKind: UInt32, Sendable, CaseIterable {
    /// A group: model, property and value.
    case group = 0
    /// The key of an instance.
    case key = 1
    /// The identity of a producer.
    case producer = 2
}
