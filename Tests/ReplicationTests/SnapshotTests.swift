import LogModel
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// A snapshot, and then the stream from exactly there, while writes go on.
struct SnapshotTests {
    private static let request = Self.request(list: 1)

    private static func request(list: Int) -> String {
        #"{"subscribe":1,"model":"m","where":{"list":\#(list)},"from":"snapshot"}"#
    }

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

    @Test func whoFindsNoRoomWaitsAndIsToldThatTheAnswerIsOnItsWay() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.summaryEntriesMax = 10
            var sessionLimits = SessionLimits()
            sessionLimits.frameByteCountGoal = 1000
            let server = Server(writer, limits: limits, sessionLimits: sessionLimits)
            for key in 0..<60 { try server.append(key: key, list: key % 3, pad: 100) }

            // The first one's snapshot fills the room, and is not read.
            let first = RecordingConnection()
            let holder = server.open(first)
            first.canTakeMore = false
            server.receive(Self.request(list: 0), from: holder)
            server.settle()
            let others = [1, 2].map { list in
                let connection = RecordingConnection()
                server.receive(Self.request(list: list), from: server.open(connection))
                return connection
            }
            server.settle()
            #expect(others.map { $0.takeMessages().count } == [1, 1])
            _ = server.dispatcher.tellProgress()
            for other in others {
                #expect(other.takeMessages() == [#"{"snapshot":1,"records":[],"more":true}"#])
            }
            #expect(server.dispatcher.counters.summarizingSessions == 2)

            // When it is gone the others have their turn, one after the other.
            #expect(server.dispatcher.close(holder))
            server.settle()
            #expect(others[0].takeOffsets() == Array(stride(from: 1, to: 60, by: 3)))
            #expect(others[1].takeOffsets() == Array(stride(from: 2, to: 60, by: 3)))
        }
    }

    @Test func whatNobodyWaitsForIsNotMadeOn() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.summariesMax = 1
            limits.postingsMax = 1
            let server = Server(writer, limits: limits)
            for key in 0..<60 { try server.append(key: key, list: key % 2) }
            let gone = RecordingConnection()
            let id = server.open(gone)
            server.receive(Self.request(list: 0), from: id)
            let waits = RecordingConnection()
            server.receive(Self.request(list: 1), from: server.open(waits))
            #expect(server.dispatcher.turn())
            server.receive(#"{"unsubscribe":1}"#, from: id)
            // One record a turn: what is left of the first one's would take thirty more.
            #expect(server.settle() < 50)
            #expect(waits.takeOffsets() == Array(stride(from: 1, to: 60, by: 2)))
            #expect(gone.takeMessages().last == #"{"unsubscribed":1}"#)
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
