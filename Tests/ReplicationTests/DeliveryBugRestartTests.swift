import LogModel
import LogStorage
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// What ``DeliveryBugTests`` is about, where logs are opened again, and where segments begin and end.
struct DeliveryBugRestartTests {
    /// Lets a server begin, end, and begin anew on the same directory.
    private func withRestart<Kept>(
        _ before: (Server) throws -> Kept, after: (Server, Kept) throws -> Void
    ) throws {
        try withTemporaryDirectory(inMemory: true) { directory in
            func run<Result>(_ body: (Server) throws -> Result) throws -> Result {
                let writer = try Recovery.open(LogDirectory(directory), options: .small).writer
                return try withExtendedLifetime(writer) { try body(Server(writer)) }
            }
            let kept = try run(before)
            try run { try after($0, kept) }
        }
    }

    /// Bug class 6: what a reader of a group without records is told to resume with does not hold after a restart.
    @Test(arguments: [0, 3])
    func aGroupWithoutRecordsIsResumedAfterARestart(others: Int) throws {
        try self.withRestart { server in
            try server.append(others, list: 2)
            let connection = RecordingConnection()
            server.receive(
                #"{"subscribe":1,"model":"m","where":{"list":1}}"#, from: server.open(connection))
            return try #require(connection.takeMessages().compactMap(Delivery.token).last)
        } after: { server, token in
            let connection = RecordingConnection()
            server.receive(
                #"{"subscribe":1,"model":"m","where":{"list":1},"from":"\#(token.text)"}"#,
                from: server.open(connection))
            server.settle()
            #expect(Delivery.token(in: connection.messages.first ?? "") == token)
            #expect(connection.takeMessages().last?.hasSuffix(#""live":true}"#) == true)
            try server.append(list: 1)
            server.settle()
            #expect(connection.takeOffsets() == [others])
        }
    }

    /// Bug class 12: after a filter was edited and the server changed, the old filter counts, or none.
    @Test func anEditedSubscriptionResumesAsItWasEdited() throws {
        try self.withRestart { server in
            let connection = RecordingConnection()
            let id = server.open(connection)
            server.receive(#"{"subscribe":1,"model":"m","where":{"list":1}}"#, from: id)
            try server.append(list: 1)
            server.settle()
            server.receive(#"{"unsubscribe":1}"#, from: id)
            let token = try #require(connection.takeMessages().compactMap(Delivery.token).last)
            server.receive(
                #"{"subscribe":1,"model":"m","where":{"list":2},"from":"\#(token.text)"}"#, from: id
            )
            try server.append(key: 2, list: 2)
            try server.append(key: 3, list: 1)
            server.settle()
            let messages = connection.takeMessages()
            #expect(messages.flatMap(Delivery.offsets) == [1])
            // What it was told of nothing new counts as well.
            try server.append(key: 4, list: 2)
            return try #require(messages.compactMap(Delivery.token).last)
        } after: { server, token in
            let connection = RecordingConnection()
            server.receive(
                #"{"subscribe":1,"model":"m","where":{"list":2},"from":"\#(token.text)"}"#,
                from: server.open(connection))
            server.settle()
            try server.append(key: 5, list: 1)
            try server.append(key: 6, list: 2)
            server.settle()
            #expect(connection.takeOffsets() == [3, 5])
        }
    }

    /// Bug class 15: who follows the log passes by a segment that is just begun, or by the end of the one before.
    @Test func aNewSegmentHidesNothingFromWhoFollows() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let live = RecordingConnection()
            let slow = RecordingConnection()
            slow.canTakeMore = false
            server.receive(#"{"subscribe":1,"model":"m"}"#, from: server.open(live))
            let slowID = server.open(slow)
            server.receive(#"{"subscribe":1,"model":"m"}"#, from: slowID)
            // Of every size, so that segments end with and without room for the next record.
            for count in 0..<120 {
                try server.append(key: count, pad: count * 97 % 9000)
                if count % 3 == 0 { server.settle() }
                if count % 10 == 0 {
                    slow.canTakeMore.toggle()
                    _ = server.dispatcher.becomeWritable(slowID)
                }
                if count % 25 == 0 { while try writer.maintenance.step(now: 0) != nil {} }
            }
            slow.canTakeMore = true
            _ = server.dispatcher.becomeWritable(slowID)
            server.settle()
            #expect(try writer.log.extent(at: .zero)?.end ?? .zero < Offset(50))
            #expect(live.takeOffsets() == Array(0..<120))
            #expect(slow.takeOffsets() == Array(0..<120))
        }
    }

    /// Bug class 16: a full index stops writers until the next segment.
    @Test func moreGroupsThanAnyTableWasMadeForStopNobody() throws {
        let options = LogOptions(segmentByteCount: 16 << 20)
        try withTemporaryLog(options) { writer in
            let server = Server(writer)
            for start in stride(from: 0, to: 2000, by: 200) {
                var builder = ChangesBuilder()
                for key in start..<start + 200 {
                    let groups = (0..<30).map { (Text("p\($0)"), Scalar.number(key * 30 + $0)) }
                    builder.add(.updated, "m", key: .number(key), groups: groups)
                }
                try server.append(builder.finish())
            }
            for key in stride(from: 0, to: 2000, by: 111) {
                let connection = RecordingConnection()
                server.receive(
                    #"{"subscribe":1,"model":"m","where":{"p29":\#(key * 30 + 29)},"from":"start"}"#,
                    from: server.open(connection))
                server.settle()
                #expect(connection.takeOffsets() == [key])
            }
        }
    }

    /// Bug classes 7 and 11: subscribers that come and go, and removals of old records, take something from
    /// others in the same bucket.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func whoComesAndGoesWhileRecordsAreRemovedHarmsNobody(seed: UInt64) throws {
        try withTemporaryDirectory(inMemory: true) { directory in
            let options = LogOptions(
                segmentByteCount: LogOptions.segmentByteCountMin,
                upkeep: Upkeep(coldAge: nil, retainByteCount: 4 * LogOptions.segmentByteCountMin))
            let writer = try Recovery.open(LogDirectory(directory), options: options).writer
            let server = Server(writer)
            var random = SeededGenerator(seed: seed)
            let steady = RecordingConnection()
            let steadyID = server.open(steady)
            server.receive(#"{"subscribe":1,"model":"m","where":{"list":1}}"#, from: steadyID)
            server.receive(
                #"{"subscribe":2,"model":"m","where":{"list":{"in":[1,2]}}}"#, from: steadyID)
            var others: [(id: Dispatcher.SessionID, connection: RecordingConnection)] = []
            for _ in 0..<400 {
                let list = 1 + random.below(3)
                try server.append(key: random.below(20), list: list, pad: 3000)
                if random.chance(1, in: 3) {
                    let connection = RecordingConnection()
                    let id = server.open(connection)
                    let wanted = random.pick(["1", "2", #"{"in":[1,2]}"#])
                    let from = random.pick(["now", "start", "snapshot"])
                    server.receive(
                        #"{"subscribe":1,"model":"m","where":{"list":\#(wanted)},"from":"\#(from)"}"#,
                        from: id)
                    others.append((id, connection))
                }
                if !others.isEmpty, random.chance(1, in: 3) {
                    let (id, _) = others.remove(at: random.below(others.count))
                    if random.chance(1, in: 2) {
                        server.receive(#"{"unsubscribe":1}"#, from: id)
                    }
                    server.dispatcher.close(id)
                }
                if random.chance(1, in: 4) { while try writer.maintenance.step(now: 0) != nil {} }
                server.settle()
            }
            #expect(server.log.first > .zero)
            // What the log itself says of each record that it still has; the last ones are enough to be compared.
            let first = Int(server.log.first.rawValue)
            let messages = steady.takeMessages()
            for (number, wanted) in [(1, ["1"]), (2, ["1", "2"])] {
                let own = messages.filter { $0.hasPrefix("{\"changes\":\(number),") }
                let got = own.flatMap(Delivery.offsets)
                #expect(got == got.sorted() && Set(got).count == got.count)
                let late = RecordingConnection()
                let values = wanted.joined(separator: ",")
                server.receive(
                    #"{"subscribe":1,"model":"m","where":{"list":{"in":[\#(values)]}},"#
                        + #""from":{"offset":\#(first)}}"#, from: server.open(late))
                server.settle()
                #expect(late.takeOffsets() == got.filter { $0 >= first })
            }
        }
    }
}
