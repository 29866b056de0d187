package import LogModel

/// What a subscriber is told, whatever the dialect.
package enum ServerMessage {
    case subscribed(token: String, plan: FilterPlan)
    case subscribedWithSnapshot(plan: FilterPlan, reason: SnapshotReason)
    case unsubscribed
    /// Without a token more of the same answer follows.
    case changes(records: [UInt8], token: String?)
    /// Without a token more of the same answer follows.
    case snapshot(records: [UInt8], token: String?, isPartial: Bool)
    case covered(token: String, isLive: Bool)
    case reset(ResetReason, message: String)
}

extension Dialect {
    /// Appends that the subscription begins at `token`.
    package func appendSubscribed(
        _ id: UInt64, token: String, plan: FilterPlan, to bytes: inout [UInt8]
    ) {
        self.append(.subscribed(token: token, plan: plan), id, to: &bytes)
    }

    /// Appends that the subscription begins with a snapshot, which follows.
    package func appendSubscribedWithSnapshot(
        _ id: UInt64, plan: FilterPlan, reason: SnapshotReason, to bytes: inout [UInt8]
    ) {
        self.append(.subscribedWithSnapshot(plan: plan, reason: reason), id, to: &bytes)
    }

    /// Appends that nothing more comes for the subscription.
    package func appendUnsubscribed(_ id: UInt64, to bytes: inout [UInt8]) {
        self.append(.unsubscribed, id, to: &bytes)
    }

    /// Appends records that the log has had: whole batches, or the part of a `latest` answer.
    ///
    /// - Parameters:
    ///   - records: the JSON of the records, with ``recordSeparator`` between them.
    ///   - token: resumes after the records; nil if they are a part and more of them follows.
    package func appendChanges(
        _ id: UInt64, records: [UInt8], token: String?, to bytes: inout [UInt8]
    ) {
        self.append(.changes(records: records, token: token), id, to: &bytes)
    }

    /// Appends a page of a snapshot.
    ///
    /// - Parameters:
    ///   - records: the JSON of the records, with ``recordSeparator`` between them; may be empty.
    ///   - token: resumes after the snapshot; nil if this is not the last page.
    ///   - isPartial: whether retention took records of the set. Said with the last page.
    package func appendSnapshot(
        _ id: UInt64, records: [UInt8], token: String?, isPartial: Bool, to bytes: inout [UInt8]
    ) {
        self.append(
            .snapshot(records: records, token: token, isPartial: isPartial), id, to: &bytes)
    }

    /// Appends that all that matches below `token` was sent, and whether the subscription has caught up.
    package func appendCovered(
        _ id: UInt64, token: String, isLive: Bool, to bytes: inout [UInt8]
    ) {
        self.append(.covered(token: token, isLive: isLive), id, to: &bytes)
    }

    /// Appends that the subscription cannot go on, and is over.
    package func appendReset(
        _ id: UInt64, reason: ResetReason, message: String, to bytes: inout [UInt8]
    ) {
        self.append(.reset(reason, message: message), id, to: &bytes)
    }

    /// Appends that a message of the client was refused. Only `livelog.v1` takes messages that it answers.
    package func appendError(_ error: Livelog1Error, to bytes: inout [UInt8]) {
        guard self == .livelog1 else { return }
        Livelog1Message.error(error).appendFrame(to: &bytes)
    }

    private func append(_ message: ServerMessage, _ id: UInt64, to bytes: inout [UInt8]) {
        switch self {
        case .restLive: break
        case .livelog1: Livelog1Message.about(id, message).appendFrame(to: &bytes)
        case .serverSentEvents: ServerSentEvent.append(message, to: &bytes)
        case .ndjson: MessageLine.append(message, to: &bytes)
        }
    }
}
