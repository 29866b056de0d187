/// Where a matcher finds groups by their hashes: open addressing, eight places at a time.
///
///     control   word of 8 tags    | 0x00 | 0xA7 | 0x01 | 0x00 | ...    8 places of 32 bytes follow for each
///
/// A tag is 0 in a place that is free, 1 in one that was freed but is searched past, and else seven bits of the
/// hash with the top bit set. A hash has a word where the search for it begins, and goes on from word to word
/// until one has a free place. So of a group that nobody wants nearly always only tags are read, one byte for
/// each place; they lie close together, and stay in the processor's cache when the places do not.
///
/// Invariants: at least one place of eight is free on average, so that each search ends; hashes may be equal.
struct GroupTable {
    /// The tags, eight in a word; a power of two.
    private(set) var control: [UInt64] = [0]
    var places = [GroupPlace](repeating: GroupPlace(), count: 8)
    /// How many places are used.
    private(set) var count = 0
    /// How many were freed and are searched past.
    private var freedCount = 0

    private static let each: UInt64 = 0x0101_0101_0101_0101
    private static let freed: UInt64 = 1

    /// The word where the search for `hash` begins.
    @inline(__always)
    func home(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash >> 7) & (self.control.count &- 1)
    }

    @inline(__always)
    func next(_ word: Int) -> Int { (word &+ 1) & (self.control.count &- 1) }

    @inline(__always)
    static func tag(of hash: UInt64) -> UInt64 { hash & 0x7F | 0x80 }

    /// Which bytes of `word` may be `tag`: the top bit of each. Sometimes of one more, never of one less.
    @inline(__always)
    static func candidates(_ word: UInt64, _ tag: UInt64) -> UInt64 {
        let difference = word ^ (tag &* Self.each)
        return (difference &- Self.each) & ~difference & (Self.each << 7)
    }

    /// Whether a byte of `word` is 0.
    @inline(__always)
    static func hasFree(_ word: UInt64) -> Bool {
        (word &- Self.each) & ~word & (Self.each << 7) != 0
    }

    /// The place of the first of `candidates` of the word with the number `word`.
    @inline(__always)
    static func place(_ word: Int, _ candidates: UInt64) -> Int {
        word &* 8 &+ candidates.trailingZeroBitCount / 8
    }

    /// The place of a group with this hash for which `isWanted` holds.
    func find(_ hash: UInt64, where isWanted: (GroupPlace) -> Bool) -> Int? {
        let tag = Self.tag(of: hash)
        var word = self.home(of: hash)
        while true {
            let tags = self.control[word]
            var candidates = Self.candidates(tags, tag)
            while candidates != 0 {
                let place = Self.place(word, candidates)
                if self.places[place].hash == hash && isWanted(self.places[place]) { return place }
                candidates &= candidates - 1
            }
            if Self.hasFree(tags) { return nil }
            word = self.next(word)
        }
    }

    /// Adds a group.
    mutating func insert(_ group: GroupPlace) {
        if (self.count + self.freedCount + 1) * 8 > self.places.count * 7 {
            // If most places were only freed, the size is right.
            self.rebuild(
                wordCount: self.count * 2 < self.places.count
                    ? self.control.count : self.control.count * 2)
        }
        self.put(group)
        self.count += 1
    }

    /// Removes the group at `place`.
    mutating func remove(at place: Int) {
        let word = place / 8
        let shift = UInt64(place % 8 * 8)
        // A search that passes this word does not end in it now, and must not afterwards.
        let isPassed = !Self.hasFree(self.control[word])
        self.control[word] &= ~(0xFF << shift)
        if isPassed {
            self.control[word] |= Self.freed << shift
            self.freedCount += 1
        }
        self.places[place] = GroupPlace()
        self.count -= 1
        if self.control.count > 1 && self.count * 8 < self.places.count {
            self.rebuild(wordCount: self.control.count / 2)
        }
    }

    private mutating func put(_ group: GroupPlace) {
        var word = self.home(of: group.hash)
        while true {
            // The upper bit of each byte that is 0 or 1.
            let vacant = ~self.control[word] & (Self.each << 7)
            if vacant != 0 {
                let place = Self.place(word, vacant)
                let shift = UInt64(place % 8 * 8)
                if self.control[word] >> shift & 0xFF == Self.freed { self.freedCount -= 1 }
                self.control[word] &= ~(0xFF << shift)
                self.control[word] |= Self.tag(of: group.hash) << shift
                self.places[place] = group
                return
            }
            word = self.next(word)
        }
    }

    private mutating func rebuild(wordCount: Int) {
        let (control, places) = (self.control, self.places)
        self.control = [UInt64](repeating: 0, count: wordCount)
        self.places = [GroupPlace](repeating: GroupPlace(), count: wordCount * 8)
        self.freedCount = 0
        for word in control.indices {
            var used = control[word] & (Self.each << 7)
            while used != 0 {
                self.put(places[Self.place(word, used)])
                used &= used - 1
            }
        }
    }
}

/// What a matcher knows of one group, or of one hash, in 32 bytes.
struct GroupPlace {
    /// The hash that records carry.
    var hash: UInt64 = 0
    /// Who wants exactly this group: subscribers. With ``isFiltered``: targets to look at.
    var items = Run(0)
    /// Bytes of the value, if it lies here, at most ``valueCountMax``; else ``long`` or ``filtered``.
    var valueCount: UInt8 = 0
    /// The value's ninth and tenth byte; of a long one how many bytes there are.
    var valueEnd: UInt16 = 0
    /// The number of model and property.
    var family: UInt32 = 0
    /// The value's first eight bytes; of a long one where in the pool it is.
    var value: UInt64 = 0

    /// The most bytes of a value that lies here.
    static let valueCountMax = 10
    static let long: UInt8 = 254
    static let filtered: UInt8 = 255

    /// Whether the place is that of a hash by which filters are found.
    @inline(__always) var isFiltered: Bool { self.valueCount == Self.filtered }
    /// Whether the value is in the pool.
    @inline(__always) var isLong: Bool { self.valueCount == Self.long }
}
