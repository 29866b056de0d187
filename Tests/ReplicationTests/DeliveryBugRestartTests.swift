import Foundation
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

    /// Bug class 13: the log is put back from a backup, and a reader comes with a token from beyond its end.
    @Test func aTokenAheadOfALogThatLostItsTailIsRefusedWithBothPlaces() throws {
        try withTemporaryDirectory(inMemory: true) { directory in
            try withTemporaryDirectory(inMemory: true) { backup in
                func open(_ path: String) throws -> Server {
                    Server(try Recovery.open(LogDirectory(path), options: .small).writer)
                }
                func answer(_ server: Server, to token: ResumeToken) -> [String] {
                    let connection = RecordingConnection()
                    server.receive(
                        #"{"subscribe":1,"model":"m","from":"\#(token.text)"}"#,
                        from: server.open(connection))
                    server.settle()
                    _ = server.dispatcher.tellProgress()
                    server.settle()
                    return connection.takeMessages()
                }
                try {
                    let server = try open(directory)
                    try server.append(3)
                    try server.writer.close()
                }()
                for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
                    try FileManager.default.copyItem(
                        atPath: "\(directory)/\(name)", toPath: "\(backup)/\(name)")
                }
                let token = try {
                    let server = try open(directory)
                    try server.append(6)
                    return try server.log.token(at: Offset(9))
                }()
                let server = try open(backup)
                // As long as the log is shorter than the token says, and when it is no longer.
                for (count, reason) in [(3, "unknown-token"), (8, "unknown-token"), (12, "epoch")] {
                    try server.append(count - Int(server.log.watermarks.visible.rawValue), list: 2)
                    let messages = answer(server, to: token)
                    #expect(messages.count == 1, "\(messages)")
                    let start = "{\"reset\":1,\"reason\":\"\(reason)\","
                    #expect(messages.first?.hasPrefix(start) == true)
                    #expect(messages.first?.contains("the token is for offset 9,") == true)
                    #expect(messages.first?.contains("the log ends at offset \(count))") == true)
                }
            }
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

    /// Bug class 15: the writer pauses when it has begun a segment of which there is nothing to see yet.
    ///
    /// - Parameter stage: how far it has got by then: neither written nor synced, or only written.
    @Test(arguments: 0...2)
    func aPausedWriterHidesNothingBehindANewSegment(stage: Int) throws {
        try withTemporaryLog { writer in
            let server = Server(writer)
            var readers: [(id: Dispatcher.SessionID, connection: RecordingConnection)] = []
            func begin(_ from: String) throws -> [Int] {
                let connection = RecordingConnection()
                let id = server.open(connection)
                server.receive(#"{"subscribe":1,"model":"m","from":\#(from)}"#, from: id)
                server.settle()
                readers.append((id, connection))
                return connection.takeOffsets()
            }
            #expect(try begin(#""now""#) == [])
            var end = 0
            for round in 0..<5 {
                let visible = end
                let begun = writer.begunSegments
                while writer.begunSegments == begun {
                    var builder = ChangesBuilder()
                    let pad = String(repeating: "x", count: 7000 + 900 * round)
                    builder.add(.created, "m", key: .number(end), instance: "{\"pad\":\"\(pad)\"}")
                    var changes = builder.finish()
                    _ = try writer.append(0..<1, of: &changes, producer: nil, time: 0)
                    end += 1
                }
                if stage > 0 { try writer.write() }
                if stage > 1 { try writer.synchronize() }
                while try writer.maintenance.step(now: 0) != nil {}
                #expect(server.log.watermarks.visible == Offset(UInt64(visible)))
                // Whoever comes now finds the end where it was, and nothing behind it.
                let token = try server.log.token(at: Offset(UInt64(visible))).text
                #expect(try begin(#""now""#) == [])
                #expect(try begin("{\"offset\":\(visible)}") == [])
                #expect(try begin("\"\(token)\"") == [])
                #expect(try begin("{\"time\":1}") == [])
                #expect(try begin(#""start""#) == Array(0..<visible))
                #expect(try begin(#""snapshot""#) == Array(0..<visible))
                let blocked = readers[round % readers.count]
                blocked.connection.canTakeMore = false
                _ = server.dispatcher.tellProgress()
                server.settle()
                for (_, connection) in readers { #expect(connection.takeOffsets() == []) }

                try writer.write()
                try writer.synchronize()
                writer.publish()
                server.settle()
                blocked.connection.canTakeMore = true
                _ = server.dispatcher.becomeWritable(blocked.id)
                server.settle()
                for (_, connection) in readers {
                    #expect(connection.takeOffsets() == Array(visible..<end))
                }
            }
            #expect(writer.begunSegments >= 5)
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

    /// A subscriber that comes and goes.
    private struct Guest {
        let id: Dispatcher.SessionID
        let connection: RecordingConnection
        var reader: ListReader
    }

    /// Bug classes 7 and 11: subscribers that come and go, and removals of old records, take something from
    /// others in the same bucket, or from those who come and go.
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func whoComesAndGoesWhileRecordsAreRemovedHarmsNobody(seed: UInt64) throws {
        try withTemporaryDirectory(inMemory: true) { directory in
            let compacts = seed.isMultiple(of: 2)
            let upkeep =
                compacts
                ? Upkeep(coldAge: 30, retainAge: 250, compactAge: 60, tombstoneAge: 10)
                : Upkeep(coldAge: nil, retainByteCount: 4 * LogOptions.segmentByteCountMin)
            let options = LogOptions(
                segmentByteCount: LogOptions.segmentByteCountMin, upkeep: upkeep)
            let writer = try Recovery.open(LogDirectory(directory), options: options).writer
            let server = Server(writer)
            var random = SeededGenerator(seed: seed)
            var history = ListHistory()
            func isRemoved(_ offset: Int) -> Bool {
                let record = try? server.log.withRecord(at: Offset(UInt64(offset))) { _ in true }
                return record != true
            }

            let steady = RecordingConnection()
            let steadyID = server.open(steady)
            var own = [ListReader(lists: [1]), ListReader(number: 2, lists: [1, 2])]
            for reader in own { server.receive(reader.request(from: #""now""#), from: steadyID) }
            var guests: [Guest] = []
            var steps: Set<String> = []
            var (resetCount, recordCount, settledEnd) = (0, 0, 0)
            func check(_ guest: Guest) {
                var reader = guest.reader
                let messages = guest.connection.takeMessages()
                let finding = reader.take(messages, history, isRemoved: isRemoved)
                #expect(finding == nil)
                #expect(!guest.connection.canTakeMore || reader.hasAll(below: settledEnd, history))
                if reader.isReset { resetCount += 1 }
                recordCount += reader.recordCount
            }
            for time in 0..<500 {
                let (key, list) = (random.below(20), 1 + random.below(3))
                var builder = ChangesBuilder()
                let pad = String(repeating: "x", count: 3000)
                builder.add(
                    .updated, "m", key: .number(key), groups: [("list", .number(list))],
                    instance: "{\"pad\":\"\(pad)\"}")
                history.append(
                    key: key, list: list, keptFrom: Int(server.log.first.rawValue))
                try writer.commit(builder.finish(), time: Int64(time))
                if !guests.isEmpty, random.chance(1, in: 3) {
                    let guest = guests.remove(at: random.below(guests.count))
                    if random.chance(1, in: 2) {
                        server.receive(#"{"unsubscribe":1}"#, from: guest.id)
                    }
                    check(guest)
                    server.dispatcher.close(guest.id)
                }
                if random.chance(1, in: 3) {
                    let connection = RecordingConnection()
                    var reader = ListReader(lists: random.pick([[1], [2], [1, 2]]))
                    let from = random.pick([
                        #""now""#, #""start""#, #""snapshot""#,
                        "{\"offset\":\(max(0, time - random.below(60)))}",
                    ])
                    reader.takesWhatIsKept = from == #""start""#
                    let guest = Guest(
                        id: server.open(connection), connection: connection, reader: reader)
                    server.receive(reader.request(from: from), from: guest.id)
                    guests.append(guest)
                }
                if random.chance(1, in: 3), let guest = guests.randomElement(using: &random) {
                    guest.connection.canTakeMore.toggle()
                    if guest.connection.canTakeMore {
                        _ = server.dispatcher.becomeWritable(guest.id)
                        server.settle()
                        settledEnd = history.end
                    }
                }
                if random.chance(1, in: 4) {
                    while let step = try writer.maintenance.step(now: Int64(time)) {
                        steps.insert("\(step)".split(separator: " ")[0].description)
                    }
                }
                server.settle()
                settledEnd = history.end
            }
            for guest in guests where !guest.connection.canTakeMore {
                guest.connection.canTakeMore = true
                _ = server.dispatcher.becomeWritable(guest.id)
            }
            server.settle()
            for guest in guests { check(guest) }
            #expect(server.log.first > .zero)
            #expect(steps.contains("took") == compacts && resetCount > 5 && recordCount > 1000)

            let messages = steady.takeMessages()
            for place in own.indices {
                #expect(own[place].take(messages, history, isRemoved: isRemoved) == nil)
                #expect(own[place].hasAll(below: history.end, history) && !own[place].isReset)
            }
        }
    }
}
