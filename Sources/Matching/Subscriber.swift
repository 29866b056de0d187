/// A subscription as the matcher knows it.
package struct Subscriber: Hashable, Sendable {
    /// Whose it is, a number on the event loop.
    package let owner: UInt32
    /// The subscription's number with its owner.
    package let slot: UInt32

    /// Creates a name for the subscription `slot` of `owner`.
    package init(owner: UInt32, slot: UInt32) {
        self.owner = owner
        self.slot = slot
    }

    /// The subscription in one word.
    @inline(__always)
    var word: UInt64 { UInt64(self.owner) << 32 | UInt64(self.slot) }

    @inline(__always)
    init(word: UInt64) {
        self.owner = UInt32(truncatingIfNeeded: word >> 32)
        self.slot = UInt32(truncatingIfNeeded: word)
    }
}
