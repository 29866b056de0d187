import Access
import LogModel
import LogStorage
import Logging
import Replication
import Synchronization
import TestSupport
import Testing

/// Who is asked what, how much at a time, and how often.
struct DecisionDeskTests {
    /// Decides by a function, and notes what it was asked.
    private final class Script: Decider {
        private let inquiries = Mutex<[Inquiry]>([])
        private let answer: @Sendable (Int, Inquiry) -> [Bool]?

        /// - Parameter answer: is given how many inquiries there were before.
        init(_ answer: @escaping @Sendable (Int, Inquiry) -> [Bool]?) { self.answer = answer }

        var asked: [Inquiry] { self.inquiries.withLock { $0 } }

        func decide(_ inquiry: Inquiry) async -> [Bool]? {
            let number = self.inquiries.withLock {
                $0.append(inquiry)
                return $0.count - 1
            }
            return self.answer(number, inquiry)
        }
    }

    private static let ann = Principal(origin: .token, subject: "ann")
    private static let bob = Principal(origin: .token, subject: "bob")
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func questions(
        _ offsets: Range<UInt64>, of principal: Principal = ann, _ name: String = "q"
    ) -> [RecordQuestion] {
        let question = Question(name: name, asker: principal.identity)
        return offsets.map { RecordQuestion(question, about: Offset($0)) }
    }

    /// A log of `count` records.
    private static func withLog(
        _ count: Int, pad: Int = 0, _ body: (ChangeLog) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory(inMemory: true) { path in
            let writer = try Recovery.open(LogDirectory(path), options: .small).writer
            for key in 0..<count {
                var builder = ChangesBuilder()
                builder.add(
                    .created, "m", key: .number(key), groups: [],
                    instance: "{\"id\":\(key),\"p\":\"\(String(repeating: "x", count: pad))\"}")
                try writer.commit(builder.finish())
            }
            let log = writer.log
            try await body(log)
        }
    }

