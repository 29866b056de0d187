/// What came with one message of a subscription: whole batches, and the place after them.
public struct Delivery: Hashable, Sendable {
    /// The records, in the order of the log; empty if only the place moved on.
    public let records: [ChangeRecord]
    /// The resume token of the place after these records. A subscription that begins with it continues
    /// here, without losing or repeating a record.
    public let token: String
    /// Whether the subscription had caught up with the log when the server sent this.
    public let isLive: Bool

    /// Creates a delivery.
    public init(records: [ChangeRecord], token: String, isLive: Bool = false) {
        self.records = records
        self.token = token
        self.isLive = isLive
    }
}
