import WireProtocol

/// What one subscription knows across connections: where to resume, and what it may be told next.
///
/// Each connection goes `connected()`, then a `receive(_:)` for each message. Invariants:
/// - after the server has given a token, every request resumes from the latest one;
/// - the offsets that are delivered rise strictly, across all connections.
package struct SubscriptionState: Sendable {
    /// What to do about a message.
    package enum Step: Hashable, Sendable {
        /// Nothing.
        case ignore
        /// Hand it to the reader.
        case deliver(Delivery)
    }

    /// The number by which this client names its only subscription on a connection.
    package static let id: UInt64 = 1

    private let subscription: Subscription
    private var isSubscribed = false
    private var lastOffset: UInt64?
    /// The place after everything that was delivered; nil if the server has not given one yet.
    package private(set) var token: String?

    /// Starts at the place that the subscription asks for.
    package init(_ subscription: Subscription) {
        self.subscription = subscription
        if case .token(let token) = subscription.from { self.token = token }
    }

    /// Begins a connection and returns the request to send.
    package mutating func connected() -> [UInt8] {
        self.isSubscribed = false
        var json = Array("{\"subscribe\":\(Self.id),\"model\":".utf8)
        JSONText.append(string: self.subscription.model, to: &json)
        if let condition = self.subscription.condition {
            json += ",\"where\":{".utf8
            JSONText.append(string: condition.property, to: &json)
            json.append(UInt8(ascii: ":"))
            condition.value.write(to: &json)
            json.append(UInt8(ascii: "}"))
        }
        json += ",\"from\":".utf8
        let from = self.token ?? (self.subscription.from == .start ? "start" : "now")
        JSONText.append(string: from, to: &json)
        json.append(UInt8(ascii: "}"))
        return json
    }

    /// Takes a message of the server.
    ///
    /// - Throws: `reset`, `refused` or `protocol-violation`, and the subscription is over then; or
    ///   `unavailable`, and another connection may have more luck.
    package mutating func receive(_ frame: ServerFrame) throws(ClientError) -> Step {
        switch frame {
        case .subscribed(Self.id, let token):
            guard !self.isSubscribed else { throw .violation("it confirmed a request twice") }
            self.isSubscribed = true
            return self.deliver([], token: token)
        case .changes(Self.id, let token, let records):
            try self.expectSubscribed("changes")
            for record in records {
                if let lastOffset, record.offset <= lastOffset {
                    throw .violation("record \(record.offset) came after record \(lastOffset)")
                }
                self.lastOffset = record.offset
            }
            return self.deliver(records, token: token)
        case .covered(Self.id, let token, let isLive):
            try self.expectSubscribed("progress")
            return self.deliver([], token: token, isLive: isLive)
        case .reset(Self.id, let reason, let message):
            throw ClientError(
                .reset, "the server cannot continue the subscription from its token: \(message)",
                problem: Problem(status: nil, code: reason, detail: message))
        case .error(let id, let code, let message) where id == nil || id == Self.id:
            throw ClientError(
                code == "overloaded" ? .unavailable : .refused,
                "the server refused the subscription: \(message) (\(code))",
                problem: Problem(status: nil, code: code, detail: message))
        case .unsubscribed(Self.id):
            throw .violation("it ended the subscription, which was not asked for")
        case .subscribed, .changes, .covered, .reset, .error, .unsubscribed, .unknown:
            return .ignore
        }
    }

    private func expectSubscribed(_ what: String) throws(ClientError) {
        guard self.isSubscribed else { throw .violation("it sent \(what) before \"subscribed\"") }
    }

    private mutating func deliver(
        _ records: [ChangeRecord], token: String, isLive: Bool = false
    ) -> Step {
        self.token = token
        return .deliver(Delivery(records: records, token: token, isLive: isLive))
    }
}
