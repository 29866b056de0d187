/// The hashes of records that are to be matched soon, on their way into the processor's cache.
///
/// What a match reads lies in two lines, of which the second is known only when the first is there: the tags, and the
/// place that they point at. So a hash is looked at twice, and other hashes pass between.
struct LookAhead {
    /// Hashes whose tags are on the way: as many as pass while they come, some hundred nanoseconds.
    private var hashes = InlineArray<8, UInt64>(repeating: 0)
    private var next = 0

    /// Puts in `hash`, and takes out the one that has waited longest; 0 at first.
    @inline(__always)
    mutating func exchange(_ hash: UInt64) -> UInt64 {
        let index = self.next & 7
        let oldest = self.hashes[index]
        self.hashes[index] = hash
        self.next = index &+ 1
        return oldest
    }
}
