/// The hashes of records that are to be matched soon, on their way into the processor's cache.
///
/// What a match reads lies in two lines, of which the second is known only when the first is there: the tags, and the
/// place that they point at. So each hash is looked at twice, and a few records pass between.
struct LookAhead {
    /// How many records pass between: some hundred nanoseconds.
    static let recordCount = 4
    /// The most hashes of a record that are looked at.
    static let hashesMax = 16

    private var hashes = InlineArray<64, UInt64>(repeating: 0)
    private var counts = InlineArray<4, Int>(repeating: 0)
    private var next = 0

    /// Begins with the next record, and forgets the one that has waited longest. Returns where its hashes are, and those
    /// of the next one will be, and how many it has.
    @inline(__always)
    mutating func advance() -> (start: Int, count: Int) {
        let slot = self.next & (Self.recordCount &- 1)
        self.next = slot &+ 1
        let count = self.counts[slot]
        self.counts[slot] = 0
        return (slot &* Self.hashesMax, count)
    }

    /// The hash at a place.
    @inline(__always)
    subscript(place: Int) -> UInt64 { self.hashes[place] }

    /// Notes the hashes of a record, from `start` on.
    @inline(__always)
    mutating func set(_ hash: UInt64, at index: Int, from start: Int) {
        self.hashes[start &+ index] = hash
        self.counts[start / Self.hashesMax] = index &+ 1
    }
}
