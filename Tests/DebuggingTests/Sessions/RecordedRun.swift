import Access
import Debugging
import Foundation
import LogModel
import LogStorage
import Logging
import Matching
import Replication
import Sessions
import TestSupport
import WireProtocol

/// A server in process whose sessions are recorded: random tasks of people, in lists of which memberships come and go, read
/// by clients that come and go, stop reading, and ask for something else.
final class RecordedRun {
    private static let users = ["alice", "bob"]
    private static let owners = ["alice", "bob", "carol"]
    private static let grant = GrantRule(
        model: "lists.Membership", subject: "user", value: "list", claim: "lists")

    /// Who sees what: owners all, members some fields, whoever else nothing. `shown` is what members see besides.
    static func policy(shown: [Text] = []) -> AccessPolicy {
        let open = ModelPolicy(
            model: "open.Task", views: [.init(view: .whole, rule: .everyone)], publish: .everyone)
        let closed = ModelPolicy(
            model: "tasks.Task",
            views: [
                .init(view: .whole, rule: .property("owner", equalsClaim: "sub")),
                .init(
                    view: View(name: "member", fields: ["id", "list", "text"] + shown),
                    rule: .member("list", ofClaim: "lists")),
            ], publish: .everyone)
        let grants = ModelPolicy(
            model: "lists.Membership", views: [.init(view: .whole, rule: .everyone)],
            publish: .everyone)
        return AccessPolicy(models: [open, closed, grants], grants: [Self.grant], isOpen: false)
    }

    private struct Client {
        let session: UInt64
        let id: Dispatcher.SessionID
        let dialect: Dialect
        let connection: WatchingConnection
        var subscriptions: [UInt64] = []
    }

    private struct Key: Hashable {
        let session: UInt64
        let id: UInt64
    }

    private var random: SeededGenerator
    private let writer: LogWriter
    private let directory: String
    private let dispatcher: Dispatcher
    private let recorder: SessionRecorder
    private let sessionLimits: SessionLimits
    private let policy = RecordedRun.policy()
    private var clients: [Client] = []
    private var sessionCount: UInt64 = 0
    private var nextID: UInt64 = 0
    private var live: [Key: ToldRecords] = [:]
    private var tokens: [String] = []
    private var alive: Set<Int> = []

    var log: ChangeLog { self.writer.log }

    init(seed: UInt64, writer: LogWriter, directory: String) throws {
        var random = SeededGenerator(seed: seed)
        self.writer = writer
        self.directory = directory
        var limits = Dispatcher.Limits()
        limits.recordsPerTurnMax = random.pick([1, 3, 20])
        limits.catchUpByteCountMax = random.pick([1, 400, 1 << 20])
        limits.chunksByteCountMax = random.pick([1, 300, 1 << 20])
        limits.postingsMax = random.pick([1, 3, 50])
        limits.framedByteCountPerBatchMax = random.pick([500, 1 << 20])
        var sessionLimits = SessionLimits()
        sessionLimits.frameByteCountGoal = random.pick([1, 400, 1 << 20])
        sessionLimits.frameByteCountMax = random.pick([300, 1 << 20])
        self.sessionLimits = sessionLimits
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        self.dispatcher = Dispatcher(
            log: writer.log, limits: limits, sessionLimits: sessionLimits, logger: logger)
        self.recorder = try SessionRecorder(
            SessionChoice(share: 1), of: writer.log, in: LogDirectory(directory), logger: logger,
            clock: { 0 })
        self.dispatcher.recorder = self.recorder
        self.random = random
    }

    /// Takes `count` steps, and ends all sessions.
    func run(steps count: Int) throws {
        for _ in 0..<count { try self.step() }
        for client in self.clients { self.close(client) }
        self.clients = []
        self.recorder.stop()
    }

    private func step() throws {
        switch self.random.below(100) {
        case ..<40: try self.append()
        case ..<70: _ = self.dispatcher.turn()
        case ..<76: self.connect()
        case ..<87: self.subscribe()
        case ..<90: self.unsubscribe()
        case ..<92:
            if !self.clients.isEmpty {
                self.close(self.clients.remove(at: self.random.below(self.clients.count)))
            }
        case ..<95: self.client?.connection.canTakeMore = false
        case ..<99: self.becomeWritable()
        default: _ = self.dispatcher.tellProgress()
        }
        for client in self.clients { self.take(client) }
    }

    // MARK: - The log

