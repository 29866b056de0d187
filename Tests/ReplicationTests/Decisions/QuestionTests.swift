import Access
import LogModel
import LogStorage
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// Subscriptions of which the application decides what is seen, while it does not.
struct QuestionTests {
    /// Whoever asks for a list sees of it what is allowed; everybody sees notices.
    private static let policy = AccessPolicy(
        models: [
            ModelPolicy(
                model: "m", groups: ["list"],
                views: [.init(view: .whole, rule: .everyone, question: "may see")],
                publish: .everyone),
            ModelPolicy(
                model: "notice", groups: ["list"], views: [.init(view: .whole, rule: .everyone)],
                publish: .everyone),
        ], isOpen: false)

    private static func open(
        _ connection: RecordingConnection, on server: Server, as dialect: Dialect = .livelog1,
        _ subject: String = "ann"
    ) -> Dispatcher.SessionID {
        let principal = Principal(origin: .token, subject: subject)
        return server.dispatcher.open(
            Session(
                dialect: dialect, reader: Reader(principal, under: Self.policy),
                limits: server.sessionLimits), connection: connection)
    }

    private static func subscribe(_ start: String = "now") -> String {
        #"{"subscribe":1,"model":"m","where":{"list":1},"from":"\#(start)"}"#
    }

    /// A change of an instance that can be found by its key.
    private static func task(_ key: Int) -> Changes {
        var builder = ChangesBuilder()
        builder.add(
            .updated, "m", key: .number(key),
            groups: [("id", .number(key)), ("list", .number(1))], instance: "{}")
        return builder.finish()
    }

    private static func notice() -> Changes {
        var builder = ChangesBuilder()
        builder.add(
            .created, "notice", key: .number(1), groups: [("list", .number(1))], instance: "{}")
        return builder.finish()
    }

