import LogModel
import LogStorage
import Replication
import TestSupport
import Testing

/// Readers of groups of which records are removed while the server runs.
struct RemovedRecordTests {
    /// A server whose log keeps its last segment only, as soon as it is told to.
    private func withServer(_ body: (Server) throws -> Void) throws {
        try withTemporaryDirectory(inMemory: true) { directory in
            let options = LogOptions(
                segmentByteCount: LogOptions.segmentByteCountMin,
                upkeep: Upkeep(coldAge: nil, retainByteCount: LogOptions.segmentByteCountMin))
            try body(Server(try Recovery.open(LogDirectory(directory), options: options).writer))
        }
    }

    private func removeOldSegments(_ server: Server) throws {
        let first = server.log.first
        while try server.writer.maintenance.step(now: 0) != nil {}
        #expect(server.log.first > first)
    }

    @Test func whoLaggedOnRemovedRecordsIsToldAndOthersGoOn() throws {
        try self.withServer { server in
            try server.append(1, list: 7)
            let slow = RecordingConnection()
            let lucky = RecordingConnection()
            slow.canTakeMore = false
            lucky.canTakeMore = false
            let slowID = server.open(slow)
            let luckyID = server.open(lucky)
            server.receive(#"{"subscribe":1,"model":"m","where":{"list":1}}"#, from: slowID)
            server.receive(#"{"subscribe":1,"model":"m","where":{"list":9}}"#, from: luckyID)
            // List 1 loses records that the blocked reader has not had; list 9 has none yet.
            try server.append(4, key: 2, list: 1, pad: 30_000)
            server.settle()
            try self.removeOldSegments(server)
            try server.append(1, key: 3, list: 9)
            try server.append(1, key: 4, list: 1)

            slow.canTakeMore = true
            lucky.canTakeMore = true
            _ = slow.takeMessages()
            _ = lucky.takeMessages()
            _ = server.dispatcher.becomeWritable(slowID)
            _ = server.dispatcher.becomeWritable(luckyID)
            server.settle()
            let told = slow.takeMessages()
            #expect(told.count == 1)
            #expect(told.first?.contains(#""reset":1"#) == true)
            #expect(told.first?.contains(#""reason":"retained""#) == true)
            #expect(lucky.takeOffsets() == [5])
            #expect(slow.closeCode == nil && lucky.closeCode == nil)
        }
    }

    @Test func aTokenBelowWhatIsKeptIsJudgedByItsGroup() throws {
        try self.withServer { server in
            try server.append(1, list: 7)
            let token = try server.log.token(at: Offset(1)).text
            try server.append(4, key: 2, list: 1, pad: 30_000)
            try self.removeOldSegments(server)
            try server.append(1, key: 3, list: 7)
            let first = Int(server.log.first.rawValue)
            #expect(first > 1)

            let same = RecordingConnection()
            let other = RecordingConnection()
            for (connection, list) in [(same, 7), (other, 1)] {
                server.receive(
                    #"{"subscribe":1,"model":"m","where":{"list":\#(list)},"from":"\#(token)"}"#,
                    from: server.open(connection))
            }
            server.settle()
            #expect(same.takeOffsets() == [5])
            let told = other.takeMessages()
            #expect(told.first?.contains(#""reason":"retained""#) == true)
        }
    }
}
