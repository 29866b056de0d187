/// How a server took a subscription.
public struct Acceptance: Hashable, Sendable {
    /// How the server finds what the subscription wants, from the cheapest.
    public enum Plan: String, Hashable, Sendable, CaseIterable {
        /// By one group: an index finds exactly what is wanted.
        case group
        /// By the groups of one condition, and a look at the others for each record that they find.
        case residual
        /// By a look at every record of the model.
        case scan
    }

    /// Why a snapshot comes first.
    public enum SnapshotReason: String, Hashable, Sendable, CaseIterable {
        /// The subscription asked for it.
        case requested
        /// More records would have to be sent again than the subscription's budget allows.
        case budget
    }

    /// How the server finds what is wanted; nil if it did not say, or in a word that this client does not know.
    public let plan: Plan?
    /// Why a snapshot comes first; nil if none comes.
    public let snapshot: SnapshotReason?

    /// Creates an acceptance.
    public init(plan: Plan? = nil, snapshot: SnapshotReason? = nil) {
        self.plan = plan
        self.snapshot = snapshot
    }
}
