import NIOCore
import Testing
import Transport

/// A bucket of one rate.
private final class Bucket {
    private let rate: Rate
    private var bucket = TokenBucket()

    init(_ rate: Rate) { self.rate = rate }

    func takes(at now: NIODeadline) -> Bool { self.bucket.take(1, of: self.rate, at: now) }
    func charge(_ count: Int, at now: NIODeadline) {
        self.bucket.charge(count, of: self.rate, at: now)
    }
    func wait(at now: NIODeadline) -> TimeAmount { self.bucket.wait(of: self.rate, at: now) }
}

/// How often something may happen, with a clock that stands still until it is told.
@Suite struct RateTests {
    private static func at(_ seconds: Double) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000_000 + UInt64(seconds * 1e9))
    }

    @Test func aBurstIsTakenAndThenWhatComesBack() {
        let bucket = Bucket(Rate(2, burst: 5))
        for _ in 0..<5 { #expect(bucket.takes(at: Self.at(0))) }
        #expect(!bucket.takes(at: Self.at(0)))
        #expect(!bucket.takes(at: Self.at(0.49)))
        #expect(bucket.takes(at: Self.at(0.51)))
        #expect(!bucket.takes(at: Self.at(0.52)))
        // However long nothing happens, there is no more than the burst.
        let taken = (0..<20).filter { _ in bucket.takes(at: Self.at(1000)) }
        #expect(taken.count == 5)
    }

    /// A request is taken whole, and who made it waits until that is made up for.
    @Test func whatWasTakenBeforeItWasThereIsMadeUpFor() {
        let bucket = Bucket(Rate(100))
        bucket.charge(1100, at: Self.at(0))
        let wait = bucket.wait(at: Self.at(0))
        #expect(wait >= .milliseconds(10_009) && wait <= .milliseconds(10_011))
        #expect(!bucket.takes(at: Self.at(0) + .milliseconds(10_009)))
        #expect(bucket.takes(at: Self.at(0) + wait))
    }

    @Test func aClockThatGoesBackGivesNothing() {
        let bucket = Bucket(Rate(1))
        #expect(bucket.takes(at: Self.at(10)))
        #expect(!bucket.takes(at: Self.at(0)))
        #expect(!bucket.takes(at: Self.at(10.5)))
        #expect(bucket.takes(at: Self.at(11.1)))
    }

    @Test func eachClientHasItsOwn() {
        let table = RateTable<Int>(Rate(10, inSeconds: 60), countMax: 100)
        for _ in 0..<10 {
            #expect(table.wait(of: 1, at: Self.at(0)) == nil)
            table.charge(1, to: 1, at: Self.at(0))
        }
        let wait = table.wait(of: 1, at: Self.at(0))
        #expect(wait.map { $0 > .milliseconds(5990) && $0 < .milliseconds(6010) } == true)
        #expect(table.wait(of: 2, at: Self.at(0)) == nil)
        #expect(table.take(of: 2, at: Self.at(0)) == nil)
        #expect(table.take(of: 1, at: Self.at(0)) != nil)
        #expect(table.take(of: 1, at: Self.at(7)) == nil)
        // Who only asks is not remembered.
        #expect(table.wait(of: 3, at: Self.at(0)) == nil)
        #expect(table.count == 2)
    }

    @Test func aTableHasAnEnd() {
        let table = RateTable<Int>(Rate(10, inSeconds: 60), countMax: 100)
        for _ in 0..<10 { table.charge(1, to: -1, at: Self.at(0)) }
        for key in 0..<99 { table.charge(1, to: key, at: Self.at(0)) }
        #expect(table.count == 100)
        // Those that have nothing to make up for go first.
        table.charge(1, to: 1000, at: Self.at(20))
        #expect(table.count == 2)
        #expect(table.wait(of: -1, at: Self.at(0)) != nil)
        // If there are none, some other goes.
        for key in 2000..<4000 { table.charge(5, to: key, at: Self.at(20)) }
        #expect(table.count == 100)
    }

    @Test func aSeatCountsForAsLongAsItIsHeld() throws {
        let table = SeatTable<String>()
        var seats = (0..<3).compactMap { _ in table.take("a", countMax: 3) }
        #expect(seats.count == 3)
        #expect(table.take("a", countMax: 3) == nil)
        let other = try #require(table.take("b", countMax: 3))
        #expect(table.count(of: "a") == 3 && table.clientCount == 2)
        seats.removeFirst()
        #expect(table.count(of: "a") == 2)
        seats = []
        #expect(table.clientCount == 1)
        withExtendedLifetime(other) {}
    }
}
