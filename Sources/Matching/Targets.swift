import LogModel

/// A filter that somebody wants and that one group does not answer: once for all who want it.
struct Target {
    /// The number of the last match that has done with it.
    var matchNumber: UInt64 = 0
    /// Who wants it.
    var subscribers: Run
    /// Words of the program, as a size of the pool.
    let programSize: UInt8
    /// Where the program is in the pool, in words.
    let program: UInt32
}

/// The targets of a matcher, by their numbers.
struct Targets {
    /// What tells targets apart: equal filters may be found by other groups, according to when they were made ready.
    private struct Name: Hashable {
        let filter: Filter
        let driver: [UInt64]

        init(_ predicate: Predicate) {
            self.filter = predicate.filter
            self.driver = predicate.driver
        }
    }

    private var targets: [Target] = []
    private var vacant: [Int] = []
    private var numbers: [Name: Int] = [:]

    subscript(number: Int) -> Target {
        @inline(__always) get { self.targets[number] }
        @inline(__always) _modify { yield &self.targets[number] }
    }

    /// The number of the target of `predicate`, if there is one.
    func number(of predicate: Predicate) -> Int? { self.numbers[Name(predicate)] }

    /// Adds the target of `predicate` for `subscriber` and returns its number.
    mutating func insert(
        _ predicate: Predicate, for subscriber: Subscriber, in pool: inout WordPool
    ) -> Int {
        let target = Target(
            subscribers: Run(subscriber.word),
            programSize: WordPool.size(for: predicate.program.count),
            program: pool.allocate(predicate.program.span.bytes))
        let number = self.vacant.popLast() ?? self.targets.count
        if number == self.targets.count {
            self.targets.append(target)
        } else {
            self.targets[number] = target
        }
        self.numbers[Name(predicate)] = number
        return number
    }

    /// Removes the target `number`, which is that of `predicate`.
    mutating func remove(_ number: Int, of predicate: Predicate, in pool: inout WordPool) {
        pool.free(self.targets[number].program, size: self.targets[number].programSize)
        self.numbers[Name(predicate)] = nil
        self.vacant.append(number)
    }
}
