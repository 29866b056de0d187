import LivelogClient
import Testing

@Suite struct SubscriptionStateTests {
    @Test(arguments: [
        (Subscription(model: "a.B"), #"{"subscribe":1,"model":"a.B","from":"now"}"#),
        (
            Subscription(model: "a.B", from: .start),
            #"{"subscribe":1,"model":"a.B","from":"start"}"#
        ),
        (
            Subscription(model: "a\"B", from: .token("abc")),
            #"{"subscribe":1,"model":"a\"B","from":"abc"}"#
        ),
        (
            Subscription(model: "m", where: .init(property: "list_id", equals: .integer(42))),
            #"{"subscribe":1,"model":"m","where":{"list_id":42},"from":"now"}"#
        ),
        (
            Subscription(model: "m", where: .init(property: "p\"", equals: .string("\\"))),
            #"{"subscribe":1,"model":"m","where":{"p\"":"\\"},"from":"now"}"#
        ),
    ])
    func theRequestSaysWhatIsWanted(subscription: Subscription, request: String) {
        var state = SubscriptionState(subscription)
        #expect(String(decoding: state.connected(), as: UTF8.self) == request)
    }

    @Test func everyRequestResumesFromTheLatestToken() throws {
        var state = SubscriptionState(Subscription(model: "m", from: .start))
        #expect(Self.from(state.connected()) == "start")
        // Nothing came: the next connection begins where the first one should have.
        #expect(Self.from(state.connected()) == "start")
        _ = try state.receive(.subscribed(id: 1, token: "t0"))
        #expect(Self.from(state.connected()) == "t0")
        _ = try state.receive(.subscribed(id: 1, token: "t0"))
        _ = try state.receive(.changes(id: 1, token: "t1", records: [Self.record(4)]))
        _ = try state.receive(.covered(id: 1, token: "t2", isLive: true))
        #expect(state.token == "t2")
        #expect(Self.from(state.connected()) == "t2")
    }

    @Test func recordsAndProgressAreDelivered() throws {
        var state = SubscriptionState(Subscription(model: "m"))
        _ = state.connected()
        #expect(
            try state.receive(.subscribed(id: 1, token: "t0"))
                == .deliver(Delivery(records: [], token: "t0")))
        let records = [Self.record(4), Self.record(9)]
        #expect(
            try state.receive(.changes(id: 1, token: "t1", records: records))
                == .deliver(Delivery(records: records, token: "t1")))
        #expect(
            try state.receive(.covered(id: 1, token: "t2", isLive: true))
                == .deliver(Delivery(records: [], token: "t2", isLive: true)))
    }

    @Test(arguments: [[5], [4], [6, 6], [7, 6], [0]] as [[UInt64]])
    func anOffsetThatDoesNotRiseIsAViolation(offsets: [UInt64]) throws {
        var state = SubscriptionState(Subscription(model: "m"))
        _ = state.connected()
        _ = try state.receive(.subscribed(id: 1, token: "t0"))
        _ = try state.receive(.changes(id: 1, token: "t1", records: [Self.record(5)]))
        // Across connections too.
        _ = state.connected()
        _ = try state.receive(.subscribed(id: 1, token: "t1"))
        let error = #expect(throws: ClientError.self) {
            try state.receive(.changes(id: 1, token: "t2", records: offsets.map(Self.record)))
        }
        #expect(error?.code == .protocolViolation)
        #expect(state.token == "t1")
    }

    @Test(arguments: [
        ServerFrame.unknown, .subscribed(id: 2, token: "x"),
        .changes(id: 2, token: "x", records: [record(1)]),
        .covered(id: 2, token: "x", isLive: true),
        .reset(id: 2, reason: "epoch", message: "x"), .error(id: 2, code: "x", message: "x"),
        .unsubscribed(id: 2),
    ])
    func messagesForOthersAreIgnored(frame: ServerFrame) throws {
        var state = SubscriptionState(Subscription(model: "m", from: .token("t")))
        _ = state.connected()
        #expect(try state.receive(frame) == .ignore)
        #expect(state.token == "t")
    }

    @Test(arguments: [
        (ServerFrame.reset(id: 1, reason: "retained", message: "gone"), ClientError.Code.reset),
        (.error(id: 1, code: "invalid-filter", message: "no"), .refused),
        (.error(id: nil, code: "bad-message", message: "no"), .refused),
        (.error(id: nil, code: "overloaded", message: "later"), .unavailable),
        (.unsubscribed(id: 1), .protocolViolation),
        (.subscribed(id: 1, token: "t1"), .protocolViolation),
    ])
    func someMessagesEndTheSubscription(frame: ServerFrame, code: ClientError.Code) throws {
        var state = SubscriptionState(Subscription(model: "m"))
        _ = state.connected()
        _ = try state.receive(.subscribed(id: 1, token: "t0"))
        let error = #expect(throws: ClientError.self) { try state.receive(frame) }
        #expect(error?.code == code)
    }

    @Test(arguments: [
        ServerFrame.changes(id: 1, token: "x", records: [record(1)]),
        .covered(id: 1, token: "x", isLive: false),
    ])
    func nothingComesBeforeTheConfirmation(frame: ServerFrame) {
        var state = SubscriptionState(Subscription(model: "m"))
        _ = state.connected()
        let error = #expect(throws: ClientError.self) { try state.receive(frame) }
        #expect(error?.code == .protocolViolation)
    }

    private static func record(_ offset: UInt64) -> ChangeRecord {
        ChangeRecord(
            offset: offset, action: .created, change: .entered, key: Array("1".utf8)[...],
            instance: nil, json: [])
    }

    private static func from(_ request: [UInt8]) -> String {
        let text = String(decoding: request, as: UTF8.self)
        guard let start = text.firstRange(of: "\"from\":\"") else { return text }
        return String(text[start.upperBound...].dropLast(2))
    }
}
