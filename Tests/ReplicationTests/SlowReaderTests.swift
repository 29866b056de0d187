import LogModel
import LogStorage
import Replication
import TestSupport
import Testing
import WireProtocol

/// A socket that cannot be written to is a cursor further back in the log, and costs nothing else.
struct SlowReaderTests {
    @Test func aBlockedSessionIsGivenNothingWhateverIsAppended() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.catchUpByteCountMax = 10_000
            let server = Server(writer, limits: limits)
            let connection = RecordingConnection()
            let id = server.open(connection)
            server.receive(#"{"subscribe":1,"model":"m"}"#, from: id)
            connection.canTakeMore = false
            try server.append()
            server.settle()
            #expect(connection.takeOffsets() == [0])
            let written = connection.writes.count

            try server.append(500, pad: 1000)
            #expect(server.settle() >= 1)
            _ = server.dispatcher.tellProgress()
            #expect(connection.writes.count == written)

            // Then it comes in pieces, one for each time that the socket can take more.
            var offsets: [Int] = []
            while offsets.count < 500 {
                let before = offsets.count
                #expect(server.dispatcher.becomeWritable(id))
                server.settle()
                offsets += connection.takeOffsets()
                #expect(connection.writes.last ?? 0 <= 12_000)
                try #require(offsets.count > before)
            }
            #expect(offsets == Array(1...500))
            #expect(connection.writes.count >= written + 50)
        }
    }

    @Test func whoAsksOnAndReadsNothingIsClosed() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let connection = RecordingConnection()
            let id = server.open(connection)
            connection.canTakeMore = false
            for _ in 0..<5000 where connection.closeCode == nil {
                server.receive(#"{"subscribe":"#, from: id)
            }
            #expect(connection.closeCode == .unread)
            #expect(connection.writes.reduce(0, +) <= 66_000)
        }
    }

    @Test func whoAsksALotAndReadsIsServed() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let connection = RecordingConnection()
            let id = server.open(connection)
            connection.canTakeMore = false
            for number in 0..<5000 {
                server.receive(#"{"subscribe":"#, from: id)
                if number.isMultiple(of: 100) { _ = server.dispatcher.becomeWritable(id) }
            }
            #expect(connection.closeCode == nil)
            #expect(connection.takeMessages().count == 5000)
        }
    }

    @Test func aSlowSessionHoldsUpNoOther() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let slow = RecordingConnection()
            let fast = RecordingConnection()
            server.receive(#"{"subscribe":1,"model":"m"}"#, from: server.open(slow))
            server.receive(#"{"subscribe":1,"model":"m"}"#, from: server.open(fast))
            slow.canTakeMore = false
            for offset in 0..<20 {
                try server.append()
                #expect(server.settle() == 1)
                #expect(fast.takeOffsets() == [offset])
            }
            #expect(slow.takeOffsets() == [0])
        }
    }

    @Test func aTurnIsBoundedHoweverManyCatchUp() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.byteCountPerTurnMax = 20_000
            limits.catchUpByteCountMax = 5000
            let server = Server(writer, limits: limits)
            try server.append(20, pad: 1000)
            let connections = (0..<50).map { _ in RecordingConnection() }
            for connection in connections {
                server.receive(
                    #"{"subscribe":1,"model":"m","from":"start"}"#, from: server.open(connection))
            }
            let subscribed = connections.map { $0.writes.reduce(0, +) }.reduce(0, +)
            var total = subscribed
            var hasMore = true
            while hasMore {
                hasMore = server.dispatcher.turn()
                let sum = connections.map { $0.writes.reduce(0, +) }.reduce(0, +)
                #expect(sum - total <= 27_000)
                total = sum
            }
            for connection in connections {
                #expect(connection.takeOffsets() == Array(0..<20))
            }
        }
    }
}
