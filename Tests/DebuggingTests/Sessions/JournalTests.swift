import Access
import Debugging
import Foundation
import LogFormat
import LogModel
import LogStorage
import Logging
import Replication
import Sessions
import TestSupport
import Testing
import WireProtocol

/// The journal of sessions: what is written is read again, and what is lost or damaged is known to be.
struct JournalTests {
    private static let view = View(
        name: "m", fields: ["id", "näme"], rendering: nil, usesCamelCase: true)
    private static let filter = Filter(
        model: "a.\"B\"",
        conditions: [
            Condition(property: "x", test: .isIn([.number(1), .string("1\n"), .null])),
            Condition(property: "x", test: .isNot([.boolean(true)])),
            Condition(property: "x", test: .order(.atMost, Scalar(kind: .number, text: "1.50e3"))),
            Condition(property: "y", test: .hasPrefix("ab\\")),
        ],
        sight: Sight([
            .init(
                view: Self.view,
                alternatives: [[Condition(property: "o", test: .isIn([.string("ann")]))], []]),
            .init(view: View(name: "r", rendering: "card"), alternatives: [[]]),
        ]))
    private static let principal = Principal(
        origin: .token, subject: "ann", claims: ["a": .scalar(.number(1)), "b": .list([.null])],
        scopes: ["s", "t"], isStaff: true, grant: KeyGrant(actions: [.read], models: ["m", "n"])
    ).granting(["lists": [.number(3), .string("x")]])
    private static let events: [SessionEntry.Event] = [
        .opened(.livelog1, .anonymous), .opened(.restLive, Self.principal),
        .opened(.serverSentEvents, .anonymous), .opened(.ndjson, .anonymous),
        .became(Self.principal),
        .began(
            1,
            .init(
                id: .max, form: .livelog1,
                request: SubscriptionRequest(
                    filter: Self.filter,
                    start: .token(ResumeToken(epoch: Epoch(7), next: Offset(9), checksum: 3)),
                    catchUp: .latest, budget: 12), start: Offset(.max), waits: true)),
        .began(
            2,
            .init(
                id: 0, form: .restLive1(model: "B"),
                request: SubscriptionRequest(filter: Filter(model: "m"), start: .now),
                start: .zero, waits: false)),
        .began(
            3,
            .init(
                id: 0,
                form: .restLive2(
                    RestLive2Form(id: Array(#"{"a":[1,"x"]}"#.utf8), model: "B", lookup: "slug")),
                request: SubscriptionRequest(filter: Filter(model: "m"), start: .time(1_000_000)),
                start: .zero, waits: false)),
        .told(1, .init(.snapshot, Self.filter, end: Offset(4), isPartial: true)),
        .told(1, .init(.changes(from: Offset(2)), Self.filter, end: Offset(4), isPartial: false)),
        .told(
            1,
            .init(
                .sight(before: Self.filter, Self.principal, from: Offset(2)),
                Self.filter.seen(by: .nothing), end: Offset(4), isPartial: false)),
        .sees(1, .init(Self.filter, from: nil, waits: true)),
        .sees(1, .init(Self.filter, from: Offset(3), waits: false)),
        .ended(1, reason: "unsubscribed", at: Offset(4)), .ended(1, reason: "retained", at: nil),
        .closed(reason: "1001", [.init(1, Offset(4)), .init(2, nil)]),
        .closed(reason: "gone", []),
    ]

    @Test func eachLineIsReadAsItWasWritten() throws {
        let header = JournalHeader(
            log: String(repeating: "ab", count: 16), run: .max, file: 3, time: 1_000_000,
            end: Offset(7))
        var lines: [JournalLine] = [.header(header), .lost(count: 3, sessions: [1, .max])]
        lines += Self.events.map { .entry(SessionEntry(5, $0)) }
        for line in lines {
            let bytes = line.bytes
            #expect(bytes.last == UInt8(ascii: "\n"))
            #expect(!bytes.dropLast().contains(UInt8(ascii: "\n")))
            #expect(try JournalLine(reading: Array(bytes.dropLast())) == line)
        }
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"session":1}"#, #"{"session":-1,"opened":"livelog.v1"}"#,
        #"{"session":1,"opened":"other","reader":{"origin":"anonymous"}}"#,
        #"{"session":1,"opened":"livelog.v1","reader":{"origin":"god"}}"#,
        #"{"session":1,"subscription":1,"began":{}}"#,
        #"{"session":1,"subscription":1,"told":{"kind":"tale","to":1,"filter":{"model":"m"}}}"#,
        #"{"session":1,"subscription":1,"sees":{"filter":{"model":"m","where":[["a","~",1]]}}}"#,
        #"{"session":1,"subscription":1,"sees":{"filter":{"model":"m","sight":[{"when":[]}]}}}"#,
        #"{"session":1,"subscription":1,"sees":{"filter":{"model":"m","where":[["a","in",[]]]}}}"#,
        #"{"session":1,"subscription":1,"sees":{"filter":{"model":"m","where":[["","in",[1]]]}}}"#,
        #"{"session":1,"subscription":1,"told":{"kind":"changes","from":2,"to":1,"filter":{"model":"m"}}}"#,
        #"{"journal":"livelog.sessions","version":2}"#, #"{"lost":1,"sessions":"all"}"#,
    ])
    func whatIsNoLineIsRefused(text: String) {
        #expect(throws: JournalError.self) { try JournalLine(reading: Array(text.utf8)) }
    }

    @Test func aFullQueueSaysWhatItHasLost() {
        let queue = SessionQueue(entriesMax: 2)
        let opened = SessionEntry.Event.opened(.livelog1, .anonymous)
        #expect(queue.add(SessionEntry(1, opened)))
        #expect(!queue.add(SessionEntry(2, opened)))
        #expect(!queue.add(SessionEntry(1, .became(.anonymous))))
        #expect(!queue.add(SessionEntry(3, opened)))
        let taken = queue.take()
        #expect(taken.entries.map(\.session) == [1, 2])
        #expect(taken.lostCount == 2 && taken.lostSessions == [1])
        #expect(queue.counts.recorded == 2 && queue.counts.lost == 2)
        #expect(queue.add(SessionEntry(2, .became(.anonymous))))
        #expect(queue.take().lostCount == 0)
        queue.end()
        #expect(!queue.add(SessionEntry(2, .became(.anonymous))))
        #expect(queue.take().isLast && queue.counts.lost == 3)
    }

    // MARK: - Files

    private static func began(_ number: Int, at offset: UInt64) -> SessionEntry.Event {
        .began(
            number,
            .init(
                id: UInt64(number), form: .livelog1,
                request: SubscriptionRequest(filter: Filter(model: "m")), start: Offset(offset),
                waits: false))
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func write(
        _ entries: [SessionEntry], to writer: LogWriter, in path: String,
        limits: SessionRecorder.Limits = SessionRecorder.Limits()
    ) throws -> SessionRecorder.Counters {
        let recorder = try SessionRecorder(
            SessionChoice(share: 1), of: writer.log, in: LogDirectory(path), limits: limits,
            logger: Self.logger, clock: { 0 })
        for entry in entries { recorder.record(entry) }
        recorder.stop()
        return recorder.counters
    }

    private static func read(
        _ files: [String]
    ) throws -> (sessions: RecordedSessions, findings: [JournalFinding]) {
        var findings: [JournalFinding] = []
        var sessions = RecordedSessions()
        for file in files { try sessions.add(file: file) { findings.append($0) } }
        sessions.finish()
        return (sessions, findings)
    }

    private func withLog(_ body: (LogWriter, String) throws -> Void) throws {
        try withTemporaryDirectory(inMemory: true) { path in
            let writer = try Recovery.open(LogDirectory(path), options: .small).writer
            try withExtendedLifetime(writer) { try body(writer, path) }
        }
    }

    private static func session(_ number: UInt64) -> [SessionEntry] {
        [
            SessionEntry(number, .opened(.livelog1, .anonymous)),
            SessionEntry(number, Self.began(1, at: 0)),
            SessionEntry(number, .closed(reason: "gone", [.init(1, Offset(3))])),
        ]
    }

    @Test func aFullFileIsFollowedByAnotherAndTheOldestGo() throws {
        try self.withLog { writer, path in
            var limits = SessionRecorder.Limits()
            limits.fileByteCountMax = 600
            limits.filesMax = 3
            let entries = (1...20).flatMap { Self.session($0) }
            #expect(try Self.write(entries, to: writer, in: path, limits: limits).recorded == 60)
            let files = RecordedSessions.files(at: path)
            #expect(files.count == 3)
            let (sessions, findings) = try Self.read(files)
            #expect(findings.isEmpty && sessions.unplayed.isEmpty)
            #expect(sessions.subscriptions.count < 20)
            #expect(sessions.subscriptions.last?.session.number == 20)
            #expect(sessions.subscriptions.last?.pieces.first?.end == Offset(3))
            // A log whose directory has a journal is as fine as without it.
            #expect(try LogInspector(LogDirectory(path)).listing().strangers.isEmpty)
        }
    }

    @Test func aMissingFileIsAGap() throws {
        try self.withLog { writer, path in
            var limits = SessionRecorder.Limits()
            limits.fileByteCountMax = 1
            _ = try Self.write(
                Self.session(1) + Self.session(2), to: writer, in: path, limits: limits)
            var files = RecordedSessions.files(at: path)
            try #require(files.count == 7)
            // The line with which the first session's subscription began.
            files.remove(at: 2)
            let (sessions, findings) = try Self.read(files)
            #expect(findings.isEmpty)
            #expect(sessions.subscriptions.map(\.session.number) == [2])
        }
    }

    @Test func aSessionWithALostEntryIsNotRun() throws {
        try self.withLog { writer, path in
            var limits = SessionRecorder.Limits()
            limits.lineByteCountMax = 300
            let long = Filter(model: Text(String(repeating: "m", count: 300)))
            var entries = Self.session(1)
            entries.insert(
                SessionEntry(1, .sees(1, .init(long, from: Offset(1), waits: false))), at: 2)
            let counters = try Self.write(
                entries + Self.session(2), to: writer, in: path, limits: limits)
            #expect(counters.recorded == 6 && counters.lost == 1)
            let (sessions, _) = try Self.read(RecordedSessions.files(at: path))
            #expect(sessions.subscriptions.map(\.session.number) == [2])
            #expect(sessions.unplayed.map(\.session.number) == [1])
            #expect(sessions.unplayed.map(\.reason) == [.gap])
        }
    }

    @Test func aDamagedLineIsFoundAndIsAGapAndATornOneIsNone() throws {
        try self.withLog { writer, path in
            _ = try Self.write(Self.session(1) + Self.session(2), to: writer, in: path)
            let file = RecordedSessions.files(at: path)[0]
            var bytes = Array(try Data(contentsOf: URL(filePath: file)))
            // The last line is being written.
            let whole = bytes
            bytes.removeLast(5)
            try Data(bytes).write(to: URL(filePath: file))
            var (sessions, findings) = try Self.read([file])
            #expect(findings.isEmpty && sessions.subscriptions.map(\.session.number) == [1, 2])
            #expect(sessions.subscriptions[1].pieces.first?.end == nil)
            // The second line of the first session.
            bytes = whole
            let lines = bytes.split(separator: UInt8(ascii: "\n"))
            bytes[lines[0].count + lines[1].count + 5] = UInt8(ascii: "}")
            try Data(bytes).write(to: URL(filePath: file))
            (sessions, findings) = try Self.read([file])
            #expect(findings.map(\.line) == [3])
            #expect(sessions.subscriptions.map(\.session.number) == [2])
        }
    }

    @Test func aRunThatWasNotClosedEndsWhereTheNextOneBegins() throws {
        try self.withLog { writer, path in
            _ = try Self.write(Array(Self.session(1).dropLast()), to: writer, in: path)
            var builder = ChangesBuilder()
            builder.add(.created, "m", key: .number(1))
            try writer.commit(builder.finish())
            _ = try Self.write(Self.session(1), to: writer, in: path)
            let (sessions, findings) = try Self.read(RecordedSessions.files(at: path))
            #expect(findings.isEmpty)
            #expect(sessions.subscriptions.map { $0.pieces.first?.end } == [Offset(1), Offset(3)])
            #expect(Set(sessions.subscriptions.map(\.session)).count == 2)
        }
    }

    @Test func aShareOfTheSessionsIsChosenByTheirNumbers() {
        let tenth = SessionChoice(share: 0.1, subjects: ["ann"])
        let chosen = (1...10_000).filter { tenth.includes(UInt64($0), subject: "") }.count
        #expect((850...1150).contains(chosen))
        #expect((1...100).allSatisfy { tenth.includes(UInt64($0), subject: "ann") })
        #expect(!(1...100).contains { SessionChoice(share: 0).includes(UInt64($0), subject: "") })
        #expect(
            (1...100).allSatisfy {
                SessionChoice(share: .infinity).includes(UInt64($0), subject: "")
            })
    }
}
