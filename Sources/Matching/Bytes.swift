import LogFormat

// How this module reads and compares texts, most of which have a few bytes: without a loop over single bytes, by loads
// that overlap. Each load is bounds checked; a load of an integer is valid for every bit pattern, which is what
// makes `unsafeLoad` safe here.

extension RawSpan {
    /// The byte at `position`. Traps if it does not lie within the span.
    @inline(__always)
    func byte(_ position: Int) -> UInt8 {
        self.unsafeLoad(fromByteOffset: position, as: UInt8.self)
    }

    /// The four bytes at `position`, the first in the lowest place. Traps if they do not lie within the span.
    @inline(__always)
    func halfWord(_ position: Int) -> UInt32 {
        UInt32(littleEndian: self.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    /// The eight bytes at `position`, the first in the lowest place. Traps if they do not lie within the span.
    @inline(__always)
    func word(_ position: Int) -> UInt64 {
        UInt64(littleEndian: self.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    /// The bytes from `position` on, up to eight, the first in the lowest place, and zeros after the end.
    @inline(__always)
    func paddedWord(_ position: Int) -> UInt64 {
        let count = self.byteCount &- position
        if count >= 8 { return self.word(position) }
        if count >= 4 {
            let shift = UInt64(truncatingIfNeeded: count &- 4) &* 8
            return UInt64(self.halfWord(position))
                | UInt64(self.halfWord(position &+ count &- 4)) << shift
        }
        guard count > 0 else { return 0 }
        let middle = count / 2
        return UInt64(self.byte(position))
            | UInt64(self.byte(position &+ middle)) << (UInt64(truncatingIfNeeded: middle) &* 8)
            | UInt64(self.byte(position &+ count &- 1))
            << (UInt64(truncatingIfNeeded: count &- 1) &* 8)
    }

    /// Whether these are the `count` bytes of `other` at `position`.
    @inline(__always)
    func hasBytes(of other: RawSpan, at position: Int, _ count: Int) -> Bool {
        guard self.byteCount == count else { return false }
        if count >= 8 {
            var at = 0
            while at &+ 8 <= count {
                guard self.word(at) == other.word(position &+ at) else { return false }
                at &+= 8
            }
            return at == count || self.word(count &- 8) == other.word(position &+ count &- 8)
        }
        if count >= 4 {
            return self.halfWord(0) == other.halfWord(position)
                && self.halfWord(count &- 4) == other.halfWord(position &+ count &- 4)
        }
        guard count > 0 else { return true }
        return self.byte(0) == other.byte(position)
            && self.byte(count / 2) == other.byte(position &+ count / 2)
            && self.byte(count &- 1) == other.byte(position &+ count &- 1)
    }

    /// Compares by bytes, as in a dictionary: below 0 if this one is first, 0 if both are equal.
    func compare(to other: RawSpan) -> Int {
        let count = Swift.min(self.byteCount, other.byteCount)
        var at = 0
        while at &+ 8 <= count {
            let (own, others) = (self.word(at).byteSwapped, other.word(at).byteSwapped)
            if own != others { return own < others ? -1 : 1 }
            at &+= 8
        }
        while at < count {
            let (own, others) = (self.byte(at), other.byte(at))
            if own != others { return own < others ? -1 : 1 }
            at &+= 1
        }
        return (self.byteCount - other.byteCount).signum()
    }
}
