import LogModel
import TestSupport
import WireProtocol

/// A client that speaks `livelog.v1`, and holds every frame that it reads against what was submitted.
///
/// It remembers for each subscription the last token that it has read. From one token to the next it must
/// get exactly the records between the two: so however a frame got here, nothing is lost or repeated. A snapshot
/// is all that is in the set at its token; the net changes since a token are those up to the next one.
final class Livelog1Client {
    /// What the next frame with a token must hold.
    enum Expectation {
        /// The records since the last token.
        case records
        /// The set as it is at the token.
        case snapshot
        /// The net changes since the last token.
        case netChanges
    }

    struct Subscription {
        let filter: Filter
        var request: SubscriptionRequest
        /// The place that was asked for; nil where only the answer knows, and for the first record that is kept.
        var asked: Offset?
        /// Where the answer must say that it begins; nil where only the answer knows.
        var start: Offset?
        /// The end of the visible log when it was asked for, by which the server decides.
        var visible = Offset.zero
        /// The last token that was read; nil until the subscription is answered on any connection.
        var token: String?
        /// The place that `token` names.
        var position = Offset.zero
        /// Whether the server has answered on this connection.
        var isAnswered = false
        var expectation = Expectation.records
        /// Records of frames that have no token, in their frames' order.
        var parts: [(offset: UInt64, json: String)] = []
        /// When the server has last said that it has caught up, on this connection, counted by how often it did of any.
        var liveNumber: Int?
        /// Where the batch begins that it was last given something of since.
        var reached = Offset.zero
        /// Whether it was ended, and the server has not confirmed that yet.
        var isEnding = false

        /// Whether the next frame with a token holds the set itself.
        var isSet: Bool {
            switch self.expectation {
            case .records: false
            case .snapshot: true
            case .netChanges: self.request.start == .start || self.position == .zero
            }
        }
    }

    let findings: Findings
    var subscriptions: [UInt64: Subscription] = [:]
    var connection: SimulatedConnection?
    private var nextID: UInt64 = 0
    /// How often a subscription was said to have caught up, on this connection.
    private var liveCount = 0

    init(findings: Findings) {
        self.findings = findings
    }

    /// Begins a further subscription.
    ///
    /// - Parameters:
    ///   - start: where it is to begin, if it is not a snapshot; the answer must say so, or that it begins with the
    ///     first record that is kept.
    ///   - visible: the end of the visible log.
    func subscribe(
        _ request: SubscriptionRequest, startingAt start: Offset?, visible: Offset,
        _ log: ExpectedLog
    ) {
        let id = self.nextID
        self.nextID += 1
        self.subscriptions[id] = Subscription(
            filter: request.filter, request: request,
            asked: request.start == .start ? nil : start, start: start.map { max($0, log.first) },
            visible: visible)
        self.send(id)
    }

    /// Ends a subscription that was answered.
    func unsubscribe(_ id: UInt64) {
        self.subscriptions[id]?.isEnding = true
        self.connection?.receive("{\"unsubscribe\":\(id)}")
    }

    /// Takes a new connection and resumes what the old one had.
    func reconnect(
        over connection: SimulatedConnection, visible: Offset, _ log: ExpectedLog
    ) {
        self.connection = connection
        self.liveCount = 0
        for (id, subscription) in self.subscriptions.sorted(by: { $0.key < $1.key }) {
            guard let token = subscription.token, !subscription.isEnding,
                let place = ResumeToken(text: token)
            else {
                // Who has no token yet has nothing to lose.
                self.subscriptions[id] = nil
                continue
            }
            self.subscriptions[id]?.request.start = .token(place)
            self.subscriptions[id]?.asked = subscription.position
            self.subscriptions[id]?.start = max(subscription.position, log.first)
            self.subscriptions[id]?.visible = visible
            self.subscriptions[id]?.isAnswered = false
            self.subscriptions[id]?.liveNumber = nil
            self.subscriptions[id]?.reached = .zero
            self.subscriptions[id]?.parts = []
            self.send(id)
        }
    }

    /// Reads up to `count` messages.
    func read(_ count: Int, expecting log: ExpectedLog) {
        guard let connection else { return }
        let messages = connection.inbox.prefix(count)
        connection.inbox.removeFirst(messages.count)
        for message in messages { self.take(message, log) }
    }

    private func send(_ id: UInt64) {
        guard let request = self.subscriptions[id]?.request else { return }
        let json = Livelog1Request.subscribe(id: id, request).json
        self.connection?.receive(String(decoding: json, as: UTF8.self))
    }

    // MARK: - What the server says

