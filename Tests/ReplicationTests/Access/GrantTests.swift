import Access
import LogModel
import LogStorage
import Replication
import TestSupport
import Testing
import WireProtocol

/// Rights that are records: whoever gains sight of an instance is shown it, and whoever loses it is told, in the order of
/// the log.
struct GrantTests {
    static let policies: [AccessMatrix.Views] = [
        [(["id", "list", "text"], AccessMatrixTests.member)],
        [(nil, AccessMatrixTests.owner), (["id", "text"], AccessMatrixTests.member)],
        [(nil, .all([.authenticated, .not(AccessMatrixTests.member)]))],
        [(nil, .claimContains("lists", .number(2))), (["id", "owner"], .everyone)],
    ]
    static let filters: [(property: String, value: Scalar)?] = [
        nil, ("list", .number(1)), ("list", .number(2)),
    ]

    private static let policy = GrantWorld.policy(Self.policies[0])

    private static func membership(
        _ key: Int, _ user: String, _ list: Int, _ action: Action = .updated
    ) -> Changes {
        var builder = ChangesBuilder()
        Self.addMembership(key, user, list, action, to: &builder)
        return builder.finish()
    }

    private static func addMembership(
        _ key: Int, _ user: String, _ list: Int, _ action: Action, to builder: inout ChangesBuilder
    ) {
        builder.add(
            action, "lists.Membership", key: .number(key),
            groups: [("user", .string(user)), ("list", .number(list))], instance: "{}")
    }

    private static func task(_ key: Int, list: Int) -> Changes {
        AccessMatrix.batch(
            PlainChange(
                action: .updated, key: key,
                properties: [
                    ("id", "\(key)"), ("list", "\(list)"), ("text", "\"t\""), ("secret", "1"),
                ]))
    }

    /// Whoever may be granted something may ask before; a grant shows what there is, and its end takes it away, without
    /// a new snapshot.
    @Test func aGrantShowsWhatThereIsAndItsEndTakesItAway() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            try server.append(Self.task(1, list: 3))
            try server.append(Self.task(2, list: 4))
            var client = SetClient("ann", nil)
            client.connect(to: server, under: Self.policy, resuming: false)
            server.settle()
            _ = client.connection.takeMessages()
            try server.append(Self.task(1, list: 3))
            server.settle()
            #expect(client.connection.takeMessages() == [])

            try server.append(Self.membership(7, "ann", 3))
            server.settle()
            let granted = client.connection.takeMessages()
            #expect(granted.flatMap { Delivery.changes(in: $0) } == ["2 entered"])
            #expect(granted.contains { $0.contains(#""instance":{"id":1,"list":3,"text":"t"}"#) })
            #expect(!granted.contains { $0.contains("reset") || $0.contains("secret") })

