import LivelogClient
import TestSupport
import Testing

@Suite struct RetryScheduleTests {
    private let backoff = Backoff(base: .seconds(1), cap: .seconds(10))

    @Test(arguments: 0..<50 as Range<UInt64>)
    func theLastAttemptIsMadeAtTheLimit(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var schedule = RetrySchedule(limit: .seconds(60), backoff: self.backoff)
        var elapsed = Duration.zero
        while let delay = schedule.delay(
            failingFor: elapsed, retryAfter: nil, using: &generator)
        {
            #expect(delay >= .zero)
            elapsed += delay
        }
        #expect(elapsed == .seconds(60))
    }

    @Test func theServersWishIsALowerBound() throws {
        var generator = SeededGenerator(seed: 1)
        var schedule = RetrySchedule(limit: .seconds(60), backoff: self.backoff)
        let delay = try #require(
            schedule.delay(failingFor: .zero, retryAfter: .seconds(20), using: &generator))
        #expect(delay == .seconds(20))
    }

    @Test func aWishBeyondTheLimitEndsIt() {
        var generator = SeededGenerator(seed: 1)
        var schedule = RetrySchedule(limit: .seconds(60), backoff: self.backoff)
        let delay = schedule.delay(
            failingFor: .seconds(50), retryAfter: .seconds(11), using: &generator)
        #expect(delay == nil)
    }

    /// `livelog publish --retry-for 5` came back after two minutes, because the server had taken the request and said
    /// nothing.
    @Test func anAttemptTakesNoLongerThanWhatIsLeft() {
        let schedule = RetrySchedule(
            limit: .seconds(60), attemptLimit: .seconds(40), backoff: self.backoff)
        #expect(schedule.timeout(failingFor: .zero) == .seconds(40))
        #expect(schedule.timeout(failingFor: .seconds(35)) == .seconds(25))
        // But it gets the time for an answer.
        #expect(schedule.timeout(failingFor: .seconds(55)) == .seconds(10))
        #expect(schedule.timeout(failingFor: .seconds(60)) == .seconds(10))
        let impatient = RetrySchedule(limit: .seconds(60), attemptLimit: .seconds(3))
        #expect(impatient.timeout(failingFor: .seconds(60)) == .seconds(3))
    }

    @Test func aLimitOfZeroAllowsNoSecondAttempt() {
        var generator = SeededGenerator(seed: 1)
        var schedule = RetrySchedule(limit: .zero, backoff: self.backoff)
        #expect(schedule.delay(failingFor: .zero, retryAfter: nil, using: &generator) == nil)
    }
}
