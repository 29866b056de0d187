import LogModel
import LogStorage
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

struct DispatcherTests {
    @Test func whoHasNothingToCatchUpWithIsLiveAtOnce() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            try server.append(2)
            server.settle()
            let connection = RecordingConnection()
            let id = server.open(connection)
            #expect(!server.receive(#"{"subscribe":7,"model":"m"}"#, from: id))
            let token = try writer.log.token(at: Offset(2)).text
            #expect(
                connection.takeMessages() == [
                    #"{"subscribed":7,"token":"\#(token)","plan":"group"}"#,
                    #"{"covered":7,"token":"\#(token)","live":true}"#,
                ])
            try server.append()
            server.settle()
            let next = try writer.log.token(at: Offset(3)).text
            #expect(
                connection.takeMessages() == [
                    #"{"changes":7,"token":"\#(next)","records":[{"offset":2,"action":"UPDATED","#
                        + #""change":"updated","key":1,"instance":{"pad":""}}]}"#
                ])
        }
    }

    @Test func whoBeginsAtTheStartCatchesUpAndIsToldSo() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            try server.append(3)
            let connection = RecordingConnection()
            let id = server.open(connection)
            #expect(server.receive(#"{"subscribe":7,"model":"m","from":"start"}"#, from: id))
            server.settle()
            let messages = connection.messages
            #expect(connection.takeOffsets() == [0, 1, 2])
            #expect(messages.count == 3)
            #expect(messages.last?.hasSuffix(#""live":true}"#) == true)
        }
    }

    @Test func batchesOfOneTurnShareAFrameIfTheSessionHasOneSubscription() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let alone = RecordingConnection()
            let several = RecordingConnection()
            server.receive(#"{"subscribe":1,"model":"m"}"#, from: server.open(alone))
            let id = server.open(several)
            server.receive(#"{"subscribe":1,"model":"m"}"#, from: id)
            server.receive(#"{"subscribe":2,"model":"m","where":{"list":1}}"#, from: id)
            _ = (alone.takeMessages(), several.takeMessages())
            try server.append(3)
            server.settle()
            #expect(alone.messages.count == 1)
            #expect(alone.takeOffsets() == [0, 1, 2])
            #expect(several.messages.count == 6)
            #expect(several.takeOffsets() == [0, 0, 1, 1, 2, 2])
        }
    }

    @Test(arguments: [
        (Refused.otherEpoch, "epoch"), (.otherChecksum, "epoch"),
        (.beyondTheEnd, "unknown-token"), (.beyondTheEndOfAnother, "epoch"),
    ])
    func aTokenThatIsNotOfThisLogIsRefused(refused: Refused, reason: String) throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            try server.append(3)
            server.settle()
            let connection = RecordingConnection()
            let id = server.open(connection)
            let token = refused.token(of: try writer.log.token(at: Offset(2))).text
            let request = #"{"subscribe":7,"model":"m","from":"\#(token)"}"#
            #expect(!server.receive(request, from: id))
            server.settle()
            let messages = connection.takeMessages()
            #expect(messages.count == 1)
            #expect(messages[0].hasPrefix(#"{"reset":7,"reason":"\#(reason)","message":""#))
            // The number is free again.
            server.receive(#"{"subscribe":7,"model":"m","from":"start"}"#, from: id)
            server.settle()
            #expect(connection.takeOffsets() == [0, 1, 2])
        }
    }

    @Test func aRestLiveClientGetsNoOlderRecordAfterANewerOne() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.postingsMax = 1
            let server = Server(writer, limits: limits)
            let connection = RecordingConnection()
            let id = server.open(connection, .restLive)
            server.receive(#"{"model":"m","property":"list","value":1}"#, from: id)
            connection.canTakeMore = false
            for list in 1...4 { try server.append(key: list, list: 1) }
            server.settle()
            #expect(connection.takeMessages().count == 4)
            try server.append(4, key: 5, list: 1)
            server.settle()
            connection.canTakeMore = true
            #expect(server.dispatcher.becomeWritable(id))
            server.receive(#"{"model":"m","property":"list","value":2}"#, from: id)
            try server.append(key: 6, list: 2)
            server.settle()
            let values = connection.takeMessages().map { String($0.suffix(2)) }
            #expect(values == ["1}", "1}", "1}", "1}", "2}"])
        }
    }

    @Test func progressWithoutAMatchIsToldOnce() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let connection = RecordingConnection()
            let id = server.open(connection)
            server.receive(#"{"subscribe":1,"model":"m","where":{"list":2}}"#, from: id)
            try server.append(2, list: 1)
            server.settle()
            _ = connection.takeMessages()
            // The first look is soon after the last word.
            #expect(!server.dispatcher.tellProgress())
            #expect(server.dispatcher.tellProgress())
            server.settle()
            #expect(!server.dispatcher.tellProgress())
            server.settle()
            let token = try writer.log.token(at: Offset(2)).text
            #expect(
                connection.takeMessages() == [#"{"covered":1,"token":"\#(token)","live":true}"#])
        }
    }

    @Test func nothingIsWrittenForASessionThatIsGone() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let gone = RecordingConnection()
            let id = server.open(gone)
            server.receive(#"{"subscribe":1,"model":"m"}"#, from: id)
            server.receive(#"{"subscribe":2,"model":"m","from":"start"}"#, from: id)
            try server.append()
            _ = gone.takeMessages()
            server.dispatcher.close(id)
            #expect(server.dispatcher.sessionCount == 0)
            let connection = RecordingConnection()
            let next = server.open(connection)
            #expect(server.dispatcher.sessionCount == 1)
            server.settle()
            _ = server.dispatcher.tellProgress()
            #expect(gone.messages.isEmpty)
            // The place in the table is used again, and what was there means nothing to it.
            #expect(connection.messages.isEmpty)
            #expect(!server.dispatcher.becomeWritable(next))
            #expect(server.dispatcher.drain(9, reason: "the end") == 0)
            #expect(connection.closeCode == .goingAway)
            #expect(gone.closeCode == nil)
        }
    }

    /// A token that the log did not give.
    enum Refused: CaseIterable {
        case otherEpoch, otherChecksum, beyondTheEnd, beyondTheEndOfAnother

        func token(of token: ResumeToken) -> ResumeToken {
            let other = Epoch(token.epoch.rawValue ^ 1)
            return switch self {
            case .otherEpoch:
                ResumeToken(epoch: other, next: token.next, checksum: token.checksum)
            case .otherChecksum:
                ResumeToken(epoch: token.epoch, next: token.next, checksum: token.checksum ^ 1)
            case .beyondTheEnd: ResumeToken(epoch: token.epoch, next: Offset(99), checksum: 1)
            case .beyondTheEndOfAnother: ResumeToken(epoch: other, next: Offset(99), checksum: 1)
            }
        }
    }
}
