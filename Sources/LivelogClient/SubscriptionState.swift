/// What one subscription knows across connections: where to resume, and what it may be told next.
///
/// Each connection goes `connected()`, then a `receive(_:)` for each message. Invariants:
/// - after the server has given a token, every request resumes from the latest one;
/// - what came in parts is delivered as one when the place after it is known, or never: a connection that
///   ends in between takes its parts along;
/// - the offsets that are delivered rise strictly, across all connections; only a snapshot, which
///   replaces everything, begins them anew.
package struct SubscriptionState: Sendable {
    /// What to do about a message.
    package enum Step: Hashable, Sendable {
        /// Nothing.
        case ignore
        /// The subscription stands; hand its first place to the reader, if there is one already.
        case accepted(Acceptance, Delivery?)
        /// Hand it to the reader.
        case deliver(Delivery)
    }

    /// Records without a place after them.
    private struct Parts {
        let kind: Delivery.Kind
        var records: [ChangeRecord] = []
        var isPartial = false
    }

    /// The number by which this client names its only subscription on a connection.
    package static let id: UInt64 = 1

    private var subscription: Subscription
    private var isSubscribed = false
    private var parts: Parts?
    private var lastOffset: UInt64?
    /// The place after everything that was delivered; nil if the server has not given one yet.
    package private(set) var token: String?

    /// Starts at the place that the subscription asks for.
    package init(_ subscription: Subscription) {
        self.subscription = subscription
        if case .token(let token)? = subscription.from { self.token = token }
    }

    /// Begins a connection and returns the request to send.
    package mutating func connected() -> [UInt8] {
        self.isSubscribed = false
        self.parts = nil
        return self.subscription.request(
            id: Self.id, from: self.token.map { .token($0) } ?? self.subscription.from ?? .now)
    }

    /// Forgets the place: the next request asks for a snapshot.
    package mutating func beginAnew() {
        self.token = nil
        self.subscription.from = .snapshot
    }

    /// Takes a message of the server.
    ///
    /// - Throws: `reset`, `refused` or `protocol-violation`, and the subscription is over then.
    package mutating func receive(_ frame: ServerFrame) throws(ClientError) -> Step {
        switch frame {
        case .subscribed(Self.id, let token, let acceptance):
            guard !self.isSubscribed else { throw .violation("it confirmed a request twice") }
            self.isSubscribed = true
            if acceptance.snapshot != nil { self.parts = Parts(kind: .snapshot) }
            return .accepted(acceptance, token.map { self.deliver(at: $0) })
        case .changes(Self.id, let token, let records):
            try self.expectSubscribed("changes")
            // Only a sign of life: the answer is still being made.
            if token == nil, records.isEmpty { return .ignore }
            try self.add(records, kind: .changes)
            return token.map { .deliver(self.deliver(at: $0)) } ?? .ignore
        case .snapshot(Self.id, let token, let records, let isPartial):
            try self.expectSubscribed("a snapshot")
            if token == nil, records.isEmpty { return .ignore }
            try self.add(records, kind: .snapshot)
            if isPartial { self.parts?.isPartial = true }
            return token.map { .deliver(self.deliver(at: $0)) } ?? .ignore
        case .covered(Self.id, let token, let isLive):
            try self.expectSubscribed("progress")
            return self.cover(token, isLive: isLive)
        case .reset(Self.id, let reason, let message):
            throw .reset(reason, message)
        case .error(let id, let code, let message) where id == nil || id == Self.id:
            throw ClientError(
                .refused, "the server refused the subscription: \(message) (\(code))",
                problem: Problem(status: nil, code: code, detail: message))
        case .unsubscribed(Self.id):
            throw .violation("it ended the subscription, which was not asked for")
        case .subscribed, .changes, .snapshot, .covered, .reset, .error, .unsubscribed, .unknown:
            return .ignore
        }
    }

    private func expectSubscribed(_ what: String) throws(ClientError) {
        guard self.isSubscribed else { throw .violation("it sent \(what) before \"subscribed\"") }
    }

    private mutating func add(
        _ records: [ChangeRecord], kind: Delivery.Kind
    ) throws(ClientError) {
        var parts = self.parts ?? Parts(kind: kind)
        guard parts.kind == kind else {
            throw .violation("it mixed a snapshot with changes")
        }
        self.parts = nil
        var last = parts.records.last?.offset ?? (kind == .changes ? self.lastOffset : nil)
        for record in records {
            if let last, record.offset <= last {
                throw .violation("record \(record.offset) came after record \(last)")
            }
            last = record.offset
        }
        parts.records += records
        self.parts = parts
    }

    /// Everything up to `token` was sent. While parts are open that is either a sign of life, which stands
    /// where they began, or their end. A snapshot has an end of its own.
    private mutating func cover(_ token: String, isLive: Bool) -> Step {
        guard let parts else { return .deliver(self.deliver(at: token, isLive: isLive)) }
        if parts.kind == .snapshot || token == self.token { return .ignore }
        return .deliver(self.deliver(at: token, isLive: isLive))
    }

    /// Hands on what came, as everything up to `token`.
    private mutating func deliver(at token: String, isLive: Bool = false) -> Delivery {
        let parts = self.parts ?? Parts(kind: .changes)
        self.parts = nil
        self.token = token
        if parts.kind == .snapshot || !parts.records.isEmpty {
            self.lastOffset = parts.records.last?.offset
        }
        return Delivery(
            kind: parts.kind, records: parts.records, token: token, isLive: isLive,
            isPartial: parts.isPartial)
    }
}

extension ClientError {
    /// The error for a subscription that the server cannot begin or continue, with what to do about it.
    fileprivate static func reset(_ reason: String, _ message: String) -> ClientError {
        let advice =
            switch reason {
            case "offset-ahead": "the subscription has to ask for an offset that exists"
            case "snapshot-too-large": "the subscription has to ask for a smaller set"
            default:
                "the subscription cannot go on from its place and has to take a snapshot"
            }
        return ClientError(
            .reset, "\(advice): \(message)",
            problem: Problem(status: nil, code: reason, detail: message))
    }
}
