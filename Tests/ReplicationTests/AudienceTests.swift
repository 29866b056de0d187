import LogModel
import LogStorage
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// Sessions that want the same get the same bytes, over as many turns as it takes.
struct AudienceTests {
    private static let subscribe = #"{"subscribe":1,"model":"m"}"#

    private func connect(
        _ count: Int, to server: Server, _ requests: String...
    ) -> [(connection: RecordingConnection, id: Dispatcher.SessionID)] {
        (0..<count).map { _ in
            let connection = RecordingConnection()
            let id = server.open(connection)
            for request in requests { server.receive(request, from: id) }
            _ = connection.takeMessages()
            return (connection, id)
        }
    }

    @Test func sessionsThatWantTheSameShareTheBytes() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let same = self.connect(3, to: server, Self.subscribe)
            let other = self.connect(1, to: server, #"{"subscribe":2,"model":"m"}"#)
            let both = self.connect(2, to: server, Self.subscribe, #"{"subscribe":2,"model":"m"}"#)
            try server.append(2)
            server.settle()
            let sent = same.compactMap { $0.connection.sent.last }
            #expect(sent.count == 3 && sent[0] === sent[1] && sent[1] === sent[2])
            #expect(other[0].connection.sent.last !== sent[0])
            #expect(both[0].connection.sent.last === both[1].connection.sent.last)
            #expect(both[0].connection.takeOffsets() == [0, 0, 1, 1])
            for member in same { #expect(member.connection.takeOffsets() == [0, 1]) }
        }
    }

    @Test func aWideAudienceIsWrittenToInSlicesAndOthersAreNotHeldUp() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.writesPerTurnMax = 10
            limits.writesPerAudienceMax = 4
            let server = Server(writer, limits: limits)
            let wide = self.connect(100, to: server, Self.subscribe)
            let narrow = self.connect(
                1, to: server, #"{"subscribe":1,"model":"m","where":{"list":1}}"#)
            try server.append()
            #expect(server.dispatcher.turn())
            // In its first turn the wide audience has had a slice, and the narrow one is done.
            let served = wide.count { !$0.connection.messages.isEmpty }
            #expect(served < 10)
            #expect(narrow[0].connection.takeOffsets() == [0])
            // What comes meanwhile joins what waits.
            try server.append()
            #expect(server.settle() <= 30)
            for member in wide { #expect(member.connection.takeOffsets() == [0, 1]) }
            let late = wide.filter { $0.connection.writes.count == 3 }
            #expect(late.count >= 90, "two answers, and one write for both records")
        }
    }

    /// Who took a piece of what waited took the next in the same burst, though its socket could take no more.
    @Test func aMemberIsWrittenToOnceInABurst() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.writesPerTurnMax = 4
            limits.writesPerAudienceMax = 4
            limits.takenByteCountMax = 1
            let server = Server(writer, limits: limits)
            let alone = self.connect(1, to: server, #"{"subscribe":2,"model":"m"}"#)[0].connection
            let wide = self.connect(9, to: server, Self.subscribe)
            for _ in 0..<2 {
                try server.append()
                _ = server.dispatcher.turn()
            }
            #expect(alone.takeOffsets() == [0], "the others had the second turn")
            try server.append()
            alone.canTakeMore = false
            _ = server.dispatcher.turn()
            #expect(alone.takeOffsets() == [1])
            server.settle()
            #expect(alone.takeOffsets() == [])
            for member in wide { #expect(member.connection.takeOffsets() == [0, 1, 2]) }
        }
    }

    @Test func whoIsTooLateForTheChunksReadsByItself() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.writesPerTurnMax = 1
            limits.chunksByteCountMax = 3000
            limits.catchUpWorkPerTurnMax = 1
            let server = Server(writer, limits: limits)
            let members = self.connect(12, to: server, Self.subscribe)
            for _ in 0..<10 {
                try server.append(pad: 1000)
                _ = server.dispatcher.turn()
            }
            server.settle()
            for member in members {
                #expect(member.connection.takeOffsets() == Array(0..<10))
            }
            // Everybody is live again.
            try server.append()
            server.settle()
            let sent = members.compactMap { $0.connection.sent.last }
            #expect(sent.allSatisfy { $0 === sent[0] })
        }
    }

    @Test func aMemberThatChangesItsMindLosesNothing() throws {
        try withTemporaryLog { writer in
            var limits = Dispatcher.Limits()
            limits.writesPerTurnMax = 1
            limits.writesPerAudienceMax = 1
            let server = Server(writer, limits: limits)
            let members = self.connect(5, to: server, Self.subscribe)
            try server.append()
            _ = server.dispatcher.turn()
            // The last has not been written to when it asks for more, ends what it has, and begins again.
            let last = members[4]
            #expect(last.connection.messages.isEmpty)
            server.receive(#"{"subscribe":2,"model":"m","where":{"list":2}}"#, from: last.id)
            #expect(last.connection.takeOffsets() == [0])
            server.receive(#"{"unsubscribe":1}"#, from: last.id)
            try server.append(list: 2)
            server.settle()
            #expect(last.connection.takeOffsets() == [1])
            for member in members.dropLast() {
                #expect(member.connection.takeOffsets() == [0, 1])
            }
        }
    }

    @Test(arguments: [1, 4, 5, 20])
    func aSessionHasItsSubscriptionsInOneOrderHoweverManyThereAre(count: Int) throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let connection = RecordingConnection()
            let id = server.open(connection)
            for number in 0..<count {
                server.receive(
                    #"{"subscribe":\#(number),"model":"m","where":{"list":\#(number % 3)}}"#,
                    from: id)
            }
            _ = connection.takeMessages()
            for offset in 0..<6 { try server.append(key: offset, list: offset % 3) }
            server.settle()
            let expected = (0..<6).flatMap { offset in
                (0..<count).filter { $0 % 3 == offset % 3 }.map { _ in offset }
            }
            #expect(connection.takeOffsets() == expected)
            for number in 0..<count { server.receive(#"{"unsubscribe":\#(number)}"#, from: id) }
            _ = connection.takeMessages()
            try server.append()
            server.settle()
            #expect(connection.messages.isEmpty)
        }
    }

    @Test func everybodyIsToldThatTheConnectionLives() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let members = self.connect(3, to: server, Self.subscribe)
            let token = try writer.log.token(at: .zero).text
            for _ in 0..<2 {
                _ = server.dispatcher.tellProgress()
                server.settle()
            }
            for member in members {
                #expect(
                    member.connection.takeMessages()
                        == [#"{"covered":1,"token":"\#(token)","live":true}"#])
            }
        }
    }

    @Test func drainingTellsEachSessionItsTokenAndClosesIt() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let members = self.connect(5, to: server, Self.subscribe)
            try server.append()
            server.settle()
            for member in members { _ = member.connection.takeMessages() }
            let token = try writer.log.token(at: Offset(1)).text
            #expect(server.dispatcher.drain(2, reason: "bye") == 3)
            #expect(members.count { $0.connection.closeCode == .goingAway } == 2)
            #expect(server.dispatcher.drain(9, reason: "bye") == 0)
            for member in members {
                #expect(member.connection.closeCode == .goingAway)
                #expect(
                    member.connection.takeMessages() == [#"{"covered":1,"token":"\#(token)"}"#])
            }
        }
    }
}
