import LivelogClient
import Testing

@Suite struct SubscriptionStateTests {
    @Test func everyRequestResumesFromTheLatestToken() throws {
        var state = SubscriptionState(Subscription(model: "m", from: .start))
        #expect(Self.from(state.connected()) == "start")
        // Nothing came: the next connection begins where the first one should have.
        #expect(Self.from(state.connected()) == "start")
        _ = try state.receive(.subscribed(id: 1, token: "t0", Acceptance()))
        #expect(Self.from(state.connected()) == "t0")
        _ = try state.receive(.subscribed(id: 1, token: "t0", Acceptance()))
        _ = try state.receive(.changes(id: 1, token: "t1", records: [Self.record(4)]))
        _ = try state.receive(.covered(id: 1, token: "t2", isLive: true))
        #expect(state.token == "t2")
        #expect(Self.from(state.connected()) == "t2")
    }

    @Test func recordsAndProgressAreDelivered() throws {
        var state = SubscriptionState(Subscription(model: "m"))
        _ = state.connected()
        #expect(
            try state.receive(.subscribed(id: 1, token: "t0", Acceptance()))
                == .accepted(Acceptance(), Delivery(records: [], token: "t0")))
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
        _ = try state.receive(.subscribed(id: 1, token: "t0", Acceptance()))
        _ = try state.receive(.changes(id: 1, token: "t1", records: [Self.record(5)]))
        // Across connections too.
        _ = state.connected()
        _ = try state.receive(.subscribed(id: 1, token: "t1", Acceptance()))
        let error = #expect(throws: ClientError.self) {
            try state.receive(.changes(id: 1, token: "t2", records: offsets.map(Self.record)))
        }
        #expect(error?.code == .protocolViolation)
        #expect(state.token == "t1")
    }

    @Test(arguments: [
        ServerFrame.unknown, .subscribed(id: 2, token: "x", Acceptance()),
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
        (.unsubscribed(id: 1), .protocolViolation),
        (.subscribed(id: 1, token: "t1", Acceptance()), .protocolViolation),
    ])
    func someMessagesEndTheSubscription(frame: ServerFrame, code: ClientError.Code) throws {
        var state = SubscriptionState(Subscription(model: "m"))
        _ = state.connected()
        _ = try state.receive(.subscribed(id: 1, token: "t0", Acceptance()))
        let error = #expect(throws: ClientError.self) { try state.receive(frame) }
        #expect(error?.code == code)
    }

    @Test func partsAreDeliveredAsOneWithTheTokenAfterThem() throws {
        var state = try Self.subscribed()
        #expect(
            try state.receive(.changes(id: 1, token: nil, records: [Self.record(4)])) == .ignore)
        #expect(
            try state.receive(.changes(id: 1, token: nil, records: [Self.record(7)])) == .ignore)
        #expect(state.token == "t0")
        #expect(
            try state.receive(.changes(id: 1, token: "t1", records: [Self.record(9)]))
                == .deliver(Delivery(records: [4, 7, 9].map(Self.record), token: "t1")))
        #expect(Self.from(state.connected()) == "t1")
    }

    @Test func partsAreForgottenWithTheirConnection() throws {
        var state = try Self.subscribed()
        _ = try state.receive(.changes(id: 1, token: nil, records: [Self.record(4)]))
        #expect(Self.from(state.connected()) == "t0")
        _ = try state.receive(.subscribed(id: 1, token: "t0", Acceptance()))
        // The same record comes again, and is not taken for a repetition.
        #expect(
            try state.receive(.changes(id: 1, token: "t1", records: [Self.record(4)]))
                == .deliver(Delivery(records: [Self.record(4)], token: "t1")))
    }

    /// A server that is still making its answer says so with an empty part. Taken for the beginning of the answer,
    /// it kept a subscription whose past held nothing of interest from ever being live.
    @Test func aPartWithoutRecordsIsASignOfLifeAndNothingElse() throws {
        var state = try Self.subscribed()
        #expect(try state.receive(.changes(id: 1, token: nil, records: [])) == .ignore)
        #expect(
            try state.receive(.covered(id: 1, token: "t0", isLive: true))
                == .deliver(Delivery(records: [], token: "t0", isLive: true)))

        var snapshot = SubscriptionState(Subscription(model: "m", from: .snapshot))
        _ = snapshot.connected()
        _ = try snapshot.receive(
            .subscribed(id: 1, token: nil, Acceptance(snapshot: .requested)))
        let sign = ServerFrame.snapshot(id: 1, token: nil, records: [], isPartial: false)
        #expect(try snapshot.receive(sign) == .ignore)
        _ = try snapshot.receive(
            .snapshot(id: 1, token: nil, records: [Self.record(1)], isPartial: false))
        #expect(try snapshot.receive(sign) == .ignore)
        #expect(
            try snapshot.receive(
                .snapshot(id: 1, token: "t2", records: [Self.record(2)], isPartial: false))
                == .deliver(
                    Delivery(kind: .snapshot, records: [1, 2].map(Self.record), token: "t2")))
    }

    @Test(arguments: [
        ("epoch", "the subscription cannot go on from its place and has to take a snapshot: gone"),
        ("offset-ahead", "the subscription has to ask for an offset that exists: gone"),
        ("snapshot-too-large", "the subscription has to ask for a smaller set: gone"),
    ])
    func theErrorOfAResetSaysWhatToDo(reason: String, message: String) throws {
        var state = SubscriptionState(Subscription(model: "m", from: .offset(9)))
        _ = state.connected()
        let error = #expect(throws: ClientError.self) {
            try state.receive(.reset(id: 1, reason: reason, message: "gone"))
        }
        #expect(error?.message == message)
        #expect(error?.problem?.code == reason)
    }

    @Test func aSignOfLifeDoesNotEndParts() throws {
        var state = try Self.subscribed()
        _ = try state.receive(.changes(id: 1, token: nil, records: [Self.record(4)]))
        #expect(try state.receive(.covered(id: 1, token: "t0", isLive: false)) == .ignore)
        // But everything up to another place was sent.
        #expect(
            try state.receive(.covered(id: 1, token: "t1", isLive: true))
                == .deliver(Delivery(records: [Self.record(4)], token: "t1", isLive: true)))
    }

    @Test func aSnapshotIsDeliveredWhole() throws {
        var state = SubscriptionState(Subscription(model: "m", from: .snapshot))
        #expect(Self.from(state.connected()) == "snapshot")
        let acceptance = Acceptance(plan: .group, snapshot: .requested)
        #expect(
            try state.receive(.subscribed(id: 1, token: nil, acceptance))
                == .accepted(acceptance, nil))
        let pages: [(String?, [UInt64], Bool)] = [(nil, [1, 5], false), (nil, [6], true)]
        for (token, offsets, isPartial) in pages {
            let page = ServerFrame.snapshot(
                id: 1, token: token, records: offsets.map(Self.record), isPartial: isPartial)
            #expect(try state.receive(page) == .ignore)
        }
        #expect(try state.receive(.covered(id: 1, token: "x", isLive: false)) == .ignore)
        #expect(state.token == nil)
        let last = ServerFrame.snapshot(id: 1, token: "t1", records: [], isPartial: false)
        let records = [1, 5, 6].map(Self.record)
        #expect(
            try state.receive(last)
                == .deliver(
                    Delivery(kind: .snapshot, records: records, token: "t1", isPartial: true)))
        #expect(
            try state.receive(.changes(id: 1, token: "t2", records: [Self.record(7)]))
                == .deliver(Delivery(records: [Self.record(7)], token: "t2")))
        #expect(Self.from(state.connected()) == "t2")
    }

    @Test func anIncompleteSnapshotIsAskedForAgain() throws {
        var state = SubscriptionState(Subscription(model: "m", from: .snapshot))
        for _ in 0..<2 {
            #expect(Self.from(state.connected()) == "snapshot")
            _ = try state.receive(
                .subscribed(id: 1, token: nil, Acceptance(snapshot: .requested)))
            _ = try state.receive(
                .snapshot(id: 1, token: nil, records: [Self.record(3)], isPartial: false))
        }
        #expect(
            try state.receive(
                .snapshot(id: 1, token: "t", records: [Self.record(4)], isPartial: false))
                == .deliver(
                    Delivery(kind: .snapshot, records: [3, 4].map(Self.record), token: "t")))
    }

    @Test func aSnapshotThatReplacesBeginsTheOffsetsAnew() throws {
        var state = try Self.subscribed()
        _ = try state.receive(.changes(id: 1, token: "t9", records: [Self.record(9)]))
        #expect(Self.from(state.connected()) == "t9")
        _ = try state.receive(.subscribed(id: 1, token: nil, Acceptance(snapshot: .budget)))
        _ = try state.receive(
            .snapshot(id: 1, token: "u", records: [2, 12].map(Self.record), isPartial: false))
        for offset in [12, 3] as [UInt64] {
            let error = #expect(throws: ClientError.self) {
                var copy = state
                _ = try copy.receive(.changes(id: 1, token: "v", records: [Self.record(offset)]))
            }
            #expect(error?.code == .protocolViolation)
        }
        _ = try state.receive(.changes(id: 1, token: "v", records: [Self.record(13)]))
        #expect(state.token == "v")
    }

    @Test func anEmptySnapshotLeavesNoOffset() throws {
        var state = try Self.subscribed()
        _ = try state.receive(.changes(id: 1, token: "t9", records: [Self.record(9)]))
        state.beginAnew()
        #expect(Self.from(state.connected()) == "snapshot")
        _ = try state.receive(.subscribed(id: 1, token: nil, Acceptance(snapshot: .requested)))
        #expect(
            try state.receive(.snapshot(id: 1, token: "u", records: [], isPartial: false))
                == .deliver(Delivery(kind: .snapshot, records: [], token: "u")))
        // Of another epoch of the log, for instance.
        #expect(
            try state.receive(.changes(id: 1, token: "v", records: [Self.record(0)]))
                == .deliver(Delivery(records: [Self.record(0)], token: "v")))
    }

    @Test(arguments: [
        [
            ServerFrame.snapshot(id: 1, token: nil, records: [record(5)], isPartial: false),
            .changes(id: 1, token: "t", records: [record(6)]),
        ],
        [
            .changes(id: 1, token: nil, records: [record(5)]),
            .snapshot(id: 1, token: "t", records: [record(6)], isPartial: false),
        ],
        [
            .snapshot(id: 1, token: nil, records: [record(5)], isPartial: false),
            .snapshot(id: 1, token: "t", records: [record(5)], isPartial: false),
        ],
        [
            .changes(id: 1, token: nil, records: [record(5)]),
            .changes(id: 1, token: "t", records: [record(4)]),
        ],
    ])
    func partsThatDoNotFitAreAViolation(frames: [ServerFrame]) throws {
        var state = try Self.subscribed()
        #expect(try state.receive(frames[0]) == .ignore)
        let error = #expect(throws: ClientError.self) { try state.receive(frames[1]) }
        #expect(error?.code == .protocolViolation)
        #expect(state.token == "t0")
    }

    @Test(arguments: [
        ServerFrame.changes(id: 1, token: "x", records: [record(1)]),
        .snapshot(id: 1, token: "x", records: [record(1)], isPartial: false),
        .covered(id: 1, token: "x", isLive: false),
    ])
    func nothingComesBeforeTheConfirmation(frame: ServerFrame) {
        var state = SubscriptionState(Subscription(model: "m"))
        _ = state.connected()
        let error = #expect(throws: ClientError.self) { try state.receive(frame) }
        #expect(error?.code == .protocolViolation)
    }

    private static func subscribed() throws -> SubscriptionState {
        var state = SubscriptionState(Subscription(model: "m"))
        _ = state.connected()
        _ = try state.receive(.subscribed(id: 1, token: "t0", Acceptance()))
        return state
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