    @Test func whatIsDecidedIsKeptAndNotAskedAgain() async throws {
        try await Self.withLog(4) { log in
            let script = Script { _, inquiry in inquiry.pairs.map { $0.record % 2 == 0 } }
            let desk = DecisionDesk(log, logger: Self.logger)
            await desk.become(script)
            for _ in 0..<2 {
                #expect(await desk.decide(Self.questions(0..<4), for: [Self.ann]))
            }
            #expect(script.asked.count == 1)
            #expect(
                Self.questions(0..<4).map { desk.cache.decision(on: $0) }
                    == [.allowed, .refused, .allowed, .refused])
            let records = try #require(script.asked.first?.records)
            #expect(records.map(\.offset.rawValue) == [0, 1, 2, 3])
            #expect(records[3].key == .number(3))
            #expect(String(decoding: records[3].instance, as: UTF8.self) == #"{"id":3,"p":""}"#)
            let counters = await desk.counters
            #expect(counters.inquiries == 1)
            #expect(counters.decisions == 4)
            #expect(counters.refusals == 2)
            #expect(counters.failures == 0)
        }
    }

    /// While one inquiry is on its way what others want waits, and goes together: each principal and record once.
    @Test func whatWaitsGoesTogether() async throws {
        try await Self.withLog(3) { log in
            var limits = DecisionDesk.Limits()
            limits.inquiriesMax = 1
            let gate = Gate()
            let script = Script { _, inquiry in inquiry.pairs.map { _ in true } }
            let desk = DecisionDesk(log, limits: limits, logger: Self.logger)
            await desk.become(Held(script, gate))
            let principals = (0..<50).map { Principal(origin: .token, subject: "\($0)") }
            await withTaskGroup(of: Bool.self) { group in
                group.addTask { await desk.decide(Self.questions(0..<1), for: [Self.ann]) }
                await gate.waitUntilAsked()
                for principal in principals {
                    group.addTask {
                        await desk.decide(Self.questions(0..<3, of: principal), for: [principal])
                    }
                }
                // Everybody has asked when that many questions wait.
                while await desk.waitingCount < 151 { await Task.yield() }
                gate.open()
                for await isDecided in group { #expect(isDecided) }
            }
            #expect(script.asked.count == 2)
            let second = try #require(script.asked.last)
            #expect(second.principals.count == 50)
            #expect(second.records.count == 3)
            #expect(second.pairs.count == 150)
        }
    }

    /// Questions of another name, too many, or about too much go with the next inquiry.
    @Test func anInquiryHasLimits() async throws {
        try await Self.withLog(40, pad: 1000) { log in
            var limits = DecisionDesk.Limits()
            limits.pairsMax = 16
            limits.instanceBytesMax = 5_000
            let script = Script { _, inquiry in inquiry.pairs.map { _ in true } }
            let desk = DecisionDesk(log, limits: limits, logger: Self.logger)
            await desk.become(script)
            let questions = Self.questions(0..<20) + Self.questions(20..<40, "other")
            #expect(await desk.decide(questions, for: [Self.ann]))
            for inquiry in script.asked {
                #expect(inquiry.records.count <= 5)
                #expect(inquiry.pairs.count <= 16)
            }
            #expect(script.asked.map(\.pairs.count).reduce(0, +) == 40)
            #expect(Set(script.asked.map(\.name)) == ["q", "other"])
            limits.waitingMax = 10
            let small = DecisionDesk(log, limits: limits, logger: Self.logger)
            await small.become(script)
            #expect(await !small.decide(Self.questions(0..<11), for: [Self.ann]))
            #expect(await small.decide(Self.questions(0..<10), for: [Self.ann]))
        }
    }

    /// No answer, or one of another length, decides nothing; it is asked again after 1, 2, 4 and 8 seconds.
    @Test func withoutAnAnswerItIsAskedAgainLater() async throws {
        try await Self.withLog(2) { log in
            for answer in [nil, [], [true], [true, true, true]] as [[Bool]?] {
                let slept = Mutex<[Int]>([])
                let script = Script { _, _ in answer }
                let desk = DecisionDesk(log, logger: Self.logger) { seconds in
                    slept.withLock { $0.append(seconds) }
                }
                await desk.become(script)
                #expect(await !desk.decide(Self.questions(0..<2), for: [Self.ann]))
                #expect(script.asked.count == 5)
                #expect(slept.withLock { $0 }.prefix(4) == [1, 2, 4, 8])
                #expect(desk.cache.decision(on: Self.questions(0..<1)[0]) == nil)
                #expect(await desk.waitingCount == 0)
            }
        }
    }

    /// An application that comes back in time has cost nobody anything; whoever is less patient has gone.
    @Test func anApplicationThatComesBackDecides() async throws {
        try await Self.withLog(1) { log in
            let script = Script { number, inquiry in
                number < 3 ? nil : inquiry.pairs.map { _ in true }
            }
            let desk = DecisionDesk(log, logger: Self.logger) { _ in }
            await desk.become(script)
            async let patient = desk.decide(Self.questions(0..<1), for: [Self.ann])
            async let other = desk.decide(
                Self.questions(0..<1), for: [Self.ann], attemptsMax: 2)
            #expect(await patient)
            #expect(await !other || script.asked.count > 2)
            #expect(await desk.decide(Self.questions(0..<1), for: [Self.ann]))
        }
    }

    /// What another decider said does not count any more, also if it says it late.
    @Test func whoeverDecidesNowIsAsked() async throws {
        try await Self.withLog(1) { log in
            let gate = Gate()
            let kind = Script { _, inquiry in inquiry.pairs.map { _ in true } }
            let strict = Script { _, inquiry in inquiry.pairs.map { _ in false } }
            let desk = DecisionDesk(log, logger: Self.logger)
            await desk.become(Held(kind, gate))
            async let isDecided = desk.decide(Self.questions(0..<1), for: [Self.ann])
            await gate.waitUntilAsked()
            await desk.become(strict)
            gate.open()
            #expect(await isDecided)
            #expect(desk.cache.decision(on: Self.questions(0..<1)[0]) == .refused)
            await desk.become(nil)
            #expect(await !desk.decide(Self.questions(0..<1), for: [Self.ann]))
        }
    }

    /// Of a record that is not there nobody is asked.
    @Test func whatIsGoneIsNobodysQuestion() async throws {
        try await Self.withLog(1) { log in
            let script = Script { _, inquiry in inquiry.pairs.map { _ in true } }
            let desk = DecisionDesk(log, logger: Self.logger)
            await desk.become(script)
            #expect(await desk.decide(Self.questions(0..<2), for: [Self.ann]))
            #expect(
                Self.questions(0..<2).map { desk.cache.decision(on: $0) } == [.allowed, .gone])
            #expect(await desk.decide(Self.questions(7..<8, of: Self.bob), for: [Self.bob]))
            #expect(script.asked.count == 1)
        }
    }

    /// What is asked for stays known, and the cache stays bounded.
    @Test func theCacheIsBounded() {
        let cache = DecisionCache(countMax: 10)
        let questions = Self.questions(0..<100)
        cache.note(.allowed, on: questions[0])
        for question in questions[1...] {
            cache.note(.refused, on: question)
            #expect(cache.decision(on: questions[0]) == .allowed)
        }
        #expect(questions.count { cache.decision(on: $0) != nil } <= 20)
        cache.removeAll()
        #expect(cache.decision(on: questions[0]) == nil)
    }

    /// Two of whom anything else is known are two askers.
    @Test func askersAreToldApartByAllThatIsKnownOfThem() {
        let principals = [
            Principal.anonymous, Self.ann, Self.bob,
            Principal(origin: .application, subject: "ann"),
            Principal(origin: .token, subject: "ann", isStaff: true),
            Principal(origin: .token, subject: "ann", scopes: ["a"]),
            Principal(origin: .token, subject: "ann", scopes: ["a", "b"]),
            Principal(origin: .token, subject: "ann", claims: ["a": .scalar(.string("b"))]),
            Principal(origin: .token, subject: "ann", claims: ["a": .list([.string("b")])]),
            Principal(origin: .token, subject: "ann", claims: ["a": .scalar(.string("1"))]),
            Principal(origin: .token, subject: "ann", claims: ["a": .scalar(.number(1))]),
            Self.ann.granting(["a": [.string("b")]]),
        ]
        #expect(Set(principals.map(\.identity)).count == principals.count)
        #expect(Self.ann.identity == Principal(origin: .token, subject: "ann").identity)
    }

    @Test func aFunctionOfTheProgramCanDecide() async {
        let decider = DecidingFunction { principal, record in
            principal.subject == "ann" && record.key == .number(1)
        }
        let records = (0..<2).map {
            Inquiry.Record(model: "m", key: .number($0), offset: Offset(UInt64($0)), instance: [])
        }
        let inquiry = Inquiry(
            name: "q", principals: [Self.ann, Self.bob], records: records,
            pairs: [
                .init(principal: 0, record: 0), .init(principal: 0, record: 1),
                .init(principal: 1, record: 1),
            ])
        #expect(await decider.decide(inquiry) == [false, true, false])
    }
}

/// Lets whoever waits at it through once it is open.
private final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var isAsked = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var watching: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func open() {
        let waiting = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    func pass() async {
        let watching = self.state.withLock { state in
            state.isAsked = true
            defer { state.watching = [] }
            return state.watching
        }
        for one in watching { one.resume() }
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func waitUntilAsked() async {
        await withCheckedContinuation { continuation in
            let isAsked = self.state.withLock { state in
                if !state.isAsked { state.watching.append(continuation) }
                return state.isAsked
            }
            if isAsked { continuation.resume() }
        }
    }
}

/// A decider whose answers are held back until a gate opens.
private struct Held: Decider {
    private let decider: any Decider
    private let gate: Gate

    init(_ decider: any Decider, _ gate: Gate) {
        self.decider = decider
        self.gate = gate
    }

    func decide(_ inquiry: Inquiry) async -> [Bool]? {
        await self.gate.pass()
        return await self.decider.decide(inquiry)
    }
}
