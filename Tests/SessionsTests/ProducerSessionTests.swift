import LogModel
import Sessions
import TestSupport
import Testing
import WireProtocol

struct ProducerSessionTests {
    @Test(arguments: 0..<20)
    func answersLeaveInTheOrderOfTheBatches(_ round: UInt64) {
        var generator = SeededGenerator(seed: round)
        var fixture = ProducerFixture()
        var answered: [UInt64] = []
        var expected: [UInt64] = []
        var waiting: [UInt64] = []
        var number: UInt64 = 0
        while expected.count < 300 || !waiting.isEmpty {
            if expected.count < 300, Bool.random(using: &generator) {
                number += UInt64.random(in: 1...5, using: &generator)
                expected.append(number)
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    fixture.receive(#"{"batch":\#(number),"changes":[7]}"#)
                } else {
                    fixture.receive(ProducerFixture.batch(number))
                    waiting.append(number)
                }
            } else if let index = waiting.indices.randomElement(using: &generator) {
                // The log answers in order, but nothing here relies on that.
                let done = waiting.remove(at: index)
                fixture.session.acknowledge(done, ProducerFixture.receipt(at: done))
            }
            answered += fixture.takeMessages().map { Self.number(of: $0) }
            #expect(fixture.session.unansweredCount == expected.count - answered.count)
            #expect(answered == Array(expected.prefix(answered.count)))
        }
        #expect(answered == expected)
        #expect(fixture.session.receiptCount + fixture.session.refusedCount == expected.count)
        #expect(fixture.session.closing == nil)
    }

    private static func number(of message: String) -> UInt64 {
        let digits = message.drop { !$0.isNumber }.prefix { $0.isNumber }
        return UInt64(digits) ?? 0
    }

    @Test func asManyBatchesWaitAsMay() {
        var limits = ProducerLimits()
        limits.unansweredMax = 3
        var fixture = ProducerFixture(limits: limits)
        for number in 1...3 {
            #expect(fixture.session.canTakeMore)
            fixture.receive(ProducerFixture.batch(UInt64(number)))
        }
        #expect(!fixture.session.canTakeMore)
        fixture.session.acknowledge(2, ProducerFixture.receipt(at: 1))
        #expect(!fixture.session.canTakeMore, "the first one is still not answered")
        fixture.session.acknowledge(1, ProducerFixture.receipt(at: 0))
        #expect(fixture.session.canTakeMore)
        #expect(fixture.session.unansweredCount == 1)
    }

    @Test(arguments: [
        (#"{"batch":5,"changes":[]}"#, "batch-not-rising"),
        (#"{"batch":4,"changes":[]}"#, "batch-not-rising"),
        (#"{"producer":"late"}"#, "producer-too-late"),
        (#"{"subscribe":1}"#, "unknown-message"),
        ("nonsense", "unknown-message"),
    ])
    func whoDoesNotSpeakTheDialectIsToldAfterHisReceipts(_ message: String, _ code: String) {
        var fixture = ProducerFixture()
        fixture.receive(ProducerFixture.batch(5))
        fixture.receive(message)
        // Too late, and ignored.
        fixture.receive(ProducerFixture.batch(6))
        #expect(!fixture.session.canTakeMore)
        #expect(fixture.session.closing == nil)
        #expect(fixture.takeMessages().isEmpty)
        fixture.session.acknowledge(5, ProducerFixture.receipt(at: 0))
        let messages = fixture.takeMessages()
        #expect(messages.count == 2)
        #expect(messages.first?.hasPrefix(#"{"receipt":5,"#) == true)
        #expect(messages.last?.hasPrefix(#"{"error":"\#(code)","message":""#) == true)
        #expect(fixture.session.closing?.code == .policyViolation)
        #expect(fixture.session.closing?.reason == code)
        #expect(fixture.submitted.map(\.number) == [5])
    }

    @Test func aBinaryMessageEndsTheConnection() {
        var fixture = ProducerFixture()
        fixture.session.receiveBinary()
        #expect(fixture.takeMessages().first?.hasPrefix(#"{"error":"not-text""#) == true)
        #expect(fixture.session.closing?.code == .policyViolation)
    }

    @Test func theNameComesFirstAndOnce() {
        var fixture = ProducerFixture()
        #expect(fixture.session.name == nil)
        fixture.receive(#"{"producer":"one"}"#)
        #expect(fixture.session.name == "one")
        fixture.receive(#"{"producer":"two"}"#)
        #expect(fixture.session.name == "one")
        #expect(fixture.session.closing?.reason == "producer-too-late")
    }

    @Test func whoDrainsAnswersWhatItHasTaken() {
        var fixture = ProducerFixture()
        fixture.receive(ProducerFixture.batch(1))
        fixture.session.end(.goingAway, reason: "the server stops")
        fixture.receive(ProducerFixture.batch(2))
        #expect(fixture.session.closing == nil)
        fixture.session.acknowledge(1, ProducerFixture.receipt(at: 0))
        #expect(fixture.takeMessages().count == 1)
        #expect(fixture.session.closing?.code == .goingAway)
        #expect(fixture.submitted.map(\.number) == [1])
    }

    @Test func theFirstReasonToEndIsTheOneThatIsTold() {
        var fixture = ProducerFixture()
        fixture.receive(ProducerFixture.batch(1))
        fixture.receive(ProducerFixture.batch(2))
        let refusal = Producer1Refusal(code: "disk-full", message: "no space")
        fixture.session.fail(1, refusal, with: .tryAgainLater, reason: "disk-full")
        fixture.session.end(.goingAway, reason: "the server stops")
        #expect(fixture.session.closing == nil, "the second batch is not answered")
        fixture.session.fail(2, refusal, with: .tryAgainLater, reason: "disk-full")
        #expect(fixture.session.closing?.code == .tryAgainLater)
        #expect(fixture.takeMessages().count == 2)
    }
}
