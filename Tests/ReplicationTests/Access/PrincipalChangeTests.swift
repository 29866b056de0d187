import Access
import LogModel
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// What becomes of a session when it is known who it is, when that is no longer known, and when rights change.
struct PrincipalChangeTests {
    private static let policy = AccessPolicy(
        models: [
            ModelPolicy(
                model: "m", views: [.init(view: .whole, rule: .authenticated)], publish: .everyone)
        ], isOpen: false)
    private static let alice = Principal(origin: .token, subject: "alice", expiry: 100)
    private static let request = #"{"subscribe":1,"model":"m"}"#

    private func open(
        _ principal: Principal, on server: Server
    ) -> (RecordingConnection, Dispatcher.SessionID) {
        let connection = RecordingConnection()
        let session = Session(
            dialect: .livelog1, reader: Reader(principal, under: Self.policy),
            limits: server.sessionLimits)
        return (connection, server.dispatcher.open(session, connection: connection))
    }

    @Test func aTokenIsHandedToTheConnectionAndItsUserMayAskThen() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let (connection, id) = self.open(.anonymous, on: server)
            server.receive(Self.request, from: id)
            #expect(connection.takeMessages().allSatisfy { $0.contains("\"forbidden\"") })
            server.receive(#"{"authenticate":"a token"}"#, from: id)
            #expect(connection.tokens == ["a token"])
            _ = server.dispatcher.become(Reader(Self.alice, under: Self.policy), id)
            server.dispatcher.acceptToken(of: id)
            #expect(
                connection.takeMessages() == [#"{"authenticated":"alice","expires":100}"#])
            server.receive(Self.request, from: id)
            try server.append()
            server.settle()
            #expect(connection.takeOffsets() == [0])
        }
    }

    @Test func whoIsNoLongerKnownIsClosedAtThatMoment() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let (connection, _) = self.open(Self.alice, on: server)
            let (other, _) = self.open(.anonymous, on: server)
            server.dispatcher.closeExpired(at: 99)
            #expect(connection.closeCode == nil)
            server.dispatcher.closeExpired(at: 100)
            #expect(connection.closeCode == .expired)
            #expect(other.closeCode == nil)
        }
    }

    @Test func whoseKeyWasRevokedIsClosed() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let key = Principal(
                origin: .apiKey, subject: "k", grant: KeyGrant(actions: [.read], models: nil))
            let (revoked, _) = self.open(key, on: server)
            let (alice, _) = self.open(Self.alice, on: server)
            let (nobody, _) = self.open(.anonymous, on: server)
            server.dispatcher.closeExpired(at: 0) { $0.subject != "k" }
            #expect(revoked.closeCode == .expired)
            #expect(alice.closeCode == nil)
            #expect(nobody.closeCode == nil)
        }
    }

    /// Rights that stay what they were are no change, though they are given anew.
    @Test func aPolicyThatSaysTheSameEndsNothing() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            func policy(_ fields: [Text]) -> AccessPolicy {
                AccessPolicy(
                    models: [
                        ModelPolicy(
                            model: "m",
                            views: [.init(view: View(name: "v", fields: fields), rule: .everyone)],
                            publish: .everyone)
                    ], isOpen: false)
            }
            let (connection, id) = self.open(.anonymous, on: server)
            _ = server.dispatcher.become(Reader(.anonymous, under: policy(["a"])), id)
            server.receive(Self.request, from: id)
            server.settle()
            _ = connection.takeMessages()
            _ = server.dispatcher.become(policy(["a"]))
            #expect(connection.takeMessages() == [])
            _ = server.dispatcher.become(policy(["a", "b"]))
            #expect(connection.takeMessages().allSatisfy { $0.contains("access-changed") })
        }
    }

    /// What an audience has for a session that it has not taken is of before.
    @Test func nothingOfBeforeIsSentAfterARevocation() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let (connection, id) = self.open(Self.alice, on: server)
            server.receive(Self.request, from: id)
            server.settle()
            _ = connection.takeMessages()
            connection.canTakeMore = false
            try server.append()
            server.settle()
            #expect(connection.takeOffsets() == [0])
            // The socket is full now: these are for later.
            for _ in 0..<20 { try server.append() }
            server.settle()
            _ = server.dispatcher.become(Reader(.anonymous, under: Self.policy), id)
            connection.canTakeMore = true
            _ = server.dispatcher.becomeWritable(id)
            server.settle()
            let after = connection.takeMessages()
            #expect(after.contains { $0.contains("access-changed") })
            #expect(!after.contains { $0.contains("\"offset\"") })
        }
    }
}
