/// Sorts values in bounded steps, for whoever may not be away for long: runs of a fixed length first, and then pairs of
/// runs that are merged, twice as long each time.
///
/// Memory: the values twice while it sorts.
package struct SteppedSort<Value: Sendable>: Sendable {
    /// Values of the runs that are sorted at once.
    private static var firstRunCount: Int { 1024 }

    private var values: [Value]
    /// What is merged so far of the pass at hand.
    private var merged: [Value] = []
    /// How long sorted runs are; 0 while the first ones are made.
    private var runCount = 0
    /// Where the next run to be sorted begins, or of the two runs that are merged what is next, and where they are.
    private var left = 0
    private var right = 0
    private var pair = 0..<0
    private let isBefore: @Sendable (Value, Value) -> Bool

    /// Prepares to sort `values`, of which no two are alike.
    package init(_ values: [Value], by isBefore: @escaping @Sendable (Value, Value) -> Bool) {
        self.values = values
        self.isBefore = isBefore
    }

    /// The values, sorted once ``step(countMax:)`` has said so.
    package var sorted: [Value] { self.values }

    /// Moves about `countMax` values, and returns whether all are sorted.
    package mutating func step(countMax: Int) -> Bool {
        var count = 0
        while count < countMax {
            if self.runCount == 0 {
                count += self.sortRun()
            } else if self.runCount >= self.values.count {
                return true
            } else {
                count += self.mergeOn(countMax: countMax - count)
            }
        }
        return self.runCount >= self.values.count && self.runCount > 0
    }

    private mutating func sortRun() -> Int {
        let end = min(self.left + Self.firstRunCount, self.values.count)
        self.values[self.left..<end].sort(by: self.isBefore)
        let count = end - self.left
        self.left = end
        if end == self.values.count { self.begin(runs: Self.firstRunCount) }
        return max(count, 1)
    }

    /// Begins a pass over all values, whose sorted runs have this length.
    private mutating func begin(runs count: Int) {
        self.runCount = count
        self.merged = []
        guard count < self.values.count else { return }
        self.merged.reserveCapacity(self.values.count)
        self.beginPair(at: 0)
    }

    private mutating func beginPair(at start: Int) {
        self.pair = start..<min(start + 2 * self.runCount, self.values.count)
        self.left = start
        self.right = min(start + self.runCount, self.pair.upperBound)
    }

    private mutating func mergeOn(countMax: Int) -> Int {
        let middle = min(self.pair.lowerBound + self.runCount, self.pair.upperBound)
        var count = 0
        while count < countMax, self.left < middle || self.right < self.pair.upperBound {
            let takesLeft =
                self.right == self.pair.upperBound
                || (self.left < middle
                    && self.isBefore(self.values[self.left], self.values[self.right]))
            self.merged.append(self.values[takesLeft ? self.left : self.right])
            if takesLeft { self.left += 1 } else { self.right += 1 }
            count += 1
        }
        guard self.left == middle, self.right == self.pair.upperBound else { return count }
        if self.pair.upperBound < self.values.count {
            self.beginPair(at: self.pair.upperBound)
        } else {
            self.values = self.merged
            self.begin(runs: self.runCount * 2)
        }
        return max(count, 1)
    }
}