            // Another list of hers from now on: one leaves, one enters, in the order of the log.
            try server.append(Self.membership(7, "ann", 4))
            server.settle()
            #expect(
                client.connection.takeMessages().flatMap { Delivery.changes(in: $0) }
                    == ["1 entered", "2 left"])

            try server.append(Self.membership(7, "ann", 4, .deleted))
            try server.append(Self.task(2, list: 4))
            server.settle()
            #expect(
                client.connection.takeMessages().flatMap { Delivery.changes(in: $0) } == ["1 left"])
        }
    }

    /// Two grants of the same list: it is seen until both are gone.
    @Test func whatIsGrantedTwiceIsSeenUntilBothAreGone() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            try server.append(Self.task(1, list: 3))
            var both = ChangesBuilder()
            Self.addMembership(7, "ann", 3, .created, to: &both)
            Self.addMembership(8, "ann", 3, .created, to: &both)
            try server.append(both.finish())
            var client = SetClient("ann", nil)
            client.connect(to: server, under: Self.policy, resuming: false)
            server.settle()
            _ = client.connection.takeMessages()
            try server.append(Self.membership(7, "ann", 3, .deleted))
            server.settle()
            #expect(client.connection.takeMessages() == [])
            try server.append(Self.membership(8, "bob", 3))
            server.settle()
            #expect(
                client.connection.takeMessages().flatMap { Delivery.changes(in: $0) } == ["0 left"])
        }
    }

    /// What is behind in the socket is of before; nothing after the end of a grant is sent by it.
    @Test func nothingIsSentByAGrantThatIsOver() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            try server.append(Self.membership(7, "ann", 3))
            var client = SetClient("ann", nil)
            client.connect(to: server, under: Self.policy, resuming: false)
            server.settle()
            _ = client.connection.takeMessages()
            client.connection.canTakeMore = false
            try server.append(Self.task(1, list: 3))
            server.settle()
            for key in 2..<20 { try server.append(Self.task(key, list: 3)) }
            try server.append(Self.membership(7, "ann", 3, .deleted))
            for key in 20..<30 { try server.append(Self.task(key, list: 3)) }
            server.settle()
            client.connection.canTakeMore = true
            if let id = client.id { _ = server.dispatcher.becomeWritable(id) }
            server.settle()
            // The one that she has been sent leaves; of the others she never hears.
            #expect(
                client.connection.takeMessages().flatMap { Delivery.changes(in: $0) }
                    == ["1 entered", "1 left"])
        }
    }

    /// An API key's rights are in the key, and nobody in particular is granted nothing, whatever the log says.
    @Test func nothingIsGrantedToKeysAndToNobody() {
        let key = Principal(
            origin: .apiKey, subject: "ann", grant: KeyGrant(actions: [.read], models: ["other"]))
        for principal in [key, .anonymous] {
            #expect(!Self.policy.mayGrant(to: principal))
            #expect(
                Reader(principal, under: Self.policy).filter(Filter(model: "tasks.Task")) == nil)
        }
    }

    /// Random tasks and memberships, read by clients that are slow, go, and come again.
    @Test(arguments: policies.indices)
    func everyClientHasTheSetThatItsRightsAllow(_ index: Int) throws {
        for seed in 0..<20 {
            let findings = try self.disagreements(
                Self.policies[index], Self.policies[index], seed: UInt64(seed))
            #expect(findings == [], "seed \(seed)")
        }
    }

    /// The same where the application decides what one of the views shows, by what was granted, too.
    @Test(arguments: policies.indices)
    func everyClientHasTheSetThatTheApplicationAllows(_ index: Int) throws {
        let views = Self.policies[index]
        for seed in 0..<20 {
            let findings = try self.disagreements(
                views, views, seed: UInt64(seed), asking: [seed % views.count])
            #expect(findings == [], "seed \(seed)")
        }
    }

    /// The oracle sees a server that does not look at grants.
    @Test func aServerThatGrantsByAnotherPropertyIsSeen() throws {
        let findings = try self.disagreements(
            Self.policies[0], Self.policies[0], seed: 1,
            granting: GrantRule(
                model: "lists.Membership", subject: "user", value: "id", claim: "lists"))
        #expect(!findings.isEmpty)
    }

    @Test func aHoleInAGrantedRuleIsSeen() throws {
        for views in Self.policies {
            var holed = views
            holed[0].rule = .everyone
            #expect(try !self.disagreements(holed, views, seed: 1).isEmpty)
        }
    }

    private func disagreements(
        _ served: AccessMatrix.Views, _ expected: AccessMatrix.Views, seed: UInt64,
        granting rule: GrantRule = GrantWorld.rule, asking asked: Set<Int> = []
    ) throws -> [String] {
        var findings: [String] = []
        try withTemporaryLog { writer in
            var world = GrantWorld(seed: seed)
            let policy = AccessPolicy(
                models: Array(AccessMatrix.policy(served, asking: asked).models.values),
                grants: [rule], isOpen: false)
            let oracle = AccessOracle(policy: expected)
            let server = Server(writer)
            var records: [Int: PlainChange] = [:]
            let application = DecidingApplication(for: server, seed: seed) { principal, question in
                guard let task = records[Int(question.offset.rawValue)],
                    let view = Int(question.question.name)
                else { return false }
                let asker = Principal(
                    origin: .token, subject: principal.subject, claims: principal.allClaims)
                return AccessOracle(policy: [served[view]]).view(of: task, for: asker) != nil
            }
            var clients = GrantWorld.users.flatMap { user in
                Self.filters.map { SetClient(user, $0) }
            }
            for place in clients.indices {
                clients[place].connect(to: server, under: policy, resuming: false)
            }
            for _ in 0..<80 {
                for _ in 0..<(1 + world.mill.random.below(3)) {
                    try server.append(world.batch())
                    records = world.records
                    if world.mill.random.chance(1, in: 3) { _ = server.dispatcher.turn() }
                    application.answerSome()
                }
                for place in clients.indices where world.mill.random.chance(1, in: 6) {
                    Self.disturb(&clients[place], server, policy, &world)
                }
                guard world.mill.random.chance(1, in: 2) else { continue }
                Self.settle(&clients, server, application, policy)
                for client in clients where client.id != nil {
                    let set = client.expected(world, oracle)
                    if client.instances != set {
                        findings.append(
                            "\(client.user) \(client.wanted?.value.text.string ?? "all") at \(world.end) has "
                                + "\(client.instances) and not \(set)")
                    }
                }
                for place in clients.indices {
                    for shown in clients[place].takeShown()
                    where !Self.wasAllowed(shown, clients[place], world, oracle) {
                        findings.append("\(clients[place].user) was shown \(shown)")
                    }
                }
                guard findings.isEmpty else { return }
            }
            // Where nothing is in the middle, nobody has to begin anew.
            for client in clients {
                let resets = client.resets.filter { !$0.contains("access-changed") }
                if !resets.isEmpty { findings.append("\(client.user) was told \(resets)") }
            }
        }
        return findings
    }

    /// Lets a client be slow, or go, or come again.
    private static func disturb(
        _ client: inout SetClient, _ server: Server, _ policy: AccessPolicy,
        _ world: inout GrantWorld
    ) {
        guard client.id != nil else {
            client.connect(to: server, under: policy, resuming: true)
            return
        }
        if world.mill.random.chance(1, in: 2) {
            client.takeIn(server, policy)
            client.disconnect(from: server)
        } else {
            client.connection.canTakeMore = false
        }
    }

    private static func settle(
        _ clients: inout [SetClient], _ server: Server, _ application: DecidingApplication,
        _ policy: AccessPolicy
    ) {
        // A client that begins anew has something to come once more.
        for _ in 0..<3 {
            application.settle(server)
            for place in clients.indices {
                clients[place].connection.canTakeMore = true
                if let id = clients[place].id { _ = server.dispatcher.becomeWritable(id) }
            }
            application.settle(server)
            for place in clients.indices { clients[place].takeIn(server, policy) }
        }
    }

    /// Whether what was shown could be seen by rights that were there when the record came, or later.
    private static func wasAllowed(
        _ shown: (offset: Int, change: String, instance: String), _ client: SetClient,
        _ world: GrantWorld, _ oracle: AccessOracle
    ) -> Bool {
        guard let task = world.records[shown.offset], client.wants(task) else { return false }
        return (shown.offset...world.end).contains { end in
            guard
                let view = oracle.view(of: task, for: world.principal(client.user, at: end))
            else { return false }
            return task.json(of: oracle.policy[view].fields) == shown.instance
        }
    }
}
