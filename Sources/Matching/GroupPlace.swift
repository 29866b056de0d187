/// What a matcher knows of one group, or of one hash, in 32 bytes:
///
///     hash u64
///     items u64
///     items' size u8   value bytes u8   value's end u16   family u32
///     value u64
///
/// One vector, and so at a multiple of 32: no place lies in two lines of the processor's cache.
struct GroupPlace {
    private var words = SIMD4<UInt64>()

    /// The most bytes of a value that lies here.
    static let valueCountMax = 10
    private static let long: UInt8 = 254
    private static let filtered: UInt8 = 255

    /// A place that is free.
    init() {}

    /// The place of the group with `hash` and with the name `family`, which `subscriber` wants. A value that does not
    /// fit is in the pool, where `text` says.
    init(_ hash: UInt64, _ subscriber: Subscriber, family: UInt32, value: RawSpan, text: UInt32?) {
        self.words.x = hash
        self.items = Run(subscriber.word)
        self.family = family
        if let text {
            self.valueCount = Self.long
            self.valueEnd = UInt16(value.byteCount)
            self.words.w = UInt64(text)
        } else {
            self.valueCount = UInt8(value.byteCount)
            self.valueEnd = UInt16(truncatingIfNeeded: value.paddedWord(8))
            self.words.w = value.paddedWord(0)
        }
    }

    /// The place of a hash by which the target with this number is found.
    init(_ hash: UInt64, target: Int) {
        self.words.x = hash
        self.items = Run(UInt64(target))
        self.valueCount = Self.filtered
    }

    /// The hash that records carry.
    @inline(__always) var hash: UInt64 { self.words.x }

    /// Who wants exactly this group: subscribers. With ``isFiltered``: targets to look at.
    var items: Run {
        @inline(__always) get {
            Run(bits: self.words.y, size: UInt8(truncatingIfNeeded: self.words.z))
        }
        set {
            self.words.y = newValue.bits
            self.words.z = self.words.z & ~0xFF | UInt64(newValue.size)
        }
    }

    /// Whether the place is that of a hash by which filters are found.
    @inline(__always) var isFiltered: Bool { self.valueCount == Self.filtered }
    /// Whether the value is in the pool: ``text`` says where, and ``valueEnd`` how many bytes it has.
    @inline(__always) var isLong: Bool { self.valueCount == Self.long }
    @inline(__always) var text: UInt32 { UInt32(truncatingIfNeeded: self.words.w) }
    /// The value's first eight bytes.
    @inline(__always) var value: UInt64 { self.words.w }

    /// Bytes of the value, if it lies here.
    private(set) var valueCount: UInt8 {
        @inline(__always) get { UInt8(truncatingIfNeeded: self.words.z >> 8) }
        set { self.words.z = self.words.z & ~0xFF00 | UInt64(newValue) << 8 }
    }

    /// The value's ninth and tenth byte; of a long one how many bytes there are.
    private(set) var valueEnd: UInt16 {
        @inline(__always) get { UInt16(truncatingIfNeeded: self.words.z >> 16) }
        set { self.words.z = self.words.z & ~0xFFFF_0000 | UInt64(newValue) << 16 }
    }

    /// The number of model and property.
    private(set) var family: UInt32 {
        @inline(__always) get { UInt32(truncatingIfNeeded: self.words.z >> 32) }
        set { self.words.z = self.words.z & 0xFFFF_FFFF | UInt64(newValue) << 32 }
    }

    /// Whether the group's value is `value`.
    @inline(__always)
    func hasValue(_ value: RawSpan, _ pool: RawSpan) -> Bool {
        if self.isLong {
            return value.hasBytes(of: pool, at: Int(self.text) * 8, Int(self.valueEnd))
        }
        let count = value.byteCount
        guard count == Int(self.valueCount), value.paddedWord(0) == self.value else { return false }
        return count <= 8 || UInt16(truncatingIfNeeded: value.paddedWord(8)) == self.valueEnd
    }
}
