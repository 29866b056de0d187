import LogModel
import TestSupport
import WireProtocol

/// A client that speaks `livelog.v1`, and holds every frame that it reads against what was submitted.
///
/// It remembers for each subscription the last token that it has read. From one token to the next it must
/// get exactly the records between the two: so however a frame got here, nothing is lost or repeated.
final class Livelog1Client {
    struct Subscription {
        let group: GroupKey
        /// Where the answer must say that it begins.
        var start: Offset
        /// The last token that was read; nil until the subscription is answered on any connection.
        var token: String?
        /// The place that `token` names.
        var position = Offset.zero
        /// Whether the server has answered on this connection.
        var isAnswered = false
        /// Whether the server has said that it has caught up, on this connection.
        var isLive = false
        /// Whether it was ended, and the server has not confirmed that yet.
        var isEnding = false
    }

    let findings: Findings
    var subscriptions: [UInt64: Subscription] = [:]
    var connection: SimulatedConnection?
    private var nextID: UInt64 = 0

    init(findings: Findings) {
        self.findings = findings
    }

    /// Begins a further subscription.
    func subscribe(to group: GroupKey, from: String?, startingAt start: Offset) {
        let id = self.nextID
        self.nextID += 1
        self.subscriptions[id] = Subscription(group: group, start: start)
        self.request(id, from: from)
    }

    /// Ends a subscription that was answered.
    func unsubscribe(_ id: UInt64) {
        self.subscriptions[id]?.isEnding = true
        self.connection?.receive("{\"unsubscribe\":\(id)}")
    }

    /// Takes a new connection and resumes what the old one had.
    func reconnect(over connection: SimulatedConnection) {
        self.connection = connection
        for (id, subscription) in self.subscriptions.sorted(by: { $0.key < $1.key }) {
            guard let token = subscription.token, !subscription.isEnding else {
                // Who has no token yet has nothing to lose.
                self.subscriptions[id] = nil
                continue
            }
            self.subscriptions[id]?.start = subscription.position
            self.subscriptions[id]?.isAnswered = false
            self.subscriptions[id]?.isLive = false
            self.request(id, from: token)
        }
    }

    /// Reads up to `count` messages.
    func read(_ count: Int, expecting log: ExpectedLog) {
        guard let connection else { return }
        let messages = connection.inbox.prefix(count)
        connection.inbox.removeFirst(messages.count)
        for message in messages { self.take(message, log) }
    }

    private func request(_ id: UInt64, from: String?) {
        guard let group = self.subscriptions[id]?.group else { return }
        var json = Array("{\"subscribe\":\(id),\"model\":".utf8)
        JSONText.append(string: group.model.bytes, to: &json)
        if !group.property.bytes.isEmpty {
            json.append(contentsOf: ",\"where\":{".utf8)
            JSONText.append(string: group.property.bytes, to: &json)
            json.append(UInt8(ascii: ":"))
            JSONText.append(scalar: group.value, to: &json)
            json.append(UInt8(ascii: "}"))
        }
        if let from { json.append(contentsOf: ",\"from\":\"\(from)\"".utf8) }
        json.append(UInt8(ascii: "}"))
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
        self.findings.require(
            document.member("model", of: root) == nil, "a frame of livelog.v1 has a model: \(text)")
        if let id = number("unsubscribed") {
            self.findings.require(
                self.subscriptions[id]?.isEnding == true, "not asked to end: \(text)")
            self.subscriptions[id] = nil
            return
        }
        if document.member("error", of: root) != nil { return self.takeError(document, text) }
        guard let id = number("subscribed") ?? number("changes") ?? number("covered"),
            let token = document.member("token", of: root).flatMap(document.string),
            let place = ResumeToken(text: token)?.next,
            let subscription = self.subscriptions[id]
        else { return self.findings.note("unexpected: \(text)") }
        self.findings.require(log.isBoundary(place), "a token inside of a batch: \(place)")
        if number("subscribed") != nil {
            self.findings.require(!subscription.isAnswered, "answered twice: \(text)")
            self.findings.require(
                place == subscription.start,
                "subscription \(id) begins at \(place) and not at \(subscription.start)")
            self.subscriptions[id]?.isAnswered = true
        } else {
            self.findings.require(subscription.isAnswered, "not answered yet: \(text)")
            self.findings.require(
                place >= subscription.position,
                "subscription \(id) goes back from \(subscription.position) to \(place)")
            guard self.findings.first == nil else { return }
            let expected = log.offsets(
                of: ExpectedLog.Group(
                    subscription.group.model, subscription.group.property,
                    subscription.group.value), in: subscription.position..<place)
            let records = document.member("records", of: root).map(document.elements) ?? []
            let got = records.map { record in
                document.member("offset", of: record).flatMap(document.unsignedInteger)
            }
            self.findings.require(
                got == expected.map(\.rawValue),
                "subscription \(id) to \(subscription.group) from \(subscription.position) to "
                    + "\(place): expected \(expected), got \(got)")
            self.findings.require(
                records.isEmpty == (number("covered") != nil), "changes without records: \(text)")
            for (offset, node) in zip(expected, records) {
                self.check(node, of: document, at: offset, for: subscription, log)
            }
            let isLive = document.member("live", of: root).flatMap(document.boolean) == true
            self.findings.require(
                isLive || place > subscription.position, "progress without progress: \(text)")
            if isLive { self.subscriptions[id]?.isLive = true }
        }
        self.subscriptions[id]?.position = place
        self.subscriptions[id]?.token = token
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
    private func check(
        _ node: JSONDocument.Node, of document: JSONDocument, at offset: Offset,
        for subscription: Subscription, _ log: ExpectedLog
    ) {
        let group = ExpectedLog.Group(
            subscription.group.model, subscription.group.property, subscription.group.value)
        guard let record = log[offset],
            let entry = record.entries.first(where: { $0.group == group })
        else { return self.findings.note("the record \(offset) is not in the group") }
        let change =
            switch (entry.membership, record.action) {
            case (.left, .deleted): "deleted"
            case (.left, _): "left"
            case (.entered, _): "entered"
            case (.stayed, _): "updated"
            }
        var json = Array(
            "{\"offset\":\(offset),\"action\":\"\(record.action.name)\",\"change\":\"\(change)\",\"key\":"
                .utf8)
        JSONText.append(scalar: record.key, to: &json)
        if change != "left" { json.append(contentsOf: ",\"instance\":\(record.instance)".utf8) }
        json.append(UInt8(ascii: "}"))
        self.findings.require(
            document.rawText(of: node).elementsEqual(json),
            "the record \(offset) is \(String(decoding: document.rawText(of: node), as: UTF8.self)) "
                + "and should be \(String(decoding: json, as: UTF8.self))")
    }
}
