/// How many sessions are told to go in each slice of time, so that they neither all come back to another
/// server at once nor wait longer than needed. Pure.
package struct DrainPlan {
    /// Milliseconds of a slice.
    package static let sliceMilliseconds = 100
    /// Sessions that an event loop may always close in a slice: few are gone at once.
    package static let sessionsAtOnce = 64

    private var slicesLeft: Int

    /// Plans for `seconds`; 0 closes everything in one slice.
    package init(seconds: Int) {
        self.slicesLeft = max(1, seconds * 1000 / Self.sliceMilliseconds)
    }

    /// How many of an event loop's `remaining` sessions go in the next slice; all of them in the last one.
    package mutating func next(of remaining: [Int]) -> [Int] {
        defer { self.slicesLeft -= 1 }
        return remaining.map { count in
            guard self.slicesLeft > 1 else { return count }
            let share = (count + self.slicesLeft - 1) / self.slicesLeft
            return min(count, max(share, Self.sessionsAtOnce))
        }
    }
}
