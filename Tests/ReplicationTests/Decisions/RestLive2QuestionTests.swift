import Access
import LogModel
import LogStorage
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// Instances that are retrieved while it is not decided whether they are seen.
struct RestLive2QuestionTests {
    private static func policy(_ question: String?) -> AccessPolicy {
        AccessPolicy(
            models: [
                ModelPolicy(
                    model: "m", groups: ["slug"], lookup: "slug",
                    views: [.init(view: .whole, rule: .authenticated, question: question)],
                    publish: .everyone)
            ], isOpen: false)
    }

    private static let ann = Principal(origin: .token, subject: "ann")
    private static let retrieve =
        #"{"type":"subscribe","id":1,"model":"m","action":"retrieve","lookup_by":"a"}"#
    private static let notFound =
        #"{"type":"error","id":1,"code":404,"message":"Instance not found. Make sure 'lookup_by' is set to a valid ID"}"#

    /// A server with one instance, an application, and a client that has asked for the instance.
    private struct World {
        let server: Server
        let application: DecidingApplication
        let connection = RecordingConnection()
        let id: Dispatcher.SessionID

        init(_ writer: LogWriter, isAllowed: Bool) throws {
            self.server = Server(writer)
            self.application = DecidingApplication(for: self.server, seed: 1) { _, _ in isAllowed }
            self.id = self.server.dispatcher.open(
                Session(
                    dialect: .restLive,
                    reader: Reader(
                        RestLive2QuestionTests.ann, under: RestLive2QuestionTests.policy("may see")),
                    limits: self.server.sessionLimits), connection: self.connection)
            try self.publish()
            self.server.settle()
            self.server.receive(RestLive2QuestionTests.retrieve, from: self.id)
        }

        func publish() throws {
            var builder = ChangesBuilder()
            builder.add(
                .updated, "m", key: .number(1),
                groups: [("id", .number(1)), ("slug", .string("a"))], instance: "{}")
            try self.server.writer.commit(builder.finish())
        }
    }

    @Test(arguments: [true, false])
    func nothingIsSaidBeforeItIsDecided(isAllowed: Bool) throws {
        try withTemporaryLog { writer in
            let world = try World(writer, isAllowed: isAllowed)
            world.server.settle()
            #expect(world.application.isAsked)
            #expect(world.connection.takeMessages() == [])
            world.application.settle(world.server)
            #expect(world.connection.takeMessages() == (isAllowed ? [] : [Self.notFound]))
            try world.publish()
            world.application.settle(world.server)
            let told = world.connection.takeMessages()
            #expect(told.map { $0.contains(#""action":"UPDATED""#) } == (isAllowed ? [true] : []))
        }
    }

    @Test func whoTakesItBackBeforeIsToldNothing() throws {
        try withTemporaryLog { writer in
            let world = try World(writer, isAllowed: true)
            world.server.receive(#"{"type":"unsubscribe","id":1}"#, from: world.id)
            world.application.settle(world.server)
            try world.publish()
            world.application.settle(world.server)
            #expect(world.connection.takeMessages() == [])
        }
    }

    @Test func whoIsGoneBeforeIsForgotten() throws {
        try withTemporaryLog { writer in
            let world = try World(writer, isAllowed: true)
            world.server.dispatcher.close(world.id)
            // Another session at its place, which waits for nothing.
            let other = RecordingConnection()
            _ = world.server.open(other, .restLive)
            world.application.settle(world.server)
            try world.publish()
            world.application.settle(world.server)
            #expect(world.connection.takeMessages() == [] && other.takeMessages() == [])
        }
    }

    /// Nobody is asked any more, or everybody is refused: whatever holds when the answer comes.
    @Test(arguments: [true, false])
    func whatIsSeenMeanwhileCounts(isSeen: Bool) throws {
        try withTemporaryLog { writer in
            let world = try World(writer, isAllowed: false)
            let reader = Reader(isSeen ? Self.ann : .anonymous, under: Self.policy(nil))
            _ = world.server.dispatcher.become(reader, world.id)
            world.application.settle(world.server)
            #expect(world.connection.takeMessages() == (isSeen ? [] : [Self.notFound]))
            try world.publish()
            world.application.settle(world.server)
            #expect(world.connection.takeMessages().count == (isSeen ? 1 : 0))
        }
    }

    @Test func whoGetsNoAnswerComesAgain() throws {
        try withTemporaryLog { writer in
            let world = try World(writer, isAllowed: true)
            world.application.fail()
            #expect(world.connection.closeCode == .tryAgainLater)
        }
    }
}
