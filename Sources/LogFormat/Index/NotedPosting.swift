/// One hash of one record, while an index is built.
struct NotedPosting {
    let hash: UInt64
    /// The kind in the two top bits, the ordinal below.
    let tag: UInt32

    init(_ hash: UInt64, _ kind: HashKind, ordinal: UInt32) {
        self.hash = hash
        self.tag = kind.rawValue << IndexLayout.countBits | ordinal
    }

    /// Fills arrays until they get their postings.
    private init() {
        self.hash = 0
        self.tag = 0
    }

    /// The kind, as it stands in the directory.
    var kindBits: UInt32 { self.tag & ~IndexLayout.countMask }
    var ordinal: UInt32 { self.tag & IndexLayout.countMask }

    /// Whether both are postings of one directory entry.
    @inline(__always)
    func isSameEntry(as other: NotedPosting) -> Bool {
        self.hash == other.hash && (self.tag ^ other.tag) & ~IndexLayout.countMask == 0
    }

    /// The order of the directory, then of ordinals.
    @inline(__always)
    static func isBefore(_ left: NotedPosting, _ right: NotedPosting) -> Bool {
        left.hash < right.hash || (left.hash == right.hash && left.tag < right.tag)
    }
}

extension NotedPosting {
    /// The bits that one pass sorts by, and what it shifts them by. Three passes take the 33 top bits, by
    /// which hashes of one segment are nearly always in order; what is not is put right afterwards.
    private static let digitBits = 11
    private static let digitMask = (1 << Self.digitBits) - 1
    private static let shifts: (UInt64, UInt64, UInt64) = (31, 42, 53)
    /// Below so many postings counting digits costs more than comparing.
    private static let radixCountMin = 1024

    /// Sorts by hash, kind and ordinal, and removes what was noted twice.
    ///
    /// The passes keep equal digits in the order in which they were noted. So a list of many ordinals
    /// comes out sorted as it went in, whatever its length.
    static func sort(_ postings: inout [NotedPosting]) {
        if postings.count < Self.radixCountMin {
            postings.sort(by: Self.isBefore)
        } else {
            Self.radixSort(&postings)
            Self.sortWithinDigits(&postings)
        }
        Self.removeRepeated(&postings)
    }

    private static func radixSort(_ postings: inout [NotedPosting]) {
        var counts0 = [Int](repeating: 0, count: 1 << Self.digitBits)
        var counts1 = counts0
        var counts2 = counts0
        for posting in postings {
            counts0[Self.digit(of: posting, Self.shifts.0)] += 1
            counts1[Self.digit(of: posting, Self.shifts.1)] += 1
            counts2[Self.digit(of: posting, Self.shifts.2)] += 1
        }
        var other = [NotedPosting](repeating: NotedPosting(), count: postings.count)
        Self.pass(from: postings, to: &other, counts: &counts0, shift: Self.shifts.0)
        Self.pass(from: other, to: &postings, counts: &counts1, shift: Self.shifts.1)
        Self.pass(from: postings, to: &other, counts: &counts2, shift: Self.shifts.2)
        swap(&postings, &other)
    }

    /// Moves all postings to where their digit puts them; `counts` says how many there are of each.
    private static func pass(
        from source: [NotedPosting], to target: inout [NotedPosting], counts: inout [Int],
        shift: UInt64
    ) {
        var next = 0
        for digit in counts.indices {
            let count = counts[digit]
            counts[digit] = next
            next += count
        }
        for posting in source {
            let digit = Self.digit(of: posting, shift)
            let place = counts[digit]
            counts[digit] = place + 1
            target[place] = posting
        }
    }

    @inline(__always)
    private static func digit(of posting: NotedPosting, _ shift: UInt64) -> Int {
        Int(truncatingIfNeeded: posting.hash >> shift) & Self.digitMask
    }

    /// Sorts each stretch that the passes could not tell apart and that is not in order.
    private static func sortWithinDigits(_ postings: inout [NotedPosting]) {
        let shift = Self.shifts.0
        var index = 1
        while index < postings.count {
            guard Self.isBefore(postings[index], postings[index - 1]) else {
                index += 1
                continue
            }
            let digits = postings[index].hash >> shift
            var start = index
            while start > 0 && postings[start - 1].hash >> shift == digits { start -= 1 }
            while index < postings.count && postings[index].hash >> shift == digits { index += 1 }
            postings[start..<index].sort(by: Self.isBefore)
        }
    }

    private static func removeRepeated(_ postings: inout [NotedPosting]) {
        guard var last = postings.first else { return }
        var kept = 1
        for index in 1..<postings.count {
            let posting = postings[index]
            if posting.hash == last.hash && posting.tag == last.tag { continue }
            postings[kept] = posting
            last = posting
            kept += 1
        }
        postings.removeLast(postings.count - kept)
    }
}
