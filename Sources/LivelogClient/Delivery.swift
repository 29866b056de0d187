/// What came with one message of a subscription, or with several that belong together: whole batches, and
/// the place after them.
public struct Delivery: Hashable, Sendable {
    /// What the records mean to who keeps the set of instances.
    public enum Kind: Hashable, Sendable {
        /// Each record says what changed.
        case changes
        /// The records are the whole set: what was known of it before is to be replaced.
        case snapshot
    }

    /// What the records mean.
    public let kind: Kind
    /// The records, in the order of the log; empty if only the place moved on.
    public let records: [ChangeRecord]
    /// The resume token of the place after these records. A subscription that begins with it continues
    /// here, without losing or repeating a record.
    public let token: String
    /// Whether the subscription had caught up with the log when the server sent this.
    public let isLive: Bool
    /// Whether retention has taken records of the set, so that this snapshot may lack instances.
    public let isPartial: Bool

    /// Creates a delivery.
    public init(
        kind: Kind = .changes, records: [ChangeRecord], token: String, isLive: Bool = false,
        isPartial: Bool = false
    ) {
        self.kind = kind
        self.records = records
        self.token = token
        self.isLive = isLive
        self.isPartial = isPartial
    }
}
