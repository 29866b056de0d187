import Access
import LogModel
import LogStorage
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// What clients of rest-live 2 are told, and what the original told them and should not have.
struct RestLive2Tests {
    /// A server, and one connection of a client of rest-live 2.
    private struct Client {
        let server: Server
        let connection = RecordingConnection()
        let id: Dispatcher.SessionID

        init(_ writer: LogWriter, lookup: Text? = nil, _ principal: Principal = .anonymous) {
            let views = [
                ModelPolicy.ViewRule(view: .whole, rule: .staff),
                ModelPolicy.ViewRule(
                    view: View(name: "own", fields: ["id", "text"]),
                    rule: .any([
                        .property("owner", equalsClaim: "sub"),
                        .property("public", equalsClaim: "yes"), .not(.authenticated),
                    ])),
            ]
            let policy = AccessPolicy(
                models: [
                    ModelPolicy(
                        model: "m", groups: ["list", "text", "owner"], aliases: ["l": "list"],
                        lookup: lookup, views: views, publish: .everyone)
                ], isOpen: false)
            self.server = Server(writer)
            self.id = self.server.dispatcher.open(
                Session(
                    dialect: .restLive, reader: Reader(principal, under: policy),
                    limits: self.server.sessionLimits), connection: self.connection)
        }

        /// Lets the client say something, and returns what it is told until nothing more comes.
        @discardableResult
        func say(_ text: String) -> [String] {
            self.server.receive(text, from: self.id)
            return self.hear()
        }

        func list(_ id: Int, _ conditions: String = "{}") -> [String] {
            self.say(
                #"{"type":"subscribe","id":\#(id),"model":"m","action":"list","view_kwargs":\#(conditions)}"#
            )
        }

        func retrieve(_ id: Int, _ lookup: String, _ conditions: String = "{}") -> [String] {
            self.say(
                #"{"type":"subscribe","id":\#(id),"model":"m","action":"retrieve","lookup_by":\#(lookup),"query_params":\#(conditions)}"#
            )
        }

        func hear() -> [String] {
            self.server.settle()
            return self.connection.takeMessages()
        }

