import LogModel
import LogStorage
import Replication
import TestSupport
import Testing

/// Readers of groups of which records are removed while the server runs.
struct RemovedRecordTests {
    /// A server whose log keeps its last segment only, as soon as it is told to.
    private func withServer(
        limits: Dispatcher.Limits = Dispatcher.Limits(), _ body: (Server) throws -> Void
    ) throws {
        try withTemporaryDirectory(inMemory: true) { directory in
            let options = LogOptions(
                segmentByteCount: LogOptions.segmentByteCountMin,
                upkeep: Upkeep(coldAge: nil, retainByteCount: LogOptions.segmentByteCountMin))
            let writer = try Recovery.open(LogDirectory(directory), options: options).writer
            try body(Server(writer, limits: limits))
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

    /// The count ended with the segment that was removed under it, and what came after was within any budget.
    @Test func aBudgetIsKeptWhenRecordsAreRemovedWhileItIsCounted() throws {
        var limits = Dispatcher.Limits()
        limits.postingsMax = 10
        try self.withServer(limits: limits) { server in
            for key in 0..<330 { try server.append(key: key, pad: 1000) }
            let connection = RecordingConnection()
            server.receive(
                #"{"subscribe":1,"model":"m","from":"start","budget":20}"#,
                from: server.open(connection))
            #expect(connection.takeMessages().isEmpty, "it is still counted")
            try self.removeOldSegments(server)
            #expect(server.log.first > Offset(20) && server.log.first < Offset(310))
            server.settle()
            #expect(
                connection.takeMessages().first
                    == #"{"subscribed":1,"plan":"group","snapshot":"budget"}"#)
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

    /// An event loop that was held up finds records gone that live subscriptions have not had: they are told, and do not
    /// pass them by.
    @Test func whatCompactionTookBeforeTheLoopReadItIsTold() throws {
        try withTemporaryDirectory(inMemory: true) { directory in
            let options = LogOptions(
                segmentByteCount: LogOptions.segmentByteCountMin,
                upkeep: Upkeep(coldAge: nil, compactAge: 1))
            let writer = try Recovery.open(LogDirectory(directory), options: options).writer
            let server = Server(writer)
            let connections = [1, 2].map { list in
                let connection = RecordingConnection()
                server.receive(
                    #"{"subscribe":1,"model":"m","where":{"list":\#(list)}}"#,
                    from: server.open(connection))
                _ = connection.takeMessages()
                return connection
            }
            for step in 0..<20 {
                try server.append(key: 1, list: 1, pad: 6000)
                try server.append(key: 100 + step, list: 2)
            }
            while try writer.maintenance.step(now: 1000) != nil {}
            server.settle()
            let told = connections[0].takeMessages()
            #expect(told.count == 1)
            #expect(told.first?.hasPrefix(#"{"reset":1,"reason":"retained""#) == true)
            #expect(connections[1].takeOffsets() == (0..<20).map { 1 + 2 * $0 })
        }
    }

    /// Bug class 11: records of one filter are compacted away while a session of several lags, and its cursor
    /// passes by what the other filters want.
    @Test(arguments: [false, true])
    func compactionOfOneGroupTakesNothingFromAnother(resumes: Bool) throws {
        try withTemporaryDirectory(inMemory: true) { directory in
            let options = LogOptions(
                segmentByteCount: LogOptions.segmentByteCountMin,
                upkeep: Upkeep(coldAge: nil, compactAge: 1, tombstoneAge: 1))
            let writer = try Recovery.open(LogDirectory(directory), options: options).writer
            let server = Server(writer)
            var connection = RecordingConnection()
            var id = server.open(connection)
            let wanted = ["1", "2", #"{"in":[1,2,3]}"#, #"{"in":[2,3]}"#, "3", "4"]
            func subscribe(from place: String) {
                for (number, values) in wanted.enumerated() {
                    server.receive(
                        #"{"subscribe":\#(number),"model":"m","where":{"list":\#(values)},"#
                            + #""from":"\#(place)"}"#, from: id)
                }
            }
            if !resumes { subscribe(from: "now") }
            _ = connection.takeMessages()
            connection.canTakeMore = false
            // One instance of list 1 changes again and again; each one of the other lists is another.
            try server.append(key: 1, list: 1)
            server.settle()
            for step in 0..<40 {
                try server.append(key: 1, list: 1, pad: 6000)
                try server.append(key: 100 + step, list: 2 + step % 2, pad: 500)
                server.settle()
            }
            var removed = 0
            while let step = try writer.maintenance.step(now: 1000) {
                if case .compacted(_, let count) = step { removed += count }
            }
            #expect(removed > 20)
            if resumes {
                let token = try server.log.token(at: .zero).text
                connection = RecordingConnection()
                id = server.open(connection)
                subscribe(from: token)
            } else {
                connection.canTakeMore = true
                _ = server.dispatcher.becomeWritable(id)
            }
            server.settle()
            try server.append(key: 500, list: 2)
            try server.append(key: 501, list: 1)
            server.settle()

            let messages = connection.takeMessages()
            let lists = [[1], [2], [1, 2, 3], [2, 3], [3], [4]]
            for (number, own) in lists.enumerated() {
                let changes = messages.filter { $0.hasPrefix("{\"changes\":\(number),") }
                let resets = messages.filter { $0.hasPrefix("{\"reset\":\(number),") }
                var offsets = (0..<40).filter { own.contains(2 + $0 % 2) }.map { 2 + 2 * $0 }
                if own.contains(2) { offsets.append(81) }
                guard own.contains(1) else {
                    #expect(changes.flatMap(Delivery.offsets) == offsets, "\(own)")
                    #expect(resets.isEmpty, "\(own)")
                    continue
                }
                // It is told, once, and what it had before is not behind a gap.
                #expect(resets.count == 1, "\(own)")
                #expect(resets.first?.contains(#""reason":"retained""#) == true)
                let got = changes.flatMap(Delivery.offsets)
                #expect(got == Array(0..<got.count), "\(own)")
            }
            #expect(connection.closeCode == nil)
        }
    }
}