    private func append() throws {
        var builder = ChangesBuilder()
        for _ in 0...self.random.below(3) {
            if self.random.chance(1, in: 8) {
                let key = self.random.below(4)
                let (user, list) = (self.random.pick(Self.users), self.random.below(3))
                builder.add(
                    self.random.pick([.created, .deleted]), "lists.Membership", key: .number(key),
                    groups: [("user", .string(user)), ("list", .number(list))])
                continue
            }
            self.addTask(to: &builder)
        }
        try self.writer.commit(builder.finish())
    }

    private func addTask(to builder: inout ChangesBuilder) {
        let key = self.random.below(10)
        let owner = self.random.pick(Self.owners)
        let list = self.random.below(3)
        let size = self.random.pick(["1", "1.0", "10", "-2.5", "1e2", "0"])
        let model: Text = self.random.pick(["tasks.Task", "tasks.Task", "open.Task"])
        var groups: [(Text, Scalar)] = [
            ("id", .number(key)), ("owner", .string(owner)),
            ("size", Scalar(kind: .number, text: Text(size))),
        ]
        if self.random.chance(5, in: 6) { groups.append(("list", .number(list))) }
        if self.random.chance(1, in: 3) { groups.append(("done", .null)) }
        let instance =
            #"{"id":\#(key),"owner":"\#(owner)","list":\#(list),"text":"a \"b\" {\#(self.random.below(50))}","#
            + #""size":\#(size),"secret":{"pin":[\#(self.random.below(100)),"}"]}}"#
        let action: Action =
            self.random.chance(1, in: 8)
            ? .deleted : self.alive.insert(key).inserted ? .created : .updated
        builder.add(action, model, key: .number(key), groups: groups, instance: instance)
    }

    // MARK: - Clients

    private var client: Client? {
        self.clients.isEmpty ? nil : self.clients[self.random.below(self.clients.count)]
    }

    private func connect() {
        guard self.clients.count < 8 else { return }
        let user = self.random.pick(["", "alice", "alice", "bob", "bob", "key"])
        let principal: Principal =
            switch user {
            case "": .anonymous
            case "key": Principal(origin: .apiKey, subject: user, grant: KeyGrant(actions: [.read]))
            default:
                Principal(
                    origin: .token, subject: user, claims: ["n": .scalar(.number(1))],
                    scopes: ["a", "b"])
            }
        let dialect = self.random.pick(
            [.livelog1, .livelog1, .livelog1, .restLive, .restLive, .ndjson] as [Dialect])
        let connection = WatchingConnection()
        let id = self.dispatcher.open(
            Session(
                dialect: dialect, reader: Reader(principal, under: self.policy),
                limits: self.sessionLimits), connection: connection)
        self.sessionCount += 1
        self.clients.append(
            Client(
                session: self.sessionCount, id: id, dialect: dialect, connection: connection))
    }

    private static let conditions = [
        "", #","where":{"list":1}"#, #","where":{"list":{"in":[0,2]}}"#,
        #","where":{"list":1,"size":{">":0.5}}"#, #","where":{"size":{"<=":1,">":-3}}"#,
        #","where":{"owner":{"prefix":"b"}}"#, #","where":{"list":{"!=":1}}"#,
        #","where":{"list":{"in":[1,2]},"owner":"alice"}"#,
    ]

    private func subscribe() {
        guard !self.clients.isEmpty else { return }
        let place = self.random.below(self.clients.count)
        let client = self.clients[place]
        guard client.subscriptions.count < 3 else { return }
        let model = self.random.pick([
            "tasks.Task", "tasks.Task", "tasks.Task", "open.Task", "lists.Membership",
        ])
        if client.dialect.isStream {
            guard client.subscriptions.isEmpty else { return }
            self.clients[place].subscriptions.append(0)
            let request = SubscriptionRequest(
                filter: Filter(model: Text(model)),
                start: self.random.pick([.now, .start, .snapshot])
            )
            _ = self.dispatcher.subscribe(request, on: client.id)
            return
        }
        guard client.dialect == .livelog1 else {
            // Its frames do not say which subscription they are for.
            guard client.subscriptions.isEmpty else { return }
            self.clients[place].subscriptions.append(0)
            let text = self.random.pick([
                #"{"type":"subscribe","id":7,"model":"\#(model)","action":"list","view_kwargs":{}}"#,
                #"{"model":"\#(model)","property":"list","value":1}"#,
                #"{"model":"\#(model)","property":"","value":null}"#,
            ])
            _ = self.dispatcher.receive(Array(text.utf8), from: client.id)
            return
        }
        self.nextID += 1
        self.clients[place].subscriptions.append(self.nextID)
        var from = self.random.pick([
            "", #","from":"start""#, #","from":"snapshot""#, #","from":{"offset":2}"#,
            #","from":"start","catchUp":"latest""#, #","from":"start","budget":5"#,
        ])
        if self.random.chance(1, in: 3), let token = self.tokens.randomElement(using: &self.random)
        {
            from = #","from":"\#(token)""# + self.random.pick(["", #","catchUp":"latest""#])
        }
        let text =
            #"{"subscribe":\#(self.nextID),"model":"\#(model)"\#(self.random.pick(Self.conditions))\#(from)}"#
        _ = self.dispatcher.receive(Array(text.utf8), from: client.id)
    }

