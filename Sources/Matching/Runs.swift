/// Words in no order, each once: the one word itself, or where in the pool they are.
struct Run {
    /// The word, or the start in the pool and, in the upper half, how many there are.
    fileprivate(set) var bits: UInt64
    /// 0 if there is one word; else n, where there are 2^n places in the pool.
    fileprivate(set) var size: UInt8

    /// Creates a run of one word.
    init(_ word: UInt64) {
        self.bits = word
        self.size = 0
    }

    /// The run that had these bits and this size.
    init(bits: UInt64, size: UInt8) {
        self.bits = bits
        self.size = size
    }

    /// Whether ``bits`` is the run's one word.
    @inline(__always) var isSingle: Bool { self.size == 0 }
    /// Where the words are in the pool. Not of a single one.
    @inline(__always) var places: Range<Int> {
        let start = Int(UInt32(truncatingIfNeeded: self.bits))
        return start..<start + Int(self.bits >> 32)
    }

    /// Runs of at least 2^n places have an index.
    fileprivate static let indexedSize: UInt8 = 5
    fileprivate var isIndexed: Bool { self.size >= Self.indexedSize }
    fileprivate var capacity: Int { 1 << self.size }
    /// The size of the run's stretch of the pool.
    fileprivate var stretchSize: UInt8 { self.isIndexed ? self.size + 1 : self.size }
}

/// Adds words to runs and removes them in constant time on the whole, however many there are.
///
///     stretch of an indexed run    2^n words | 2^(n+1) entries of 32 bits
///
/// The index says where in the run each word is: a table with open addressing, at most half full. An entry is 0 if it
/// is free, else the word's place in the run and 1. Smaller runs are searched through.
struct Runs {
    /// Where the runs' words, and the texts and programs of a matcher, are.
    var pool = WordPool()

    /// Adds `word`, which is not in the run.
    mutating func append(_ word: UInt64, to run: inout Run) {
        if run.isSingle {
            let start = self.pool.allocate(size: 1)
            self.pool[Int(start)] = run.bits
            self.pool[Int(start) + 1] = word
            run.bits = UInt64(start) | 2 << 32
            run.size = 1
            return
        }
        if run.places.count == run.capacity { self.resize(&run, to: run.size + 1) }
        let place = run.places.count
        self.pool[run.places.upperBound] = word
        run.bits += 1 << 32
        if run.isIndexed { self.addEntry(of: word, at: place, run) }
    }

    /// Removes `word` from the run, which has it. Returns whether it was the last, and then the run is of no more
    /// use.
    mutating func remove(_ word: UInt64, from run: inout Run) -> Bool {
        if run.isSingle {
            precondition(run.bits == word, "a subscription was removed that had not been added")
            return true
        }
        let (start, last) = (run.places.lowerBound, run.places.count - 1)
        let place: Int
        if run.isIndexed {
            let entry = self.entry(of: word, run)
            place = self.indexed(entry, run)
            self.removeEntry(entry, run)
        } else {
            place = self.place(of: word, run)
        }
        if place != last {
            let moved = self.pool[start + last]
            if run.isIndexed { self.setEntry(self.entry(of: moved, run), place + 1, run) }
            self.pool[start + place] = moved
        }
        run.bits -= 1 << 32
        if last == 1 {
            let word = self.pool[start]
            self.pool.free(UInt32(start), size: run.stretchSize)
            run = Run(word)
        } else if last <= run.capacity / 4 {
            // At a quarter, so that it takes as many changes again until the next time.
            self.resize(&run, to: run.size - 1)
        }
        return false
    }

    private func place(of word: UInt64, _ run: Run) -> Int {
        for place in run.places where self.pool[place] == word {
            return place - run.places.lowerBound
        }
        preconditionFailure("a subscription was removed that had not been added")
    }

    private mutating func resize(_ run: inout Run, to size: UInt8) {
        let old = run
        run.size = size
        let start = Int(self.pool.allocate(size: run.stretchSize))
        run.bits = UInt64(start) | UInt64(old.places.count) << 32
        for (place, oldPlace) in old.places.enumerated() {
            self.pool[start + place] = self.pool[oldPlace]
        }
        self.pool.free(UInt32(old.places.lowerBound), size: old.stretchSize)
        guard run.isIndexed else { return }
        for word in 0..<run.capacity { self.pool[start + run.capacity + word] = 0 }
        for (place, newPlace) in run.places.enumerated() {
            self.addEntry(of: self.pool[newPlace], at: place, run)
        }
    }

    // MARK: - The index

    /// The entry where the search for `word` begins.
    private func home(of word: UInt64, _ run: Run) -> Int {
        Int(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> UInt64(63 - run.size))
    }

    private func next(_ entry: Int, _ run: Run) -> Int { (entry + 1) & (2 * run.capacity - 1) }

    /// The content of an entry.
    private func value(_ entry: Int, _ run: Run) -> Int {
        let word = self.pool[run.places.lowerBound + run.capacity + entry / 2]
        return Int(UInt32(truncatingIfNeeded: word >> UInt64(entry % 2 * 32)))
    }

    /// The place in the run that an entry leads to.
    private func indexed(_ entry: Int, _ run: Run) -> Int { self.value(entry, run) - 1 }

    private mutating func setEntry(_ entry: Int, _ value: Int, _ run: Run) {
        let at = run.places.lowerBound + run.capacity + entry / 2
        let shift = UInt64(entry % 2 * 32)
        self.pool[at] = self.pool[at] & ~(0xFFFF_FFFF << shift) | UInt64(value) << shift
    }

    private mutating func addEntry(of word: UInt64, at place: Int, _ run: Run) {
        var entry = self.home(of: word, run)
        while self.value(entry, run) != 0 { entry = self.next(entry, run) }
        self.setEntry(entry, place + 1, run)
    }

    private func entry(of word: UInt64, _ run: Run) -> Int {
        var entry = self.home(of: word, run)
        while true {
            let value = self.value(entry, run)
            precondition(value != 0, "a subscription was removed that had not been added")
            if self.pool[run.places.lowerBound + value - 1] == word { return entry }
            entry = self.next(entry, run)
        }
    }

    /// Frees an entry, and moves those behind it up, so that no search ends too early.
    private mutating func removeEntry(_ entry: Int, _ run: Run) {
        var hole = entry
        var other = self.next(entry, run)
        let mask = 2 * run.capacity - 1
        while self.value(other, run) != 0 {
            let home = self.home(
                of: self.pool[run.places.lowerBound + self.indexed(other, run)], run)
            // It may fill the hole unless its search begins behind it.
            if (other - home) & mask >= (other - hole) & mask {
                self.setEntry(hole, self.value(other, run), run)
                hole = other
            }
            other = self.next(other, run)
        }
        self.setEntry(hole, 0, run)
    }
}
