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

    /// Whether ``bits`` is the run's one word.
    @inline(__always) var isSingle: Bool { self.size == 0 }
    /// Where the words are in the pool. Not of a single one.
    @inline(__always) var places: Range<Int> {
        let start = Int(UInt32(truncatingIfNeeded: self.bits))
        return start..<start + Int(self.bits >> 32)
    }
}

/// The runs of a matcher.
///
/// Adding and removing a word take constant time on the whole, however many there are: of a run of 32 places and more it
/// is written where each word is.
struct Runs {
    /// A word of a run.
    private struct Member: Hashable {
        let run: UInt64
        let word: UInt64
    }

    /// Where the runs' words, and the texts and programs of a matcher, are.
    var pool = WordPool()
    /// Where each word of a large run is, from the run's start.
    private var placesOfLarge: [Member: UInt32] = [:]

    /// Runs of at least 2^n places are large.
    private static let largeSize: UInt8 = 5

    /// Adds `word`, which is not in the run.
    ///
    /// - Parameter name: tells the run from others that have the word.
    mutating func append(_ word: UInt64, to run: inout Run, name: UInt64) {
        if run.isSingle {
            let start = self.pool.allocate(size: 1)
            self.pool[Int(start)] = run.bits
            self.pool[Int(start) + 1] = word
            run.bits = UInt64(start) | 2 << 32
            run.size = 1
            return
        }
        if run.places.count == 1 << run.size { self.resize(&run, to: run.size + 1, name: name) }
        let places = run.places
        self.pool[places.upperBound] = word
        if run.size >= Self.largeSize {
            self.placesOfLarge[Member(run: name, word: word)] = UInt32(places.count)
        }
        run.bits += 1 << 32
    }

    /// Removes `word` from the run, with the `name` by which it was added. Returns whether it was the last, and then
    /// the run is of no more use.
    mutating func remove(_ word: UInt64, from run: inout Run, name: UInt64) -> Bool {
        if run.isSingle {
            precondition(run.bits == word, "a subscription was removed that had not been added")
            return true
        }
        let places = run.places
        let place = self.place(of: word, in: run, name: name)
        let last = self.pool[places.upperBound - 1]
        self.pool[place] = last
        if run.size >= Self.largeSize {
            self.placesOfLarge[Member(run: name, word: last)] = UInt32(place - places.lowerBound)
            self.placesOfLarge[Member(run: name, word: word)] = nil
        }
        run.bits -= 1 << 32
        if run.places.count == 1 {
            let word = self.pool[places.lowerBound]
            self.pool.free(UInt32(places.lowerBound), size: run.size)
            run = Run(word)
        } else if run.places.count <= 1 << run.size / 4 {
            // At a quarter, so that it takes as many changes again until the next time.
            self.resize(&run, to: run.size - 1, name: name)
        }
        return false
    }

    private func place(of word: UInt64, in run: Run, name: UInt64) -> Int {
        if run.size < Self.largeSize {
            for place in run.places where self.pool[place] == word { return place }
        } else if let place = self.placesOfLarge[Member(run: name, word: word)] {
            return run.places.lowerBound + Int(place)
        }
        preconditionFailure("a subscription was removed that had not been added")
    }

    private mutating func resize(_ run: inout Run, to size: UInt8, name: UInt64) {
        let places = run.places
        let start = Int(self.pool.allocate(size: size))
        for index in 0..<places.count {
            let word = self.pool[places.lowerBound + index]
            self.pool[start + index] = word
            if size == Self.largeSize && run.size < size {
                self.placesOfLarge[Member(run: name, word: word)] = UInt32(index)
            } else if run.size == Self.largeSize && size < run.size {
                self.placesOfLarge[Member(run: name, word: word)] = nil
            }
        }
        self.pool.free(UInt32(places.lowerBound), size: run.size)
        run.bits = UInt64(start) | UInt64(places.count) << 32
        run.size = size
    }
}