        /// Publishes a change, and returns what the client is told: `7 UPDATED {…}` for a broadcast.
        @discardableResult
        func publish(
            _ action: Action = .updated, key: Int = 1, list: Int = 1, text: String = "a",
            owner: String = "ann"
        ) throws -> [String] {
            var builder = ChangesBuilder()
            builder.add(
                action, "m", key: .number(key),
                groups: [
                    ("id", .number(key)), ("list", .number(list)), ("text", .string(text)),
                    ("owner", .string(owner)),
                ], instance: #"{"id":\#(key),"text":"\#(text)","list":\#(list)}"#)
            try self.server.writer.commit(builder.finish())
            return self.hear().map(Self.brief)
        }

        private static func brief(_ message: String) -> String {
            let start = #"{"type":"broadcast","id":"#
            guard message.hasPrefix(start),
                let model = message.firstRange(of: #","model":"m","action":""#),
                let instance = message.firstRange(of: #"","instance":"#)
            else { return message }
            let id = message[..<model.lowerBound].dropFirst(start.count)
            let action = message[model.upperBound..<instance.lowerBound]
            return "\(id) \(action) \(message[instance.upperBound...].dropLast())"
        }
    }

    private func withClient(
        lookup: Text? = nil, _ principal: Principal = .anonymous,
        _ body: (Client) throws -> Void
    ) throws {
        try withTemporaryLog { writer in
            try body(Client(writer, lookup: lookup, principal))
        }
    }

    private static let notFound =
        #"{"type":"error","id":1,"code":404,"message":"Instance not found. Make sure 'lookup_by' is set to a valid ID"}"#

    private static func instance(_ key: Int, _ text: String = "a") -> String {
        #"{"id":\#(key),"text":"\#(text)"}"#
    }

    @Test func aListIsToldOfItsSet() throws {
        try self.withClient { (client: Client) throws in
            #expect(client.list(7, #"{"l":1}"#) == [])
            #expect(try client.publish(.created) == ["7 CREATED \(Self.instance(1))"])
            #expect(try client.publish(text: "b") == ["7 UPDATED \(Self.instance(1, "b"))"])
            #expect(try client.publish(list: 2) == [#"7 DELETED {"pk":1,"id":1}"#])
            #expect(try client.publish(list: 2) == [])
            // Entering is a creation, whatever the row's own action.
            #expect(try client.publish(list: 1) == ["7 CREATED \(Self.instance(1))"])
            #expect(try client.publish(.deleted) == [#"7 DELETED {"pk":1,"id":1}"#])
            #expect(client.say(#"{"type":"unsubscribe","id":7}"#) == [])
            #expect(try client.publish(.created) == [])
        }
    }

    @Test func twoNumbersOfOneSetAreToldInTheirOrder() throws {
        try self.withClient { (client: Client) throws in
            _ = (client.list(1, #"{"list":1}"#), client.list(2, #"{"list":1}"#))
            #expect(
                try client.publish()
                    == ["1 CREATED \(Self.instance(1))", "2 CREATED \(Self.instance(1))"])
            client.say(#"{"type":"unsubscribe","id":1}"#)
            #expect(try client.publish() == ["2 UPDATED \(Self.instance(1))"])
            client.say(#"{"type":"unsubscribe","id":2}"#)
            #expect(try client.publish() == [])
        }
    }

    // MARK: - What was wrong with the original

    /// The first: a retrieve got every instance of the view.
    @Test func aRetrieveIsToldOfItsInstanceAlone() throws {
        try self.withClient { (client: Client) throws in
            try client.publish(key: 1)
            try client.publish(key: 2)
            #expect(client.retrieve(1, "1") == [])
            #expect(try client.publish(key: 2) == [])
            #expect(try client.publish(key: 3) == [])
            #expect(try client.publish(key: 1) == ["1 UPDATED \(Self.instance(1))"])
            #expect(try client.publish(.deleted, key: 1) == [#"1 DELETED {"pk":1,"id":1}"#])
        }
    }

    /// The second: an instance that one subscription does not see kept the others from being told.
    @Test func whatOneSubscriptionDoesNotWantIsNoneOfTheOthersAffair() throws {
        try self.withClient { (client: Client) throws in
            for (id, list) in [(1, 5), (2, 1), (3, 6), (4, 1)] {
                #expect(client.list(id, #"{"list":\#(list)}"#) == [])
            }
            #expect(
                try client.publish()
                    == ["2 CREATED \(Self.instance(1))", "4 CREATED \(Self.instance(1))"])
        }
    }

    /// The third: an instance that was never in the set was told as deleted.
    @Test func whatWasNeverInTheSetDoesNotLeaveIt() throws {
        try self.withClient { (client: Client) throws in
            try client.publish(key: 1, text: "other")
            #expect(client.list(1, #"{"text":"special"}"#) == [])
            #expect(try client.publish(key: 1, text: "other") == [])
            #expect(try client.publish(.deleted, key: 1, text: "other") == [])
        }
    }

    /// The fourth: what was refused was subscribed to nevertheless.
    @Test func whatIsRefusedIsNotSubscribedTo() throws {
        try self.withClient { (client: Client) throws in
            let refusal = client.say(#"{"type":"subscribe","id":1,"model":"m","action":"update"}"#)
            #expect(refusal.count == 1 && refusal[0].contains(#""code":400"#))
            #expect(try client.publish() == [])
            #expect(client.say(#"{"type":"unsubscribe","id":1}"#).count == 1)
        }
    }

    /// The fifth: two subscriptions of one number, of which one was ended, crashed at the next change.
    @Test func aNumberCanBeUsedTwiceAndIsEndedOnce() throws {
        try self.withClient { (client: Client) throws in
            try client.publish()
            #expect(client.list(1) == [] && client.retrieve(1, "1") == [])
            #expect(
                try client.publish() == Array(repeating: "1 UPDATED \(Self.instance(1))", count: 2))
            #expect(client.say(#"{"type":"unsubscribe","id":1}"#) == [])
            #expect(try client.publish() == [])
            #expect(client.connection.closeCode == nil)
        }
    }

    /// The sixth: `view_kwargs` with the property that is looked up by overruled `lookup_by`.
    @Test func lookupByIsNotOverruled() throws {
        try self.withClient { (client: Client) throws in
            try client.publish(key: 1)
            try client.publish(key: 2)
            #expect(client.retrieve(1, "1", #"{"pk":2}"#) == [Self.notFound])
            #expect(client.retrieve(1, "1", #"{"pk":1}"#) == [])
            #expect(try client.publish(key: 2) == [])
            #expect(try client.publish(key: 1).count == 1)
        }
    }

    /// The seventh: keys that are no integers.
    @Test func keysAreOfAnyKind() throws {
        try self.withClient { (client: Client) throws in
            func publish(_ action: Action) throws -> [String] {
                var builder = ChangesBuilder()
                builder.add(
                    action, "m", key: .string("6f1c"), groups: [("id", .string("6f1c"))],
                    instance: "{}")
                try client.server.writer.commit(builder.finish())
                return client.hear()
            }
            _ = try publish(.created)
            #expect(client.retrieve(1, #""6f1c""#) == [])
            #expect(try publish(.updated).count == 1)
            #expect(
                try publish(.deleted) == [
                    #"{"type":"broadcast","id":1,"model":"m","action":"DELETED","instance":{"pk":"6f1c","id":"6f1c"}}"#
                ])
        }
    }

    /// The eighth: a row that was gone when it was evaluated. Here a change carries its instance.
    @Test func changesOfOneBatchAreAllTold() throws {
        try self.withClient { (client: Client) throws in
            _ = client.list(1)
            var builder = ChangesBuilder()
            for action in [Action.created, .updated, .deleted] {
                builder.add(
                    action, "m", key: .number(1), groups: [("id", .number(1))],
                    instance: #"{"id":1,"text":"a"}"#)
            }
            try client.server.writer.commit(builder.finish())
            let actions = client.hear().map { message in
                Action.allCases.first { message.contains("\"action\":\"\($0.name)\"") }
            }
            #expect(actions == [.created, .updated, .deleted])
        }
    }

    // MARK: - Instances that are looked up

    @Test(arguments: ["9", #""abc""#, "true", "null", "[1]", #""""#])
    func whatIsNotThereIsNotFound(lookup: String) throws {
        for property in [nil, "text"] as [Text?] {
            try self.withClient(lookup: property) { (client: Client) throws in
                try client.publish(key: 1)
                #expect(client.retrieve(1, lookup) == [Self.notFound])
            }
        }
    }

    @Test func whatWasDeletedOrIsNotSeenIsNotFound() throws {
        try self.withClient(Principal(origin: .token, subject: "bob")) { (client: Client) throws in
            try client.publish(key: 1, owner: "ann")
            try client.publish(key: 2, owner: "bob")
            try client.publish(key: 3, owner: "bob")
            try client.publish(.deleted, key: 3, owner: "bob")
            #expect(client.retrieve(1, "1") == [Self.notFound])
            #expect(client.retrieve(1, "3") == [Self.notFound])
            #expect(client.retrieve(1, "2", #"{"list":9}"#) == [Self.notFound])
            #expect(client.retrieve(2, "2") == [])
            #expect(try client.publish(key: 1, owner: "ann") == [])
            #expect(try client.publish(key: 2, owner: "bob") == ["2 UPDATED \(Self.instance(2))"])
            // Somebody else's from now on.
            #expect(try client.publish(key: 2, owner: "ann") == [#"2 DELETED {"pk":2,"id":2}"#])
            #expect(try client.publish(key: 2, owner: "ann") == [])
        }
    }

    @Test func aRetrieveFollowsItsRowWhateverItIsLookedUpBy() throws {
        try self.withClient(lookup: "text") { (client: Client) throws in
            try client.publish(key: 1, text: "a")
            #expect(client.retrieve(1, #""a""#, #"{"text":"a"}"#) == [])
            #expect(try client.publish(key: 1, text: "b") == ["1 UPDATED \(Self.instance(1, "b"))"])
            // Another row takes the name, and is not the one that is followed.
            #expect(try client.publish(key: 2, text: "a") == [])
            #expect(
                try client.publish(.deleted, key: 1, text: "b") == [
                    #"1 DELETED {"text":"b","id":1}"#
                ])
            #expect(client.retrieve(2, #""a""#) == [])
            #expect(try client.publish(key: 2, text: "c") == ["2 UPDATED \(Self.instance(2, "c"))"])
            #expect(client.retrieve(1, #""a""#) == [Self.notFound])
            #expect(client.retrieve(1, #""b""#) == [Self.notFound])
        }
    }

    @Test func aNameThatWasTakenOverIsFoundWithItsOwner() throws {
        try self.withClient(lookup: "text") { (client: Client) throws in
            try client.publish(key: 1, text: "a")
            try client.publish(key: 2, text: "a")
            // The last record of the group is of the row that has left it.
            try client.publish(key: 1, text: "b")
            #expect(client.retrieve(1, #""a""#) == [])
            #expect(try client.publish(key: 1, text: "b") == [])
            #expect(try client.publish(key: 2, text: "a") == ["1 UPDATED \(Self.instance(2))"])
        }
    }

    @Test func aListIsToldOfTheLookupAsItsReaderKnewIt() throws {
        try self.withClient(lookup: "text") { (client: Client) throws in
            _ = client.list(1, #"{"list":1}"#)
            try client.publish(text: "old")
            #expect(
                try client.publish(list: 2, text: "new") == [#"1 DELETED {"text":"old","id":1}"#])
        }
    }

    // MARK: - With others

    /// Whoever reads slowly is told the same, in the same order.
    @Test func whoLagsIsToldTheSame() throws {
        try self.withClient { (client: Client) throws in
            _ = (client.list(1, #"{"list":1}"#), client.list(2))
            client.say(#"{"model":"m","property":"list","value":1}"#)
            client.connection.canTakeMore = false
            try client.publish(list: 1)
            let live = client.connection.closeCode
            for list in [2, 1, 1] { try client.publish(list: list) }
            #expect(try client.publish(.deleted, list: 1) == [])
            client.connection.canTakeMore = true
            _ = client.server.dispatcher.becomeWritable(client.id)
            let actions = client.hear().map { message in
                let action = Action.allCases.first { message.contains("\"action\":\"\($0.name)\"") }
                let id =
                    message.contains("\"id\":1,\"model\"")
                    ? "1" : message.contains("\"id\":2,\"model\"") ? "2" : "old"
                return "\(id) \(action?.name ?? "none")"
            }
            #expect(live == nil)
            #expect(
                actions == [
                    "2 UPDATED", "1 DELETED", "2 UPDATED", "1 CREATED", "old UPDATED",
                    "2 UPDATED", "1 UPDATED", "old UPDATED", "2 DELETED", "1 DELETED",
                    "old DELETED",
                ])
        }
    }

    /// Two clients of one request share what is made for them, unless something in it is another one.
    @Test func numbersAreEachClientsOwn() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let connections = (0..<3).map { _ in RecordingConnection() }
            for (number, connection) in zip([1, 1, 2], connections) {
                server.receive(
                    #"{"type":"subscribe","id":\#(number),"model":"m","action":"list"}"#,
                    from: server.open(connection, .restLive))
            }
            try server.append()
            server.settle()
            let starts = connections.map { $0.takeMessages().map { $0.prefix(27) } }
            #expect(
                starts == [1, 1, 2].map { [#"{"type":"broadcast","id":\#($0),"#.prefix(27)] })
        }
    }

    @Test func aStrictServerClosesForWhatIsNoFrame() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            for (isStrict, code) in [(false, nil), (true, CloseCode.internalError)] {
                let connection = RecordingConnection()
                let id = server.dispatcher.open(
                    Session(
                        dialect: .restLive, limits: server.sessionLimits,
                        restLive: RestLiveOptions(isStrict: isStrict)), connection: connection)
                server.receive("[]", from: id)
                #expect(connection.closeCode == code)
            }
        }
    }
}
