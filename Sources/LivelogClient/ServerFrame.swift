import WireProtocol

/// A message of the server in the dialect `livelog.v1` (`docs/protocol/livelog-v1.md`).
package enum ServerFrame: Hashable, Sendable {
    /// The subscription stands; `token` is where it begins, or nil if a snapshot comes first.
    case subscribed(id: UInt64, token: String?, Acceptance)
    /// Records of whole batches, and the place after them; without a token a part, and more follows.
    case changes(id: UInt64, token: String?, records: [ChangeRecord])
    /// Records of all instances of the set, and the place after them; without a token a part, and more
    /// follows. `isPartial` if retention took records of the set.
    case snapshot(id: UInt64, token: String?, records: [ChangeRecord], isPartial: Bool)
    /// Nothing up to `token` is wanted by the subscription.
    case covered(id: UInt64, token: String, isLive: Bool)
    /// The subscription is over, because it cannot continue from its token.
    case reset(id: UInt64, reason: String, message: String)
    /// A request was refused; without an `id` it is about the connection.
    case error(id: UInt64?, code: String, message: String)
    /// The subscription was ended as the client asked.
    case unsubscribed(id: UInt64)
    /// A message that this client does not know, and so ignores.
    case unknown

    /// More than a server lets anybody publish, so that whatever is in the log can be read.
    private static let limits = JSONLimits(
        depthMax: 1024, tokensMax: Int(UInt32.max), numberLengthMax: 1 << 20)

    /// Reads a text message.
    ///
    /// - Throws: `protocol-violation` if it is not JSON or a known message lacks a part.
    package init(decoding text: [UInt8]) throws(ClientError) {
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: text, limits: Self.limits)
        } catch {
            throw .violation("a message is not JSON: \(error.message)")
        }
        self = try FrameReader(document: document).frame()
    }
}

/// Reads the members of one message.
private struct FrameReader {
    let document: JSONDocument

    func frame() throws(ClientError) -> ServerFrame {
        if let id = try self.id("changes") {
            return .changes(
                id: id, token: try self.tokenUnlessMore(), records: try self.records())
        }
        if let id = try self.id("subscribed") {
            return try self.subscribed(id)
        }
        if let id = try self.id("snapshot") {
            return .snapshot(
                id: id, token: try self.tokenUnlessMore(),
                records: self.has("records") ? try self.records() : [],
                isPartial: self.flag("partial"))
        }
        if let id = try self.id("covered") {
            return .covered(id: id, token: try self.text("token"), isLive: self.flag("live"))
        }
        if let id = try self.id("reset") {
            let reason = try self.text("reason")
            return .reset(id: id, reason: reason, message: self.optionalText("message") ?? reason)
        }
        if let value = self.document.member("error", of: self.document.root) {
            let isNull = self.document.kind(of: value) == .null
            let code = try self.text("code")
            return .error(
                id: isNull ? nil : try self.id("error"), code: code,
                message: self.optionalText("message") ?? code)
        }
        if let id = try self.id("unsubscribed") { return .unsubscribed(id: id) }
        return .unknown
    }

    /// A subscription begins at a token, or with a snapshot, which has it at its end.
    private func subscribed(_ id: UInt64) throws(ClientError) -> ServerFrame {
        let reason = self.optionalText("snapshot")
        let acceptance = Acceptance(
            plan: self.optionalText("plan").flatMap(Acceptance.Plan.init(rawValue:)),
            snapshot: reason.map { Acceptance.SnapshotReason(rawValue: $0) ?? .requested })
        let token = reason == nil ? try self.text("token") : nil
        return .subscribed(id: id, token: token, acceptance)
    }

    /// The token of a message with records, or nil of one that says that more follows.
    private func tokenUnlessMore() throws(ClientError) -> String? {
        self.flag("more") ? nil : try self.text("token")
    }

    private func records() throws(ClientError) -> [ChangeRecord] {
        guard let list = self.document.member("records", of: self.document.root),
            self.document.kind(of: list) == .array
        else { throw .violation("a message with records has no list of them") }
        var records: [ChangeRecord] = []
        for element in self.document.elements(of: list) {
            records.append(try self.record(element))
        }
        return records
    }

    private func record(_ value: JSONDocument.Node) throws(ClientError) -> ChangeRecord {
        guard let offset = self.document.member("offset", of: value),
            let number = self.document.unsignedInteger(offset)
        else { throw .violation("a record has no offset") }
        func name(_ member: String) -> String {
            self.document.member(member, of: value).flatMap { self.document.string($0) } ?? ""
        }
        guard let action = ChangeRecord.Action(rawValue: name("action")),
            let change = ChangeRecord.Change(rawValue: name("change"))
        else { throw .violation("record \(number) has no known action and change") }
        guard let key = self.document.member("key", of: value) else {
            throw .violation("record \(number) has no key")
        }
        let instance = self.document.member("instance", of: value)
        return ChangeRecord(
            offset: number, action: action, change: change, key: self.document.rawText(of: key),
            instance: instance.map { self.document.rawText(of: $0) },
            json: self.document.rawText(of: value))
    }

    /// The number of a member that names the message and the subscription; nil without the member.
    private func id(_ name: String) throws(ClientError) -> UInt64? {
        guard let value = self.document.member(name, of: self.document.root) else { return nil }
        guard let id = self.document.unsignedInteger(value) else {
            throw .violation("\"\(name)\" is not a subscription's number")
        }
        return id
    }

    private func text(_ name: String) throws(ClientError) -> String {
        guard let text = self.optionalText(name) else {
            throw .violation("a message has no \"\(name)\"")
        }
        return text
    }

    private func has(_ name: String) -> Bool {
        self.document.member(name, of: self.document.root) != nil
    }

    private func flag(_ name: String) -> Bool {
        let value = self.document.member(name, of: self.document.root)
        return value.flatMap { self.document.boolean($0) } ?? false
    }

    private func optionalText(_ name: String) -> String? {
        self.document.member(name, of: self.document.root).flatMap { self.document.string($0) }
    }
}

extension ClientError {
    /// The error for a server that does not keep to the protocol.
    package static func violation(_ what: String) -> ClientError {
        ClientError(.protocolViolation, "the server broke the protocol: \(what)")
    }
}
