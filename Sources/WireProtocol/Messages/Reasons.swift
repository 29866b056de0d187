/// Why a subscription cannot begin or go on where its client asked. The raw values are part of the protocol.
package enum ResetReason: String, Hashable, Sendable, CaseIterable {
    /// Records that the subscription would have got are no longer kept.
    case retained
    /// The token is from another history of the log.
    case epoch
    /// The log never had the place that the token names.
    case unknownToken = "unknown-token"
    /// The offset is beyond the log's end.
    case offsetAhead = "offset-ahead"
    /// The set has more instances than a snapshot may hold.
    case snapshotTooLarge = "snapshot-too-large"
    /// What the reader may see has changed: begin anew, with what may be seen now.
    case accessChanged = "access-changed"
}

/// Why a subscription begins with a snapshot. The raw values are part of the protocol.
package enum SnapshotReason: String, Hashable, Sendable, CaseIterable {
    /// The client asked for it.
    case requested
    /// More records would have had to be replayed than the client wants.
    case budget
}