    private func take(_ message: [UInt8], _ log: ExpectedLog) {
        let text = String(decoding: message, as: UTF8.self)
        guard let document = try? JSONDocument(parsing: message) else {
            return self.findings.note("not JSON: \(text)")
        }
        let root = document.root
        func number(_ name: String) -> UInt64? {
            document.member(name, of: root).flatMap(document.unsignedInteger)
        }
        func string(_ name: String) -> String? {
            document.member(name, of: root).flatMap(document.string)
        }
        self.findings.require(
            document.member("model", of: root) == nil, "a frame of livelog.v1 has a model: \(text)")
        if let id = number("unsubscribed") {
            self.findings.require(
                self.subscriptions[id]?.isEnding == true, "not asked to end: \(text)")
            self.subscriptions[id] = nil
        } else if let id = number("reset") {
            self.takeReset(id, reason: string("reason"), text, log)
        } else if document.member("error", of: root) != nil {
            self.takeError(document, text)
        } else if let id = number("subscribed") {
            self.takeAnswer(id, token: string("token"), snapshot: string("snapshot"), text, log)
        } else if let id = number("snapshot") ?? number("changes") ?? number("covered"),
            self.subscriptions[id] != nil
        {
            self.takeRecords(
                id, token: string("token"), isSnapshot: number("snapshot") != nil, document, text,
                log)
        } else {
            self.findings.note("unexpected: \(text)")
        }
    }

    private func takeAnswer(
        _ id: UInt64, token: String?, snapshot: String?, _ text: String, _ log: ExpectedLog
    ) {
        guard let subscription = self.subscriptions[id] else {
            return self.findings.note("unexpected: \(text)")
        }
        self.findings.require(!subscription.isAnswered, "answered twice: \(text)")
        self.subscriptions[id]?.isAnswered = true
        // What was removed meanwhile may have been gone already then.
        let count = subscription.start.map {
            log.changes(of: subscription.filter, in: $0..<max($0, subscription.visible))
                .count { !log.isRemoved($0.offset) }
        }
        let isOverBudget = count ?? 0 > subscription.request.budget ?? .max
        if let snapshot {
            self.findings.require(token == nil, "a token before a snapshot: \(text)")
            let isAsked = subscription.request.start == .snapshot
            self.findings.require(
                snapshot == (isAsked ? "requested" : "budget"), "an unfounded snapshot: \(text)")
            self.findings.require(
                isAsked || subscription.request.budget != nil, "nobody set a budget: \(text)")
            self.subscriptions[id]?.expectation = .snapshot
            return
        }
        self.findings.require(!isOverBudget, "a budget was not kept: \(text)")
        guard let token, let place = ResumeToken(text: token)?.next else {
            return self.findings.note("no token: \(text)")
        }
        self.findings.require(log.isBoundary(place), "a token inside of a batch: \(place)")
        // Retention may go on while the records of a budget are counted.
        let isLater =
            subscription.request.budget != nil && place > subscription.start ?? .zero
            && place <= log.first
        self.findings.require(
            place == subscription.start || isLater,
            "subscription \(id) begins at \(place), and not at \(subscription.start ?? .zero)")
        if let asked = subscription.asked, asked < place {
            self.findings.require(
                log.changes(of: subscription.filter, in: asked..<place).isEmpty,
                "subscription \(id) is not told what it lost from \(asked) to \(place)")
        }
        let isNet = subscription.request.catchUp == .latest && place < subscription.visible
        self.subscriptions[id]?.expectation = isNet ? .netChanges : .records
        self.subscriptions[id]?.position = place
        self.subscriptions[id]?.token = token
    }