    /// It is told that it is live, and hears nothing of what is not decided, also of what comes after it.
    @Test func nothingIsSentThatIsNotDecided() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let application = DecidingApplication(for: server, seed: 1) { _, question in
                question.offset != Offset(1)
            }
            let connection = RecordingConnection()
            let id = Self.open(connection, on: server)
            server.receive(Self.subscribe(), from: id)
            #expect(connection.takeMessages().last?.contains(#""live":true"#) == true)
            for key in 0..<4 {
                try server.append(key: key)
                server.settle()
            }
            #expect(connection.takeMessages() == [])
            application.settle(server)
            #expect(connection.takeOffsets() == [0, 2, 3])
            // Other lists are nobody's question.
            let before = application.questionCount
            try server.append(list: 2)
            server.settle()
            #expect(!application.isAsked)
            #expect(application.questionCount == before)
        }
    }

    /// Whoever was shown an instance is told that it is not theirs any more, by a key; nobody else is.
    @Test func onlyWhoWasShownAnInstanceHearsThatItLeft() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let application = DecidingApplication(for: server, seed: 1) { principal, question in
                principal.subject == "ann" && question.offset == Offset(0)
            }
            let (ann, bob) = (RecordingConnection(), RecordingConnection())
            server.receive(Self.subscribe(), from: Self.open(ann, on: server))
            server.receive(Self.subscribe(), from: Self.open(bob, on: server, "bob"))
            _ = (ann.takeMessages(), bob.takeMessages())
            try server.append()
            try server.append()
            application.settle(server)
            let messages = ann.takeMessages()
            #expect(messages.flatMap { Delivery.changes(in: $0) } == ["0 entered", "1 left"])
            #expect(messages.joined().contains(#""change":"left","key":1}"#))
            #expect(bob.takeMessages() == [])
        }
    }

    /// Without an answer the session is closed so that its client comes again; it then gets everything.
    @Test func whoGetsNoAnswerComesAgainAndMissesNothing() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let application = DecidingApplication(for: server, seed: 1) { _, _ in true }
            let connection = RecordingConnection()
            server.receive(Self.subscribe(), from: Self.open(connection, on: server))
            let token = try #require(connection.takeMessages().compactMap(Delivery.token).last)
            try server.append(3)
            server.settle()
            application.fail()
            server.settle()
            #expect(connection.takeMessages() == [])
            #expect(connection.closeCode == .tryAgainLater)
            let again = RecordingConnection()
            server.receive(Self.subscribe(token.text), from: Self.open(again, on: server))
            application.settle(server)
            #expect(again.takeOffsets() == [0, 1, 2])
        }
    }

    /// A snapshot nobody decides about ends in the same way, for all who share it.
    @Test func aSnapshotThatIsNotDecidedIsNotSent() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let application = DecidingApplication(for: server, seed: 1) { _, question in
                question.offset.rawValue % 2 == 0
            }
            for key in 0..<200 { try server.append(key: key) }
            let both = [RecordingConnection(), RecordingConnection()]
            for connection in both {
                server.receive(
                    Self.subscribe("snapshot"), from: Self.open(connection, on: server))
            }
            server.settle()
            #expect(application.isAsked)
            application.fail()
            server.settle()
            for connection in both {
                #expect(connection.closeCode == .tryAgainLater)
                #expect(connection.takeOffsets() == [])
            }
            let again = RecordingConnection()
            server.receive(Self.subscribe("snapshot"), from: Self.open(again, on: server))
            application.settle(server)
            #expect(again.takeOffsets() == (0..<100).map { 2 * $0 })
        }
    }

    /// A client of rest-live 1 cannot tell which subscription a frame is of: so what is decided already waits for what is
    /// not.
    @Test func framesOfRestLive1StayInOrder() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let application = DecidingApplication(for: server, seed: 1) { _, _ in true }
            let connection = RecordingConnection()
            let id = Self.open(connection, on: server, as: .restLive)
            for model in ["notice", "m"] {
                server.receive(
                    #"{"model":"\#(model)","property":"list","value":1}"#, from: id)
            }
            server.settle()
            for _ in 0..<3 {
                try server.append()
                try server.append(Self.notice())
            }
            server.settle()
            #expect(connection.takeMessages() == [])
            application.settle(server)
            let models = connection.takeMessages().map { $0.contains(#""model":"notice""#) }
            #expect(models == [false, true, false, true, false, true])
            // When the one that is asked about is over, the other is live as always.
            server.receive(
                #"{"unsubscribe":true,"model":"m","property":"list","value":1}"#, from: id)
            for _ in 0..<2 {
                try server.append()
                try server.append(Self.notice())
            }
            server.settle()
            #expect(connection.takeMessages().count == 2)
            #expect(!application.isAsked)
        }
    }

    /// Who goes, unsubscribes or cannot take more while it is asked is not harmed by the answer.
    @Test(arguments: ["close", "unsubscribe", "block", "another"])
    func whatHappensMeanwhileIsNotUndone(_ what: String) throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let application = DecidingApplication(for: server, seed: 1) { _, _ in true }
            let connection = RecordingConnection()
            let id = Self.open(connection, on: server)
            server.receive(Self.subscribe(), from: id)
            _ = connection.takeMessages()
            try server.append()
            server.settle()
            var next: RecordingConnection?
            switch what {
            case "close": server.dispatcher.close(id)
            case "unsubscribe": server.receive(#"{"unsubscribe":1}"#, from: id)
            case "block": connection.canTakeMore = false
            default:
                // Its place is somebody else's by now.
                server.dispatcher.close(id)
                let other = RecordingConnection()
                server.receive(Self.subscribe(), from: Self.open(other, on: server, "bob"))
                next = other
            }
            _ = connection.takeMessages()
            application.settle(server)
            try server.append()
            application.settle(server)
            switch what {
            case "block":
                connection.canTakeMore = true
                _ = server.dispatcher.becomeWritable(id)
                application.settle(server)
                #expect(connection.takeOffsets() == [0, 1])
            default: #expect(connection.takeOffsets() == [])
            }
            if let next { #expect(next.takeOffsets() == [1]) }
        }
    }

    /// An instance that the application does not show is answered like one that there is not, when that is decided.
    @Test func whoRetrievesIsAnsweredWhenItIsDecided() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let application = DecidingApplication(for: server, seed: 1) { _, question in
                question.offset != Offset(1)
            }
            for key in 0..<3 { try server.append(Self.task(key)) }
            let connection = RecordingConnection()
            let id = Self.open(connection, on: server, as: .restLive)
            for key in [0, 1, 2, 7] {
                server.receive(
                    #"{"type":"subscribe","id":\#(key),"action":"retrieve","model":"m","lookup_by":\#(key)}"#,
                    from: id)
            }
            server.settle()
            let missing = connection.takeMessages()
            #expect(missing.count == 1 && missing[0].contains(#""id":7,"code":404"#))
            // One that was taken back before the answer came, and one that takes its place.
            server.receive(#"{"type":"unsubscribe","id":0}"#, from: id)
            // What happens until then is not missed.
            try server.append(Self.task(2))
            application.settle(server)
            let answers = connection.takeMessages().sorted()
            #expect(answers.count == 2)
            #expect(answers.first?.contains(#""type":"broadcast","id":2,"#) == true)
            #expect(answers.last?.contains(#""type":"error","id":1,"code":404"#) == true)
            for key in 0..<3 { try server.append(Self.task(key)) }
            application.settle(server)
            let told = connection.takeMessages()
            #expect(told.count == 1 && told[0].contains(#""id":2"#))
        }
    }

    /// What was before a record is gone: then nobody knows whether its reader has to be told that it left.
    @Test func whoMayHaveMissedALeaveBeginsAnew() throws {
        try withTemporaryDirectory(inMemory: true) { directory in
            let options = LogOptions(
                segmentByteCount: LogOptions.segmentByteCountMin,
                upkeep: Upkeep(coldAge: nil, compactAge: 1))
            let writer = try Recovery.open(LogDirectory(directory), options: options).writer
            let server = Server(writer)
            let application = DecidingApplication(for: server, seed: 1) { _, question in
                question.offset.rawValue < 2
            }
            try server.append(key: 1, pad: 6000)
            let token = try server.log.token(at: Offset(1)).text
            try server.append(20, key: 2, list: 2, pad: 6000)
            try server.append(key: 1)
            try server.append(20, key: 2, list: 2, pad: 6000)
            while try writer.maintenance.step(now: 1000) != nil {}
            let isGone = try server.log.withRecord(at: .zero) { _ in true } == nil
            #expect(isGone)
            // The desk says so of what it cannot read.
            server.decisions.note(
                .gone,
                on: RecordQuestion(
                    Question(
                        name: "may see",
                        asker: Principal(origin: .token, subject: "ann").identity), about: .zero))
            let connection = RecordingConnection()
            server.receive(Self.subscribe(token), from: Self.open(connection, on: server))
            application.settle(server)
            #expect(connection.takeMessages().last?.contains(#""reason":"retained""#) == true)
        }
    }

    /// It hears now and then that it lives, with a token of where the loop is.
    @Test func whoFollowsIsToldThatItLives() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let application = DecidingApplication(for: server, seed: 1) { _, _ in true }
            let connection = RecordingConnection()
            server.receive(Self.subscribe(), from: Self.open(connection, on: server))
            _ = connection.takeMessages()
            try server.append(5, list: 2)
            application.settle(server)
            for _ in 0..<2 { _ = server.dispatcher.tellProgress() }
            let told = connection.takeMessages()
            #expect(told.count == 1)
            #expect(told.compactMap(Delivery.token).map(\.next) == [Offset(5)])
            let counters = server.dispatcher.counters
            #expect(counters.liveSessions == 1)
            #expect(counters.deepestLag == 0)
        }
    }
}
