import Testing
import Transport

/// What a body may take of the time and memory of others.
@Suite struct BodyLimitTests {
    @Test func aBodyAtTheLeastPaceIsNeverTooSlow() {
        let pace = BodyPace(graceSeconds: 10, bytesPerSecondMin: 1024)
        #expect(!pace.isTooSlow(0, after: .seconds(10)))
        #expect(!pace.isTooSlow(1024, after: .seconds(11)))
        for seconds in 0..<1000 {
            #expect(!pace.isTooSlow(seconds * 1024, after: .seconds(seconds)))
        }
    }

    /// A byte a minute kept a connection and its share of memory for ever.
    @Test func aBodyThatDripsIsTooSlowSoonAfterTheGrace() {
        let pace = BodyPace(graceSeconds: 10, bytesPerSecondMin: 1024)
        #expect(pace.isTooSlow(12, after: .seconds(12)))
        #expect(pace.isTooSlow(16 << 20 - 1, after: .seconds(20_000)))
    }

    @Test func aShareIsGivenBackWhenNobodyHoldsIt() {
        let budget = ByteBudget(100)
        do {
            let first = ByteBudget.Share(of: budget)
            #expect(first.grow(to: 60))
            #expect(first.grow(to: 10) && first.count == 60)
            let second = ByteBudget.Share(of: budget)
            #expect(!second.grow(to: 41) && second.count == 0)
            #expect(second.grow(to: 40))
            #expect(!first.grow(to: 61))
        }
        #expect(ByteBudget.Share(of: budget).grow(to: 100))
    }
}
