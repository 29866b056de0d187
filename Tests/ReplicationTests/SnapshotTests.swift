import LogModel
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// A snapshot, and then the stream from exactly there, while writes go on.
struct SnapshotTests {
    private static let request =
        #"{"subscribe":1,"model":"m","where":{"list":1},"from":"snapshot"}"#

    @Test func aSnapshotComesInPagesAsTheSocketTakesThemAndThenTheStream() throws {
        try withTemporaryLog { writer in
            var limits = SessionLimits()
            limits.frameByteCountGoal = 1000
            let server = Server(writer, sessionLimits: limits)
            for key in 0..<50 { try server.append(key: key, list: key % 2, pad: 100) }
            let connection = RecordingConnection()
            let id = server.open(connection)
            connection.canTakeMore = false
            server.receive(Self.request, from: id)
            var offsets: [Int] = connection.takeOffsets()
            // One page for each time that the socket can take more; what is written meanwhile comes afterwards.
            var pages = 0
            while offsets.count < 25 {
                let before = offsets.count
                _ = server.dispatcher.becomeWritable(id)
                server.settle()
                offsets += connection.takeOffsets()
                pages += 1
                try server.append(key: 100 + pages, list: 1)
                try #require(offsets.count > before)
                #expect(connection.writes.last ?? 0 < 2000)
            }
            #expect(pages > 2)
            connection.canTakeMore = true
            _ = server.dispatcher.becomeWritable(id)
            server.settle()
            offsets += connection.takeOffsets()
            #expect(offsets == Array(stride(from: 1, to: 50, by: 2)) + Array(50..<50 + pages))
        }
    }

    @Test func manyWhoAskAtOnceGetOneSnapshot() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            for key in 0..<20 { try server.append(key: key) }
            let connections = (0..<10).map { _ in RecordingConnection() }
            for connection in connections {
                server.receive(Self.request, from: server.open(connection))
                try server.append(key: 7)
            }
            server.settle()
            let snapshots = connections.map { $0.messages.dropFirst().first }
            #expect(snapshots[0]?.hasPrefix(#"{"snapshot":1,"records":["#) == true)
            #expect(snapshots.allSatisfy { $0 == snapshots[0] })
            for connection in connections {
                #expect(connection.takeOffsets().suffix(10) == Array(20..<30)[...])
            }
        }
    }

    @Test func aSnapshotThatIsTooLargeIsRefused() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.snapshotInstancesMax = 5
            let server = Server(writer, limits: limits)
            for key in 0..<20 { try server.append(key: key) }
            let connection = RecordingConnection()
            server.receive(Self.request, from: server.open(connection))
            server.settle()
            #expect(
                connection.takeMessages().last?.hasPrefix(
                    #"{"reset":1,"reason":"snapshot-too-large","message":"the snapshot has more than 5 "#
                )
                    == true)
        }
    }

    @Test func whoDoesNotReadItsSnapshotIsClosedInTheEnd() throws {
        try withTemporaryLog { writer in
            var limits = SessionLimits()
            limits.frameByteCountGoal = 1000
            let server = Server(writer, sessionLimits: limits)
            for key in 0..<50 { try server.append(key: key, pad: 100) }
            let connection = RecordingConnection()
            let id = server.open(connection)
            server.receive(Self.request, from: id)
            connection.canTakeMore = false
            server.settle()
            for _ in 0..<12 { _ = server.dispatcher.tellProgress() }
            #expect(connection.closeCode == nil)
            _ = server.dispatcher.tellProgress()
            #expect(connection.closeCode == .unread)
        }
    }

    @Test func aScanIsSaidToBeOneAndCanBeRefused() throws {
        try withTemporaryLog { writer in
            let request = #"{"subscribe":1,"model":"m","where":{"list":{">":1}}}"#
            let server = Server(writer)
            let connection = RecordingConnection()
            server.receive(request, from: server.open(connection))
            #expect(connection.takeMessages().first?.hasSuffix(#","plan":"scan"}"#) == true)

            var limits = SessionLimits()
            limits.allowsScans = false
            let strict = Server(writer, sessionLimits: limits)
            let refused = RecordingConnection()
            let id = strict.open(refused)
            strict.receive(request, from: id)
            #expect(
                refused.takeMessages().first?.hasPrefix(#"{"error":1,"code":"unindexed","#) == true)
            strict.receive(
                #"{"subscribe":1,"model":"m","where":{"list":{">":1},"a":1}}"#, from: id)
            #expect(refused.takeMessages().first?.hasSuffix(#","plan":"residual"}"#) == true)
        }
    }

    @Test func theServersOwnBudgetHoldsToo() throws {
        try withTemporaryLog { writer in
            var limits = SessionLimits()
            limits.replayedRecordsMax = 3
            let server = Server(writer, sessionLimits: limits)
            try server.append(4)
            let connection = RecordingConnection()
            let id = server.open(connection)
            server.receive(#"{"subscribe":1,"model":"m","from":"start","budget":100}"#, from: id)
            server.receive(#"{"subscribe":2,"model":"m","from":{"offset":1}}"#, from: id)
            let answers = connection.takeMessages()
            #expect(answers[0] == #"{"subscribed":1,"plan":"group","snapshot":"budget"}"#)
            #expect(answers[1].hasPrefix(#"{"subscribed":2,"token":"#))
        }
    }
}
