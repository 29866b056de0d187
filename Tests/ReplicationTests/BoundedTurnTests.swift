import LogModel
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// What one turn of an event loop does and keeps is bounded, whatever clients ask for and producers submit.
struct BoundedTurnTests {
    /// Filters that match nothing made a step look at 64 windows of records, and a turn take a thousand steps: all
    /// sockets of the loop waited for seconds.
    @Test func whoMatchesNothingTakesItsTurnsLikeEverybody() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.postingsMax = 10
            limits.catchUpWorkPerTurnMax = 50
            let server = Server(writer, limits: limits)
            try server.append(Delivery.batch(0..<300, list: 1))
            for _ in 0..<20 {
                server.receive(
                    #"{"subscribe":1,"model":"m","where":{"list":1,"no":{">":1}},"from":"start"}"#,
                    from: server.open(RecordingConnection()))
            }
            var most: UInt64 = 0
            var before: UInt64 = 0
            while server.dispatcher.turn() {
                let now = server.dispatcher.counters.catchUpRecords
                most = max(most, now - before)
                before = now
            }
            // The step that passes the bound ends with the window at hand.
            #expect(most <= 70)
            #expect(server.dispatcher.counters.catchUpRecords == 20 * 300)
            #expect(server.dispatcher.counters.liveSessions == 20)
        }
    }

    /// A batch was framed for all who wanted it before anybody looked how much that was.
    @Test func aBatchThatIsTooMuchForAllTogetherIsReadByEachInParts() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.framedByteCountPerBatchMax = 20_000
            limits.catchUpByteCountMax = 2000
            let server = Server(writer, limits: limits)
            let connections = (0..<10).map { number in
                let connection = RecordingConnection()
                // Each is an audience of its own.
                server.receive(
                    #"{"subscribe":\#(number),"model":"m","where":{"list":1}}"#,
                    from: server.open(connection))
                return connection
            }
            server.settle()
            var builder = ChangesBuilder()
            for key in 0..<100 {
                builder.add(
                    .updated, "m", key: .number(key), groups: [("list", .number(1))],
                    instance: "{\"pad\":\"\(String(repeating: "x", count: 100))\"}")
            }
            try server.append(builder.finish())
            try server.append(key: 1)
            for connection in connections { _ = connection.takeMessages() }
            server.settle()
            for (number, connection) in connections.enumerated() {
                #expect((connection.writes.max() ?? 0) < 6000)
                let messages = connection.takeMessages()
                #expect(messages.flatMap { Delivery.offsets(in: $0) } == Array(0...100))
                let tokens = messages.compactMap { Delivery.token(in: $0)?.next }
                #expect(tokens.allSatisfy { $0 >= Offset(100) }, "a token within the batch")
                let parts = messages.filter { $0.hasSuffix(#""more":true}"#) }
                #expect(
                    parts.count > 3 && parts.allSatisfy { $0.hasPrefix("{\"changes\":\(number),") })
            }
        }
    }

    /// Audiences kept chunks, 4 MiB each, while the loop read on and made more.
    @Test func whatIsNewWaitsInTheLogUntilWhatWasReadIsOnItsWay() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.recordsPerTurnMax = 1
            limits.writesPerTurnMax = 1
            limits.allChunksByteCountMax = 5000
            let server = Server(writer, limits: limits)
            let connections = (0..<8).map { _ in
                let connection = RecordingConnection()
                server.receive(#"{"subscribe":1,"model":"m"}"#, from: server.open(connection))
                return connection
            }
            try server.append(40, pad: 1000)
            // A turn writes to one of eight and could read a record: without the bound 40 chunks would be kept.
            for _ in 0..<30 { _ = server.dispatcher.turn() }
            let joined = connections.map { $0.sent.map(\.bytes.count).max() ?? 0 }.max() ?? 0
            #expect(joined < 8000)
            #expect(server.dispatcher.counters.deepestLag > 10)
            server.settle()
            for connection in connections { #expect(connection.takeOffsets() == Array(0..<40)) }
        }
    }

    /// A client's budget of a million was counted while all other sockets of the loop waited.
    @Test func aLargeBudgetIsCountedInSteps() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.postingsMax = 10
            let server = Server(writer, limits: limits)
            for key in 0..<100 { try server.append(key: key) }
            let connection = RecordingConnection()
            let id = server.open(connection)
            func ask(_ number: Int, _ budget: Int) {
                server.receive(
                    #"{"subscribe":\#(number),"model":"m","from":"start","budget":\#(budget)}"#,
                    from: id)
            }
            ask(1, 99)
            ask(2, 100)
            ask(3, 5)
            ask(4, 1000)
            server.receive(#"{"unsubscribe":4}"#, from: id)
            // What can be said at once is; the rest is counted.
            #expect(
                connection.takeMessages() == [
                    #"{"subscribed":3,"plan":"group","snapshot":"budget"}"#, #"{"unsubscribed":4}"#,
                ])
            #expect(server.settle() > 8)
            let messages = connection.takeMessages()
            #expect(messages.contains(#"{"subscribed":1,"plan":"group","snapshot":"budget"}"#))
            #expect(messages.contains { $0.hasPrefix(#"{"subscribed":2,"token":"#) })
            #expect(!messages.contains { $0.hasPrefix(#"{"subscribed":4"#) })
        }
    }

    /// A session's quiet subscription was not told where it is while another one of the session was busy.
    @Test func whoIsQuietBesideSomebodyBusyIsToldWhereItIs() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let connection = RecordingConnection()
            let id = server.open(connection)
            server.receive(#"{"subscribe":1,"model":"m","where":{"list":1}}"#, from: id)
            server.receive(#"{"subscribe":2,"model":"m","where":{"list":2}}"#, from: id)
            server.settle()
            _ = connection.takeMessages()
            var told: [String] = []
            for _ in 0..<4 {
                try server.append()
                server.settle()
                _ = server.dispatcher.tellProgress()
                server.settle()
                told += connection.takeMessages().filter { $0.hasPrefix(#"{"covered""#) }
            }
            #expect(
                told.count == 2 && told.allSatisfy { $0.hasPrefix(#"{"covered":2,"#) }, "\(told)")
            #expect(told.compactMap { Delivery.token(in: $0)?.next } == [Offset(2), Offset(4)])
        }
    }
}