    private func takeRecords(
        _ id: UInt64, token: String?, isSnapshot: Bool, _ document: JSONDocument, _ text: String,
        _ log: ExpectedLog
    ) {
        guard let subscription = self.subscriptions[id], subscription.isAnswered else {
            return self.findings.note("not answered yet: \(text)")
        }
        if case .snapshot = subscription.expectation {
            self.findings.require(isSnapshot, "no snapshot: \(text)")
        } else {
            self.findings.require(!isSnapshot, "a snapshot: \(text)")
        }
        let records = document.member("records", of: document.root).map(document.elements) ?? []
        for record in records {
            let offset = document.member("offset", of: record).flatMap(document.unsignedInteger)
            self.subscriptions[id]?.parts.append(
                (offset ?? .max, String(decoding: document.rawText(of: record), as: UTF8.self)))
        }
        let more = document.member("more", of: document.root).flatMap { document.boolean($0) }
        self.findings.require((token == nil) == (more == true), "neither a part nor whole: \(text)")
        guard let token else { return }
        guard let place = ResumeToken(text: token)?.next else {
            return self.findings.note("no token: \(text)")
        }
        self.findings.require(log.isBoundary(place), "a token inside of a batch: \(place)")
        self.findings.require(
            place >= subscription.position && place <= log.end,
            "subscription \(id) goes from \(subscription.position) to \(place)")
        guard self.findings.first == nil else { return }
        let range = subscription.position..<place
        let parts = self.subscriptions[id]?.parts ?? []
        self.subscriptions[id]?.parts = []
        let isPartial = document.member("partial", of: document.root) != nil
        self.findings.require(
            !isPartial
                || isSnapshot && log.first > .zero
                    && log.hasLost(subscription.filter, from: .zero),
            "nothing of the snapshot was removed: \(text)")
        let found = Set(parts.map(\.offset))
        let expected: [(offset: Offset, change: SetChange)]
        if subscription.isSet {
            // Instances may be missing whose last records retention has removed; then it says so.
            let set = log.snapshot(of: subscription.filter, at: place)
            expected = set.filter { $0.offset >= log.first || found.contains($0.offset.rawValue) }
            self.findings.require(
                expected.count == set.count || isPartial || !isSnapshot,
                "the snapshot does not say that it is partial: \(text)")
        } else if case .netChanges = subscription.expectation {
            expected = log.netChanges(of: subscription.filter, in: range)
        } else {
            // Who asked for the first record that is kept is not told of those between that are not.
            let all = log.changes(of: subscription.filter, in: range)
            let isLenient = subscription.request.start == .start
            expected = all.filter {
                !isLenient || !log.isRemoved($0.offset) || found.contains($0.offset.rawValue)
            }
            self.requireOrder(of: id, parts.map(\.offset), log)
        }
        self.findings.require(
            parts.map(\.offset) == expected.map(\.offset.rawValue),
            "subscription \(id) got \(parts.map(\.offset)) and not \(expected) in \(range): \(text)"
        )
        guard self.findings.first == nil else { return }
        for (part, record) in zip(parts, expected) {
            self.check(part.json, at: record.offset, record.change, log)
        }
        self.subscriptions[id]?.expectation = .records
        self.subscriptions[id]?.position = place
        self.subscriptions[id]?.token = token
        if document.member("live", of: document.root).flatMap({ document.boolean($0) }) == true {
            self.liveCount += 1
            self.subscriptions[id]?.liveNumber = self.liveCount
        }
    }

    /// Records come batch by batch in the order of the log, also those of different subscriptions. Only one that
    /// fell behind may get something older than another one had that has caught up since.
    private func requireOrder(of id: UInt64, _ offsets: [UInt64], _ log: ExpectedLog) {
        guard let own = self.subscriptions[id]?.liveNumber, let first = offsets.first,
            let last = offsets.last
        else { return }
        let batch = log.batchStart(of: Offset(first))
        for (other, subscription) in self.subscriptions {
            guard let number = subscription.liveNumber, number <= own else { continue }
            self.findings.require(
                batch >= subscription.reached,
                "subscription \(id) gets \(first) when \(other) has had \(subscription.reached)")
        }
        self.subscriptions[id]?.reached = log.batchStart(of: Offset(last))
    }

    /// A subscription can end only because something was removed that it had not had.
    private func takeReset(_ id: UInt64, reason: String?, _ text: String, _ log: ExpectedLog) {
        guard let subscription = self.subscriptions.removeValue(forKey: id) else {
            return self.findings.note("unexpected: \(text)")
        }
        let place: Offset? =
            if !subscription.isAnswered {
                subscription.asked ?? subscription.start
            } else {
                subscription.isSet ? .zero : subscription.position
            }
        self.findings.require(
            reason == "retained" && log.hasLost(subscription.filter, from: place ?? .zero),
            "subscription \(id) has lost nothing from \(place ?? .zero) on: \(text)")
    }

    /// Nonsense is answered without a subscription's number, and a subscription too many with it.
    private func takeError(_ document: JSONDocument, _ text: String) {
        let id = document.member("error", of: document.root).flatMap(document.unsignedInteger)
        switch document.member("code", of: document.root).flatMap(document.string) {
        case "too-many-subscriptions":
            if let id { self.subscriptions[id] = nil }
        case "malformed-json", "unknown-subscription", "invalid-from", "not-text": break
        default: self.findings.note("unexpected: \(text)")
        }
    }

    /// Compares the JSON of a record with what was submitted.
    private func check(_ json: String, at offset: Offset, _ change: SetChange, _ log: ExpectedLog) {
        guard let record = log[offset] else {
            return self.findings.note("there is no record \(offset)")
        }
        var expected = Array(
            "{\"offset\":\(offset),\"action\":\"\(record.action.name)\",\"change\":\"\(change)\",\"key\":"
                .utf8)
        JSONText.append(scalar: record.key, to: &expected)
        if change != .left {
            expected.append(contentsOf: ",\"instance\":\(record.instance)".utf8)
        }
        expected.append(UInt8(ascii: "}"))
        self.findings.require(
            Array(json.utf8) == expected,
            "the record \(offset) is \(json) and should be \(String(decoding: expected, as: UTF8.self))"
        )
    }
}
