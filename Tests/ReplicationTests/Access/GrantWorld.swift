import Access
import LogModel
import Replication
import Sessions
import TestSupport
import WireProtocol

/// Tasks in lists, and memberships that come and go: the log itself says who may see which list.
struct GrantWorld {
    static let users = ["alice", "bob"]
    static let rule = GrantRule(
        model: "lists.Membership", subject: "user", value: "list", claim: "lists")

    var mill: TaskMill
    /// The tasks that exist, each with the offset of its last record.
    private(set) var tasks: [Int: (offset: Int, change: PlainChange)] = [:]
    /// The memberships that exist, by key.
    private var memberships: [Int: (user: String, list: Int)] = [:]
    /// What each user is granted after each batch, with where it ended.
    private(set) var grants: [(end: Int, lists: [String: Set<Int>])] = [(0, [:])]
    /// Every task's record, by offset.
    private(set) var records: [Int: PlainChange] = [:]
    private(set) var end = 0

    init(seed: UInt64) { self.mill = TaskMill(seed: seed) }

    static func policy(_ views: AccessMatrix.Views) -> AccessPolicy {
        let policy = AccessMatrix.policy(views)
        return AccessPolicy(models: Array(policy.models.values), grants: [Self.rule], isOpen: false)
    }

    /// The next batch: a task or a membership that comes, changes or goes.
    mutating func batch() -> Changes {
        guard self.mill.random.chance(1, in: 4) else {
            let change = self.mill.change()
            self.records[self.end] = change
            self.tasks[change.key] = change.action == .deleted ? nil : (self.end, change)
            self.end += 1
            return AccessMatrix.batch(change)
        }
        let key = self.mill.random.below(5)
        let existing = self.memberships[key]
        var builder = ChangesBuilder()
        if let existing, self.mill.random.chance(1, in: 2) {
            self.memberships[key] = nil
            builder.add(
                .deleted, "lists.Membership", key: .number(key), groups: Self.groups(existing),
                instance: "{\"id\":\(key)}")
        } else {
            // Perhaps another user's from now on, or for another list.
            let new = (
                user: self.mill.random.pick(Self.users), list: 1 + self.mill.random.below(3)
            )
            self.memberships[key] = new
            builder.add(
                existing == nil ? .created : .updated, "lists.Membership", key: .number(key),
                groups: Self.groups(new),
                instance: "{\"id\":\(key),\"user\":\"\(new.user)\",\"list\":\(new.list)}")
        }
        self.end += 1
        var lists: [String: Set<Int>] = [:]
        for membership in self.memberships.values {
            lists[membership.user, default: []].insert(membership.list)
        }
        self.grants.append((self.end, lists))
        return builder.finish()
    }

    private static func groups(_ membership: (user: String, list: Int)) -> [(Text, Scalar)] {
        [("user", .string(membership.user)), ("list", .number(membership.list))]
    }

    /// A user as the oracle knows them, with what they were granted by the records below `end`.
    func principal(_ user: String, at end: Int? = nil) -> Principal {
        let lists = self.grants.last { $0.end <= end ?? self.end }?.lists[user] ?? []
        return Principal(
            origin: .token, subject: user,
            claims: ["lists": .list(lists.sorted().map { .number($0) })])
    }
}

/// A client that keeps the set which it is told, as client libraries do.
struct SetClient {
    let user: String
    let wanted: (property: String, value: Scalar)?
    let connection = RecordingConnection()
    private(set) var id: Dispatcher.SessionID?
    /// The instances by key, as they are shown.
    private(set) var instances: [Int: String] = [:]
    private(set) var token: String?
    private(set) var resets: [String] = []
    /// Each instance that it was shown, with the offset of the record.
    private(set) var shown: [(offset: Int, change: String, instance: String)] = []

    init(_ user: String, _ wanted: (property: String, value: Scalar)?) {
        self.user = user
        self.wanted = wanted
    }

    /// Connects, and begins with a snapshot or where it was.
    mutating func connect(to server: Server, under policy: AccessPolicy, resuming: Bool) {
        let session = Session(
            dialect: .livelog1,
            reader: Reader(Principal(origin: .token, subject: self.user), under: policy),
            limits: server.sessionLimits)
        let id = server.dispatcher.open(session, connection: self.connection)
        self.id = id
        let place = resuming ? self.token : nil
        if place == nil { self.instances = [:] }
        let filter = self.wanted.map {
            #","where":{"\#($0.property)":"\#($0.value.text)"}"#
        }
        server.receive(
            #"{"subscribe":1,"model":"tasks.Task"\#(filter ?? ""),"from":"\#(place ?? "snapshot")"}"#,
            from: id)
    }

    mutating func disconnect(from server: Server) {
        if let id { server.dispatcher.close(id) }
        self.id = nil
        // What is on its way when a client goes is lost.
        self.connection.clear()
        self.connection.canTakeMore = true
    }

    /// Takes in what it was sent. Begins anew if it is told to.
    mutating func takeIn(_ server: Server, _ policy: AccessPolicy) {
        for message in self.connection.takeMessages() {
            if message.contains("\"reset\"") || message.contains("\"error\"") {
                self.resets.append(message)
                self.token = nil
                self.disconnect(from: server)
                self.connect(to: server, under: policy, resuming: false)
                return
            }
            for record in message.split(separator: "{\"offset\":").dropFirst() {
                self.apply(String(record))
            }
            if let token = Delivery.token(in: message) { self.token = token.text }
        }
    }

    private mutating func apply(_ record: String) {
        func after(_ mark: String) -> Substring? {
            record.firstRange(of: mark).map { record[$0.upperBound...] }
        }
        guard let offset = Int(record.prefix { $0.isNumber }),
            let change = after("\"change\":\"")?.prefix(while: { $0 != "\"" }),
            let key = after("\"key\":").flatMap({ Int($0.prefix { $0.isNumber }) })
        else { return }
        switch change {
        case "left", "deleted": self.instances[key] = nil
        default:
            var rest = after("\"instance\":") ?? ""
            // Up to the end of the record: the next one follows, or the end of them all.
            if let end = rest.ranges(of: "}]").last?.lowerBound { rest = rest[...end] }
            if rest.hasSuffix(",") { rest.removeLast() }
            let instance = String(rest.dropLast())
            self.instances[key] = instance
            self.shown.append((offset, String(change), instance))
        }
    }

    /// Forgets what it was shown.
    mutating func takeShown() -> [(offset: Int, change: String, instance: String)] {
        defer { self.shown = [] }
        return self.shown
    }

    /// The set as it has to be.
    func expected(_ world: GrantWorld, _ oracle: AccessOracle) -> [Int: String] {
        var set: [Int: String] = [:]
        for (key, task) in world.tasks {
            guard self.wants(task.change),
                let view = oracle.view(of: task.change, for: world.principal(self.user))
            else { continue }
            set[key] = task.change.json(of: oracle.policy[view].fields)
        }
        return set
    }

    func wants(_ task: PlainChange) -> Bool {
        guard let wanted else { return true }
        return task.value(wanted.property) == wanted.value.text.string
    }
}
