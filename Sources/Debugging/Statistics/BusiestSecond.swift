/// Finds the second in which most records were appended, of records in the order of their times.
struct BusiestSecond: Hashable, Sendable {
    /// A second with something in it.
    struct Second: Hashable, Sendable {
        /// When it began, in microseconds since 1970.
        let start: Int64
        var recordCount: Int
    }

    private static let length: Int64 = 1_000_000

    /// The first one of those with the most records.
    private(set) var busiest: Second?
    // Where the records begin and end, other records can belong to the same second.
    private var first: Second?
    private var last: Second?
    private var secondCount = 0

    /// Counts a record with this time.
    mutating func add(_ time: Int64) {
        if let last, (0..<Self.length).contains(time &- last.start) {
            self.last?.recordCount += 1
        } else {
            self.begin(Second(start: time.start(ofStretch: Self.length), recordCount: 1))
        }
        self.settle()
    }

    /// Counts the records of `next`, which come after all that were counted here.
    mutating func append(_ next: BusiestSecond) {
        guard let first = next.first, let last = next.last else { return }
        if self.last?.start == first.start {
            self.last?.recordCount += first.recordCount
        } else {
            self.begin(first)
        }
        self.settle()
        if next.secondCount > 1 {
            self.begin(last)
            self.secondCount += next.secondCount - 2
        }
        self.settle()
        self.raise(to: next.busiest)
    }

    private mutating func begin(_ second: Second) {
        self.last = second
        self.secondCount += 1
    }

    private mutating func settle() {
        if self.secondCount == 1 { self.first = self.last }
        self.raise(to: self.last)
    }

    private mutating func raise(to second: Second?) {
        guard let second, second.recordCount > self.busiest?.recordCount ?? 0 else { return }
        self.busiest = second
    }
}

extension Int64 {
    /// The beginning of the stretch of this length that a time is in; also before 1970.
    func start(ofStretch length: Int64) -> Int64 {
        let rest = self % length
        return self - (rest < 0 ? rest + length : rest)
    }
}