    private func unsubscribe() {
        guard !self.clients.isEmpty else { return }
        let place = self.random.below(self.clients.count)
        let client = self.clients[place]
        guard client.dialect == .livelog1, let id = client.subscriptions.last else { return }
        self.clients[place].subscriptions.removeLast()
        _ = self.dispatcher.receive(Array(#"{"unsubscribe":\#(id)}"#.utf8), from: client.id)
    }

    private func becomeWritable() {
        guard let client = self.client else { return }
        client.connection.canTakeMore = true
        _ = self.dispatcher.becomeWritable(client.id)
    }

    private func close(_ client: Client) {
        self.take(client)
        self.dispatcher.close(client.id)
    }

    /// Reads what a client was sent.
    private func take(_ client: Client) {
        // Streams are not made of frames; what they have in common with the others is enough to look at.
        guard !client.dialect.isStream else { return }
        for message in client.connection.takeMessages() {
            if client.dialect == .livelog1,
                let start = message.firstRange(of: "\"token\":\"")?.upperBound
            {
                self.tokens.append(String(message[start...].prefix { $0 != "\"" }))
                if self.tokens.count > 50 { self.tokens.removeFirst(25) }
            }
            guard let (id, records) = ToldRecords.read(message) else { continue }
            self.live[Key(session: client.session, id: id), default: ToldRecords()].add(records)
        }
    }

    /// Does to the log all that is to be done.
    func maintain() throws {
        while try self.writer.maintenance.step(now: 1_000_000_000) != nil {}
    }

    /// Copies the log and the journal.
    func copy(to path: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: self.directory) {
            try FileManager.default.copyItem(
                atPath: "\(self.directory)/\(name)", toPath: "\(path)/\(name)")
        }
    }

    // MARK: - Again

    /// What the journal says.
    func recorded(_ finding: (JournalFinding) -> Void = { _ in }) throws -> RecordedSessions {
        var recorded = RecordedSessions()
        for file in RecordedSessions.files(at: self.directory) {
            try recorded.add(file: file, finding: finding)
        }
        recorded.finish()
        return recorded
    }

    /// Runs the journal again with `finder`.
    func replay<Finder: SubscriptionFinder>(
        _ finder: Finder, policy: AccessPolicy? = nil
    ) throws -> SessionReport {
        let replay = SessionReplay(
            try self.recorded().subscriptions, in: self.log, policy: policy,
            range: .zero..<self.log.watermarks.visible, finder: finder)
        return try replay.run()
    }

    /// What is not in a replay as it was live, in words; nil if all is.
    func disagreement() throws -> String? {
        var findings: [JournalFinding] = []
        let recorded = try self.recorded { findings.append($0) }
        guard findings.isEmpty, recorded.unplayed.isEmpty else {
            return "the journal: \(findings) \(recorded.unplayed)"
        }
        var again: [Key: ToldRecords] = [:]
        let replay = recorded.replay(in: self.log, range: .zero..<self.log.watermarks.visible)
        let report = try replay.run(onFrame: { subscription, frame in
            guard !subscription.dialect.isStream else { return }
            for message in WatchingConnection.messages(in: frame) {
                guard let (id, records) = ToldRecords.read(message) else { continue }
                again[Key(session: subscription.session.number, id: id), default: ToldRecords()]
                    .add(records)
            }
        })
        if let difference = report.differences.first { return "\(difference)" }
        guard report.unplayed.isEmpty else { return "not run: \(report.unplayed)" }
        for key in Set(self.live.keys).union(again.keys) {
            let (was, isNow) = (self.live[key] ?? ToldRecords(), again[key] ?? ToldRecords())
            guard !was.isSame(as: isNow) else { continue }
            return "session \(key.session), id \(key.id): live \(was.texts), again \(isNow.texts)"
        }
        return nil
    }
}

extension WatchingConnection {
    /// The messages since the last call.
    func takeMessages() -> [String] {
        defer { self.forget() }
        return self.messages
    }
}
