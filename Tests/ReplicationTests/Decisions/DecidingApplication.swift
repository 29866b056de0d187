import Access
import LogModel
import Replication
import TestSupport

/// An application that is asked who may see what. It answers when it is told to, in any order.
final class DecidingApplication {
    private struct Asked {
        let questions: [RecordQuestion]
        let principals: [Principal]
        let number: UInt64
    }

    private let decisions: DecisionCache
    private let dispatcher: Dispatcher
    private let isAllowed: (Principal, RecordQuestion) -> Bool
    private var random: SeededGenerator
    private var asked: [Asked] = []
    /// Questions that were asked so far.
    private(set) var questionCount = 0

    /// Decides for `server` by `isAllowed`.
    init(
        for server: Server, seed: UInt64,
        _ isAllowed: @escaping (Principal, RecordQuestion) -> Bool
    ) {
        self.decisions = server.decisions
        self.dispatcher = server.dispatcher
        self.isAllowed = isAllowed
        self.random = SeededGenerator(seed: seed)
        server.dispatcher.decide = { [unowned self] questions, principals, number in
            self.questionCount += questions.count
            self.asked.append(
                Asked(questions: questions, principals: principals, number: number))
        }
    }

    /// Whether somebody waits for an answer.
    var isAsked: Bool { !self.asked.isEmpty }

    /// Answers what somebody waits for, whom chance picks.
    func answerOne() {
        guard !self.asked.isEmpty else { return }
        let one = self.asked.remove(at: self.random.below(self.asked.count))
        self.decide(one.questions, for: one.principals)
        _ = self.dispatcher.decided(one.number, hasAnswer: true)
    }

    /// Answers nobody who waits: they are told to come again.
    func fail() {
        for one in self.asked { _ = self.dispatcher.decided(one.number, hasAnswer: false) }
        self.asked = []
    }

    /// Answers some of those who wait, perhaps nobody.
    func answerSome() {
        for _ in 0..<self.random.below(max(self.asked.count, 1)) { self.answerOne() }
    }

    /// Turns and answers until there is nothing to do.
    func settle(_ server: Server) {
        server.settle()
        while self.isAsked {
            self.answerOne()
            server.settle()
        }
    }

    /// Decides for who reads without a session.
    func decide(_ questions: [RecordQuestion], for principals: [Principal]) {
        for question in questions {
            let asker = principals.first { $0.identity == question.question.asker }
            let isAllowed = asker.map { self.isAllowed($0, question) } ?? false
            self.decisions.note(isAllowed ? .allowed : .refused, on: question)
        }
    }
}
