import LivelogClient
import TestSupport
import Testing

@Suite struct BackoffTests {
    @Test(arguments: 0..<50 as Range<UInt64>)
    func eachWaitIsWithinItsBound(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(5))
        for attempt in 0..<200 {
            let bound = min(Duration.milliseconds(100) * (1 << min(attempt, 20)), .seconds(5))
            #expect(backoff.bound == bound)
            let wait = backoff.next(using: &generator)
            #expect(.zero <= wait && wait <= bound)
        }
    }

    @Test func theJitterIsFull() {
        var generator = SeededGenerator(seed: 1)
        var short = 0
        var long = 0
        for _ in 0..<1000 {
            var backoff = Backoff(base: .seconds(30), cap: .seconds(30))
            let wait = backoff.next(using: &generator)
            if wait < .seconds(3) { short += 1 }
            if wait > .seconds(27) { long += 1 }
        }
        #expect(50...200 ~= short)
        #expect(50...200 ~= long)
    }

    @Test func successBeginsAgainFromTheShortestWait() {
        var generator = SeededGenerator(seed: 2)
        var backoff = Backoff(base: .milliseconds(250), cap: .seconds(30))
        for _ in 0..<40 { _ = backoff.next(using: &generator) }
        #expect(backoff.bound == .seconds(30))
        backoff.reset()
        #expect(backoff.bound == .milliseconds(250))
        #expect(backoff.attempts == 0)
    }
}
