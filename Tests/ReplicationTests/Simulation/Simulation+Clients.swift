import LogModel
import Sessions
import TestSupport
import WireProtocol

/// What the clients of a simulation do.
extension Simulation {
    private static let groups: [GroupKey] = ["a.A", "b.B"].flatMap { (model: Text) in
        [
            GroupKey(model: model),
            GroupKey(model: model, property: "list_id", value: .number(1)),
            GroupKey(model: model, property: "list_id", value: .string("1")),
            GroupKey(model: model, property: "list_id", value: .number(2)),
            GroupKey(model: model, property: "list_id", value: .string("")),
            GroupKey(model: model, property: "list_id", value: .null),
            GroupKey(model: model, property: "done", value: .boolean(true)),
            GroupKey(model: model, property: "done", value: .string("false")),
            GroupKey(model: model, property: "nothing", value: .number(0)),
        ]
    }

    /// Few, so that the same ones are subscribed to and ended again and again.
    private static let restLive1Groups: [GroupKey] = [
        GroupKey(model: "a.A", property: "list_id", value: .number(1)),
        GroupKey(model: "a.A", property: "list_id", value: .string("1")),
        GroupKey(model: "a.A", property: "list_id", value: .string("")),
        GroupKey(model: "a.A", property: "done", value: .string("true")),
    ]

    /// Lets a client read some of what its socket holds.
    func read() {
        guard let client = self.livelog1.randomElement(using: &self.random) else { return }
        client.read(1 + self.random.below(6), expecting: self.expected)
        self.collectTokens(of: client)
    }

    func collectTokens(of client: Livelog1Client) {
        for (_, subscription) in client.subscriptions.sorted(by: { $0.key < $1.key }) {
            guard let token = subscription.token else { continue }
            self.tokens.append((token, subscription.position))
        }
        if self.tokens.count > 100 { self.tokens.removeFirst(50) }
    }

    func reconnectIfClosed(_ client: Livelog1Client) {
        guard client.connection?.isClosed != false else { return }
        // What a socket held may have come through before it broke, or not.
        client.read(self.random.below(3), expecting: self.expected)
        client.reconnect(
            over: self.connect(.livelog1), visible: self.visible, self.expected)
    }

    func connectOrDisconnect() {
        let place = self.random.below(self.livelog1.count + self.restLive1.count)
        if place < self.livelog1.count {
            let client = self.livelog1[place]
            if client.connection?.isClosed != false {
                self.reconnectIfClosed(client)
            } else if self.random.chance(1, in: 2) {
                client.connection?.disconnect()
            }
        } else {
            let client = self.restLive1[place - self.livelog1.count]
            if client.connection?.isClosed != false {
                client.reconnect(
                    over: self.connect(.restLive),
                    subscriptionsMax: self.sessionLimits.subscriptionsMax
                ) { [unowned self] in self.expected }
            } else if self.random.chance(1, in: 4) {
                // Nothing of it can be resumed, so it is let live for longer.
                client.connection?.disconnect()
            }
        }
    }

    func subscribeOrUnsubscribe() {
        let place = self.random.below(self.livelog1.count + self.restLive1.count)
        if place < self.livelog1.count {
            self.subscribeOrUnsubscribe(self.livelog1[place])
        } else {
            let client = self.restLive1[place - self.livelog1.count]
            guard client.connection?.isClosed == false else { return }
            let group = self.random.pick(Self.restLive1Groups)
            if self.random.chance(2, in: 3) {
                client.subscribe(to: group, startingAt: self.visible)
            } else {
                client.unsubscribe(from: group)
            }
        }
    }

    private func subscribeOrUnsubscribe(_ client: Livelog1Client) {
        guard client.connection?.isClosed == false else { return }
        if self.favourite != nil, !client.subscriptions.isEmpty, self.random.chance(9, in: 10) {
            return
        }
        if self.random.chance(1, in: 3) {
            let ids = client.subscriptions.filter { $0.value.isAnswered && !$0.value.isEnding }.keys
            if let id = ids.sorted().randomElement(using: &self.random) { client.unsubscribe(id) }
            return
        }
        let wanted = client.subscriptions.isEmpty ? self.favourite : nil
        var request = SubscriptionRequest(filter: wanted ?? self.filter())
        if self.random.chance(1, in: 4) { request.catchUp = .latest }
        if self.random.chance(1, in: 5) { request.budget = 1 + self.random.below(12) }
        let visible = self.visible
        var start: Offset? = visible
        switch self.random.below(8) {
        case 0, 1:
            request.start = .start
            start = .zero
        case 2: break
        case 3:
            request.start = .snapshot
            start = nil
        case 4:
            // It begins with the batch that the offset is in, where that is kept.
            let offset = Offset(UInt64(self.random.below(Int(visible.rawValue) + 1)))
            request.start = .offset(offset)
            start =
                offset < self.expected.first ? offset : self.expected.batchStart(of: offset)
        case 5:
            let time = Int64(self.random.below(Int(self.now) + 2))
            request.start = .time(time)
            start = self.expected.batchStart(of: self.expected.offset(at: time, visible: visible))
        default:
            guard let token = self.tokens.randomElement(using: &self.random),
                let place = ResumeToken(text: token.text)
            else { return }
            request.start = .token(place)
            start = token.place
        }
        client.subscribe(request, startingAt: start, visible: visible, self.expected)
    }

    private func filter() -> Filter {
        if self.random.chance(2, in: 3) { return Filter(group: self.random.pick(Self.groups)) }
        // A filter has at most one of each kind, as a JSON object has.
        let kinds: [[Condition]] = [
            [
                Condition(property: "list_id", test: .isIn([.number(1), .number(2)])),
                Condition(property: "list_id", test: .isIn([.string("1"), .null, .number(7)])),
            ],
            [
                Condition(property: "done", test: .isIn([.boolean(true)])),
                Condition(property: "done", test: .isIn([.boolean(false), .boolean(true)])),
            ],
            [Condition(property: "list_id", test: .isNot([.number(1)]))],
            [
                Condition(property: "list_id", test: .order(.greater, .number(1))),
                Condition(property: "list_id", test: .order(.atMost, .number(1))),
            ],
            [Condition(property: "list_id", test: .hasPrefix("1"))],
        ]
        let conditions = kinds.filter { _ in self.random.chance(2, in: 5) }
        return Filter(
            model: self.random.pick(["a.A", "b.B"]),
            conditions: conditions.map { self.random.pick($0) })
    }

    /// Lets a client send what nobody understands. Nothing comes of it but an answer.
    func talkNonsense() {
        guard let connection = self.connections.randomElement(using: &self.random) else { return }
        switch self.random.below(4) {
        case 0: connection.receive("{")
        case 1: connection.receive("{\"unsubscribe\":4711}")
        case 2: connection.receive("{\"subscribe\":1,\"model\":\"a.A\",\"from\":\"yesterday\"}")
        default: connection.receiveBinary()
        }
    }
}
