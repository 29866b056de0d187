import LogModel
import LogStorage
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// The ways to lose or repeat a change that servers of this kind have shipped before: `docs/delivery-tests.md`
/// names them, and for each the tests that would notice it here.
struct DeliveryBugTests {
    private static let all = #"{"subscribe":1,"model":"m","from":"start"}"#

    /// Makes reading by cursor take many turns.
    private static var smallSteps: Dispatcher.Limits {
        var limits = Dispatcher.Limits()
        limits.postingsMax = 1
        limits.catchUpWorkPerTurnMax = 1
        return limits
    }

    /// Bug class 1: a place is reported that covers what was never sent.
    @Test func noTokenRunsAheadOfWhatWasSent() throws {
        try withTemporaryLog { writer in
            var limits = Self.smallSteps
            limits.catchUpByteCountMax = 1
            let server = Server(writer, limits: limits)
            for key in 0..<40 { try server.append(key: key, list: key % 4) }
            let connection = RecordingConnection()
            let id = server.open(connection)
            let request = Self.all.replacing(#""from""#, with: #""where":{"list":1},"from""#)
            server.receive(request, from: id)
            var sent = -1
            var tokens = 0
            for turn in 0..<500 {
                connection.canTakeMore = turn % 3 != 0
                _ = server.dispatcher.becomeWritable(id)
                if turn % 7 == 0 { _ = server.dispatcher.tellProgress() }
                _ = server.dispatcher.turn()
                for message in connection.takeMessages() {
                    sent = Delivery.offsets(in: message).last ?? sent
                    guard let place = Delivery.token(in: message)?.next else { continue }
                    tokens += 1
                    // The next one that matches is not below the token, or it is sent already.
                    let following = sent < 0 ? 1 : sent + 4
                    #expect(following >= 40 || place <= Offset(UInt64(following)), "\(message)")
                }
            }
            #expect(sent == 37 && tokens > 5)
        }
    }

    /// Bug class 2: resuming looks at a bounded part of the log, or at all of it.
    @Test func resumingFindsEverythingAndCostsWhatWasMissed() throws {
        var turns: [Int] = []
        for count in [500, 20_000] {
            try withTemporaryLog { writer in
                let server = Server(writer, limits: Self.smallSteps)
                try server.append(key: 1, list: 2)
                try server.append(Delivery.batch(0..<count, list: 1))
                try server.append(key: 2, list: 2)
                try server.append(Delivery.batch(0..<count, list: 1))
                try server.append(key: 3, list: 2)
                _ = server.settle()
                let end = Int(server.log.watermarks.visible.rawValue)
                let wanted = [0, count + 1, end - 1]
                for (start, rest) in [(0, wanted), (1, Array(wanted[1...])), (end - 1, [end - 1])] {
                    let connection = RecordingConnection()
                    let token = try server.log.token(at: Offset(UInt64(start))).text
                    server.receive(
                        #"{"subscribe":1,"model":"m","where":{"list":2},"from":"\#(token)"}"#,
                        from: server.open(connection))
                    turns.append(server.settle())
                    #expect(connection.takeOffsets() == rest)
                }
            }
        }
        // Segments are looked into one by one; records that do not match are not.
        #expect(turns[3] < 200 && turns[4] < 200 && turns[5] < 20, "\(turns)")
    }

    /// Bug classes 3 and 5: the first or last record of a snapshot is missing or comes twice; a commit while it is
    /// made is in neither half or in both.
    @Test(arguments: [0, 1, 2, 5], 0...8)
    func aCommitAtAnyMomentOfASnapshotIsSeenOnce(before: Int, turns: Int) throws {
        try withTemporaryLog { writer in
            let server = Server(writer, limits: Self.smallSteps)
            for key in 0..<before { try server.append(key: key) }
            if turns.isMultiple(of: 2) { server.settle() }
            let connection = RecordingConnection()
            let id = server.open(connection)
            server.receive(Self.all.replacing("start", with: "snapshot"), from: id)
            for _ in 0..<turns { _ = server.dispatcher.turn() }
            try server.append(key: 100)
            server.settle()
            try server.append(key: 101)
            server.settle()
            let messages = connection.messages
            #expect(connection.takeOffsets() == Array(0..<before + 2))
            // Which half a record is in is decided by the one token between them.
            let split = messages.compactMap {
                $0.hasPrefix(#"{"snapshot""#) ? Delivery.token(in: $0) : nil
            }
            #expect(split.count == 1)
            let place = Int(split.first?.next.rawValue ?? .max)
            for message in messages {
                for offset in Delivery.offsets(in: message) {
                    #expect((offset < place) == message.hasPrefix(#"{"snapshot""#))
                }
            }
        }
    }

    /// Bug class 3: offset 0, an empty log, and "nothing yet" are taken for one another.
    @Test(
        arguments: ["\"start\"", "\"now\"", "\"snapshot\"", "{\"offset\":0}", "{\"time\":0}"],
        [0, 1])
    func theBeginningOfALogIsAPlaceLikeAnyOther(from: String, records: Int) throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            try server.append(records)
            server.settle()
            let connection = RecordingConnection()
            server.receive(
                #"{"subscribe":1,"model":"m","from":\#(from)}"#, from: server.open(connection))
            try server.append()
            server.settle()
            let expected = from.contains("now") ? [records] : Array(0...records)
            #expect(connection.takeOffsets() == expected)
        }
    }

    /// Bug class 4: a position whose parts are not one value is taken in part.
    @Test func aTokenWithoutAnyOfItsPartsIsRefused() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            try server.append(3)
            let token = try server.log.token(at: Offset(2))
            let withoutEpoch = ResumeToken(
                epoch: Epoch(0), next: token.next, checksum: token.checksum)
            let withoutPlace = ResumeToken(
                epoch: token.epoch, next: .zero, checksum: token.checksum)
            let withoutProof = ResumeToken(epoch: token.epoch, next: token.next, checksum: 0)
            var wrong = [withoutEpoch, withoutPlace, withoutProof].map(\.text)
            wrong += (0..<ResumeToken.textCount).map { String(token.text.prefix($0)) }
            wrong += [token.text + "A", "0", "2"]
            for text in wrong {
                let connection = RecordingConnection()
                server.receive(
                    Self.all.replacing("start", with: text), from: server.open(connection))
                server.settle()
                let messages = connection.takeMessages()
                #expect(messages.count == 1, "\(text)")
                let isRefused =
                    messages.first?.hasPrefix(#"{"reset":1"#) == true
                    || messages.first?.contains(#""code":"invalid-from""#) == true
                #expect(isRefused, "\(messages)")
            }
        }
    }

    /// Bug class 8: subscriptions that differ in one option only are taken for one.
    @Test func whoWantsTheSameInAnotherWayGetsItThatWay() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            try server.append(3, key: 1)
            try server.append(key: 2)
            let expected: [(options: String, offsets: [Int])] = [
                (#""from":"start""#, [0, 1, 2, 3, 4]),
                (#""from":"now""#, [4]),
                (#""from":"snapshot""#, [2, 3, 4]),
                (#""from":"start","catchUp":"latest""#, [2, 3, 4]),
                (#""from":"start","budget":1"#, [2, 3, 4]),
                (#""from":"start","budget":1000"#, [0, 1, 2, 3, 4]),
                (#""from":{"offset":3}"#, [3, 4]),
            ]
            let connections = expected.map { _ in RecordingConnection() }
            let mixed = RecordingConnection()
            let mixedID = server.open(mixed)
            for (number, ((options, _), connection)) in zip(expected, connections).enumerated() {
                let request = #"{"subscribe":\#(number),"model":"m",\#(options)}"#
                server.receive(request, from: server.open(connection))
                server.receive(request, from: mixedID)
            }
            let old = RecordingConnection()
            let other = #"{"model":"m","property":"list","value":1}"#
            server.receive(other, from: server.open(old, .restLive))
            server.settle()
            try server.append(key: 1)
            server.settle()
            for ((options, offsets), connection) in zip(expected, connections) {
                #expect(connection.takeOffsets() == offsets, "\(options)")
            }
            let messages = mixed.takeMessages()
            for (number, (options, offsets)) in expected.enumerated() {
                let own = messages.filter {
                    $0.hasPrefix("{\"changes\":\(number),")
                        || $0.hasPrefix("{\"snapshot\":\(number),")
                }
                #expect(own.flatMap(Delivery.offsets) == offsets, "\(options)")
            }
            #expect(old.messages.count == 1)
        }
    }

    /// Bug class 9: what a batch does to one instance is computed once for the batch.
    @Test func anInstanceThatComesAndGoesWithinABatchIsToldEachTime() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            let connection = RecordingConnection()
            server.receive(
                #"{"subscribe":1,"model":"m","where":{"list":1}}"#, from: server.open(connection))
            var builder = ChangesBuilder()
            for list in [1, 2, 1, 1, 3] {
                builder.add(.updated, "m", key: .number(5), groups: [("list", .number(list))])
            }
            builder.add(.deleted, "m", key: .number(5))
            builder.add(.created, "m", key: .number(5), groups: [("list", .number(1))])
            builder.add(.deleted, "m", key: .number(5))
            try server.append(builder.finish())
            server.settle()
            let late = RecordingConnection()
            server.receive(
                #"{"subscribe":1,"model":"m","where":{"list":1},"from":"start"}"#,
                from: server.open(late))
            server.settle()
            for messages in [connection.takeMessages(), late.takeMessages()] {
                let frame = messages.first { $0.hasPrefix(#"{"changes""#) } ?? ""
                #expect(
                    Delivery.changes(in: frame)
                        == [
                            "0 entered", "1 left", "2 entered", "3 updated", "4 left", "6 entered",
                            "7 deleted",
                        ])
            }
        }
    }

    /// Bug class 10: deleting many at once says nothing, or ends the stream.
    @Test func deletingManyAtOnceTellsOfEach() throws {
        // All of them in one batch.
        try withTemporaryLog(LogOptions(segmentByteCount: 1 << 20)) { writer in
            let server = Server(writer)
            try server.append(Delivery.batch(0..<500, list: 1))
            try server.append(Delivery.batch(500..<1000, list: 2))
            let token = try server.log.token(at: Offset(1000)).text
            // What each of them wants, and the keys of that which is deleted.
            let wanted: [(filter: String, keys: Range<Int>)] = [
                ("", 0..<1000), (#","where":{"list":1}"#, 0..<500),
                (#","where":{"list":2}"#, 500..<1000),
                (#","where":{"list":{"in":[1,2]}}"#, 0..<1000),
                (#","where":{"list":{"in":[2,3]},"other":{"in":[null]}}"#, 0..<0),
            ]
            func subscribe(_ filter: String, _ rest: String) -> RecordingConnection {
                let connection = RecordingConnection()
                server.receive(
                    #"{"subscribe":1,"model":"m"\#(filter),\#(rest)}"#,
                    from: server.open(connection))
                return connection
            }
            let live = wanted.map { subscribe($0.filter, #""from":"now""#) }
            var builder = ChangesBuilder()
            for key in 0..<1000 { builder.add(.deleted, "m", key: .number(10_000 + key)) }
            try server.append(builder.finish())
            server.settle()
            try server.append(key: 7, list: 1)
            try server.append(key: 8, list: 2)
            server.settle()
            // Who comes back, and who wants to hear only what became of its set.
            let late = wanted.map { subscribe($0.filter, #""from":"\#(token)""#) }
            let net = wanted.map {
                subscribe($0.filter, #""from":"\#(token)","catchUp":"latest""#)
            }
            let snapshots = wanted.map { subscribe($0.filter, #""from":"snapshot""#) }
            server.settle()
            for (place, (filter, keys)) in wanted.enumerated() {
                let entered = zip([2000, 2001], [0, 500]).filter { keys.contains($1) }
                let last = entered.map { "\($0.0) entered" }
                let expected = keys.map { "\($0 + 1000) deleted" } + last
                for connections in [live, late, net] {
                    let changes = connections[place].takeMessages().flatMap(Delivery.changes)
                    #expect(changes == expected, "\(filter)")
                }
                let set = snapshots[place].takeMessages().flatMap(Delivery.changes)
                #expect(set == last, "\(filter)")
            }
        }
    }

    /// Bug class 13: a reader from beyond the end of the log waits there in silence.
    @Test func anOffsetBeyondTheEndIsRefusedWithBothPlaces() throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            try server.append(3)
            let connection = RecordingConnection()
            server.receive(
                #"{"subscribe":1,"model":"m","from":{"offset":77}}"#, from: server.open(connection))
            server.settle()
            let messages = connection.takeMessages()
            #expect(messages.count == 1)
            #expect(messages.first?.hasPrefix(#"{"reset":1,"reason":"offset-ahead","#) == true)
            #expect(messages.first?.contains("77") == true && messages.first?.contains("3") == true)
        }
    }
}
