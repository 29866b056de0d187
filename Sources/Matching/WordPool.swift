import LogFormat

/// Words in stretches of 2^n, in one array: what a matcher keeps besides its table, without an allocation and
/// a pointer for each.
///
/// What was freed is used again for stretches of the same size. Once nothing is used the memory is given back.
struct WordPool {
    private(set) var words: [UInt64] = []
    /// For each size the first free stretch, or ``none``; its first word is the next.
    private var vacant = [UInt32](repeating: Self.none, count: 32)
    private var usedCount = 0

    private static let none = UInt32.max

    /// The n of the smallest stretch that holds `count` words.
    static func size(for count: Int) -> UInt8 {
        count <= 1 ? 0 : UInt8(Int.bitWidth - (count - 1).leadingZeroBitCount)
    }

    /// Takes 2^`size` words, with any content; returns where they begin.
    mutating func allocate(size: UInt8) -> UInt32 {
        self.usedCount += 1
        let first = self.vacant[Int(size)]
        if first != Self.none {
            self.vacant[Int(size)] = UInt32(truncatingIfNeeded: self.words[Int(first)])
            return first
        }
        let start = self.words.count
        precondition(start + 1 << size < UInt32.max, "subscriptions of more than 32 GiB")
        self.words.append(contentsOf: repeatElement(0, count: 1 << size))
        return UInt32(start)
    }

    /// Gives back the 2^`size` words at `start`.
    mutating func free(_ start: UInt32, size: UInt8) {
        self.words[Int(start)] = UInt64(self.vacant[Int(size)])
        self.vacant[Int(size)] = start
        self.usedCount -= 1
        if self.usedCount == 0 { self = WordPool() }
    }

    /// Takes words for `bytes`, which are written there with zeros behind.
    mutating func allocate(_ bytes: RawSpan) -> UInt32 {
        let count = (bytes.byteCount + 7) / 8
        let start = self.allocate(size: Self.size(for: count))
        for index in 0..<count { self.words[Int(start) + index] = bytes.paddedWord(index * 8) }
        return start
    }

    /// Gives back the words that `byteCount` bytes were written to.
    mutating func free(_ start: UInt32, byteCount: Int) {
        self.free(start, size: Self.size(for: (byteCount + 7) / 8))
    }

    subscript(index: Int) -> UInt64 {
        @inline(__always) get { self.words[index] }
        set { self.words[index] = newValue }
    }
}
