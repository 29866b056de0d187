package import Access
import LogFormat
package import LogModel
package import LogStorage
package import Logging

/// Has decided what readers ask for: many of their questions with one inquiry, as many as wait while others are on their
/// way.
///
/// Without an answer nothing is decided. What was asked for is asked for again after 1, 2, 4 and 8 seconds, and nothing
/// else is meanwhile: whoever does not answer is not asked more for it.
package actor DecisionDesk {
    /// How much is asked at a time.
    package struct Limits: Sendable {
        /// Questions of one inquiry. Default 256.
        package var pairsMax = 256
        /// Bytes of instances of one inquiry, with the last one more. Default 1 MiB.
        package var instanceBytesMax = 1 << 20
        /// Inquiries that are on their way. Default 4.
        package var inquiriesMax = 4
        /// Questions that wait; who asks for more gets no answer. Default 262,144.
        package var waitingMax = 1 << 18

        /// Creates the default limits.
        package init() {}
    }

    /// What was done since the start.
    package struct Counters: Hashable, Sendable {
        /// Inquiries.
        package var inquiries: UInt64 = 0
        /// Inquiries that were not answered as they have to be.
        package var failures: UInt64 = 0
        /// Questions that were decided.
        package var decisions: UInt64 = 0
        /// Of these, those that were refused.
        package var refusals: UInt64 = 0

        /// Creates counters of nothing.
        package init() {}
    }

    /// How often something is asked for before whoever reads is told to come again.
    package static let attemptsMax = 5

    private struct Waiting {
        let principal: Principal
        var tickets: [UInt64]
    }

    private struct Ticket {
        var left: Int
        var attemptsLeft: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    /// Questions that wait, or are on their way.
    package var waitingCount: Int { self.waiting.count }

    /// What is decided already.
    package nonisolated let cache: DecisionCache
    private let log: ChangeLog
    private let limits: Limits
    private let sleep: @Sendable (Int) async -> Void
    private let logger: Logger
    private var decider: (any Decider)?
    /// How often there was another decider: what one before says does not count any more.
    private var era = 0
    private var waiting: [RecordQuestion: Waiting] = [:]
    /// What is to be asked for, in turn. Some of it may not be waited for any more.
    private var queue: [RecordQuestion] = []
    private var tickets: [UInt64: Ticket] = [:]
    private var lastTicket: UInt64 = 0
    private var inquiryCount = 0
    private var failuresInARow = 0
    private var isPausing = false
    /// What was done since the start.
    package private(set) var counters = Counters()

    /// Creates the desk of `log`, which asks nobody until there is a decider.
    ///
    /// - Parameter sleep: waits for so many seconds.
    package init(
        _ log: ChangeLog, limits: Limits = Limits(), logger: Logger,
        sleep: @escaping @Sendable (Int) async -> Void = { seconds in
            try? await ContinuousClock().sleep(for: .seconds(seconds))
        }
    ) {
        self.log = log
        self.limits = limits
        self.cache = DecisionCache()
        self.sleep = sleep
        self.logger = logger
    }

    /// Lets `decider` decide from now on. What was decided before is forgotten.
    package func become(_ decider: (any Decider)?) {
        self.decider = decider
        self.era += 1
        self.failuresInARow = 0
        self.cache.removeAll()
    }

    /// Has `questions` decided, and returns whether they are: then they are in ``cache``.
    ///
    /// - Parameters:
    ///   - principals: who asks them, perhaps as they were before.
    ///   - attemptsMax: how often they are asked for.
    package func decide(
        _ questions: [RecordQuestion], for principals: [Principal],
        attemptsMax: Int = DecisionDesk.attemptsMax
    ) async -> Bool {
        let askers = Dictionary(principals.map { ($0.identity, $0) }) { first, _ in first }
        let open = questions.filter { self.cache.decision(on: $0) == nil }
        if open.isEmpty { return true }
        guard self.decider != nil, self.waiting.count + open.count <= self.limits.waitingMax,
            open.allSatisfy({ askers[$0.question.asker] != nil })
        else { return false }
        return await withCheckedContinuation { continuation in
            self.lastTicket += 1
            let number = self.lastTicket
            self.tickets[number] = Ticket(
                left: open.count, attemptsLeft: attemptsMax, continuation: continuation)
            for question in open {
                if self.waiting[question] == nil {
                    guard let principal = askers[question.question.asker] else { continue }
                    self.waiting[question] = Waiting(principal: principal, tickets: [number])
                    self.queue.append(question)
                } else {
                    self.waiting[question]?.tickets.append(number)
                }
            }
            self.askOn()
        }
    }

    // MARK: - Asking

    private func askOn() {
        while !self.isPausing, self.inquiryCount < self.limits.inquiriesMax {
            let questions = self.takeQuestions()
            guard !questions.isEmpty else { return }
            self.inquiryCount += 1
            Task { await self.ask(questions) }
        }
    }

    /// The next questions of one name that are still waited for.
    private func takeQuestions() -> [RecordQuestion] {
        var taken: [RecordQuestion] = []
        var end = 0
        for question in self.queue {
            let isWaited = self.waiting[question] != nil
            if isWaited, let first = taken.first {
                guard question.question.name == first.question.name,
                    taken.count < self.limits.pairsMax
                else { break }
            }
            if isWaited { taken.append(question) }
            end += 1
        }
        self.queue.removeFirst(end)
        return taken
    }

    private func ask(_ questions: [RecordQuestion]) async {
        let (inquiry, asked) = self.inquiry(questions)
        let era = self.era
        var answers: [Bool]? = []
        if !asked.isEmpty {
            self.counters.inquiries += 1
            answers = await self.decider?.decide(inquiry)
        }
        self.inquiryCount -= 1
        if let answers, answers.count == asked.count, era == self.era {
            self.failuresInARow = 0
            for (question, isAllowed) in zip(asked, answers) {
                self.counters.decisions += 1
                if !isAllowed { self.counters.refusals += 1 }
                self.settle(question, isAllowed ? .allowed : .refused)
            }
        } else if era != self.era {
            // Whoever decides now has not been asked.
            self.queue.insert(contentsOf: asked, at: 0)
        } else {
            await self.fail(asked)
        }
        self.askOn()
    }

    /// The inquiry about as many of `questions` as it may have, which are returned with it; what is gone is settled, and
    /// the rest goes back.
    private func inquiry(_ questions: [RecordQuestion]) -> (Inquiry, asked: [RecordQuestion]) {
        var principals: [Principal] = []
        var principalPlaces: [String: Int] = [:]
        var records: [Inquiry.Record] = []
        var recordPlaces: [Offset: Int] = [:]
        var pairs: [Inquiry.Pair] = []
        var asked: [RecordQuestion] = []
        var byteCount = 0
        for (index, question) in questions.enumerated() {
            guard byteCount < self.limits.instanceBytesMax else {
                self.queue.insert(contentsOf: questions[index...], at: 0)
                break
            }
            guard let principal = self.waiting[question]?.principal else { continue }
            if recordPlaces[question.offset] == nil {
                guard let record = self.record(at: question.offset) else {
                    self.settle(question, .gone)
                    continue
                }
                recordPlaces[question.offset] = records.count
                byteCount += record.instance.count
                records.append(record)
            }
            let place = principalPlaces[question.question.asker] ?? principals.count
            if place == principals.count {
                principalPlaces[question.question.asker] = place
                principals.append(principal)
            }
            guard let record = recordPlaces[question.offset] else { continue }
            pairs.append(Inquiry.Pair(principal: place, record: record))
            asked.append(question)
        }
        let name = questions.first?.question.name ?? ""
        let inquiry = Inquiry(name: name, principals: principals, records: records, pairs: pairs)
        return (inquiry, asked)
    }

    private func record(at offset: Offset) -> Inquiry.Record? {
        do throws(StorageError) {
            return try self.log.withRecord(at: offset) { record in
                Inquiry.Record(
                    model: Text(bytes: record.model.copy()),
                    key: Scalar(kind: record.keyKind, text: Text(bytes: record.key.copy())),
                    offset: offset,
                    instance: record.instance.copy())
            }
        } catch {
            self.logger.error("nobody can be asked about a record: \(error)")
            return nil
        }
    }

    // MARK: - Answers

    private func settle(_ question: RecordQuestion, _ decision: Decision) {
        self.cache.note(decision, on: question)
        guard let waiting = self.waiting.removeValue(forKey: question) else { return }
        for number in waiting.tickets {
            self.tickets[number]?.left -= 1
            if self.tickets[number]?.left == 0 { self.end(number, true) }
        }
    }

    private func end(_ number: UInt64, _ isDecided: Bool) {
        self.tickets.removeValue(forKey: number)?.continuation.resume(returning: isDecided)
    }

    /// Asks again after a while, for whoever is still patient.
    private func fail(_ questions: [RecordQuestion]) async {
        self.counters.failures += 1
        let seconds = 1 << min(self.failuresInARow, 3)
        self.failuresInARow += 1
        for number in Set(questions.flatMap { self.waiting[$0]?.tickets ?? [] }) {
            self.tickets[number]?.attemptsLeft -= 1
            if self.tickets[number]?.attemptsLeft == 0 { self.end(number, false) }
        }
        for question in questions {
            self.waiting[question]?.tickets.removeAll { self.tickets[$0] == nil }
            if self.waiting[question]?.tickets.isEmpty == true { self.waiting[question] = nil }
        }
        // A ticket that has ended may have waited for others, too: those are dropped when they come to be asked.
        self.dropUnwaited()
        self.queue.insert(contentsOf: questions.filter { self.waiting[$0] != nil }, at: 0)
        guard !self.isPausing else { return }
        self.isPausing = true
        self.logger.warning(
            "nobody decides who may see what", metadata: ["again in seconds": "\(seconds)"])
        await self.sleep(seconds)
        self.isPausing = false
    }

    private func dropUnwaited() {
        for question in self.queue {
            self.waiting[question]?.tickets.removeAll { self.tickets[$0] == nil }
            if self.waiting[question]?.tickets.isEmpty == true { self.waiting[question] = nil }
        }
    }
}
