import CLZ4
import LogFormat

/// Compresses blocks, with memory that is used again for each one.
///
/// Uses the thorough compressor of the LZ4 format, because a segment is compressed once and read many times;
/// what it makes is decompressed as fast as that of the fast one, or faster.
struct LZ4Compressor: ~Copyable {
    /// How hard it looks for repetitions, as liblz4 counts: 2 to 12. What the highest levels save beyond this
    /// one is about a hundredth, for twice the time.
    static let level: CInt = 3

    private let state: UnsafeMutableRawBufferPointer
    private var target: [UInt8] = []

    init() {
        self.state = .allocate(byteCount: Int(LZ4_sizeofStateHC()), alignment: 16)
    }

    deinit {
        self.state.deallocate()
    }

    /// Compresses `source` and returns how many bytes ``result(_:)`` has then; nil if it would not be shorter.
    mutating func compress(_ source: RawSpan) -> Int? {
        if self.target.count < source.byteCount {
            self.target = [UInt8](repeating: 0, count: source.byteCount)
        }
        // Raw memory: C reads the source, writes below the bound it is given, and keeps nothing.
        let count = source.withUnsafeBytes { from in
            self.target.withUnsafeMutableBytes { to in
                LZ4_compress_HC_extStateHC(
                    self.state.baseAddress, from.baseAddress, to.baseAddress, CInt(from.count),
                    CInt(max(from.count - 1, 0)), Self.level)
            }
        }
        return count > 0 ? Int(count) : nil
    }

    /// The `count` bytes that the last block was compressed to.
    @_lifetime(borrow self)
    func result(_ count: Int) -> RawSpan {
        self.target.span.bytes.slice(0, count)
    }
}

/// Decompresses blocks.
enum LZ4 {
    /// Decompresses `source`, which must fill `target` exactly. Returns false if it does not; then what is in
    /// `target` means nothing. Never reads or writes outside of the two, whatever `source` holds.
    static func decompress(
        _ source: RawSpan, into target: UnsafeMutableRawBufferPointer
    ) -> Bool {
        // Raw memory: as above.
        source.withUnsafeBytes { from in
            LZ4_decompress_safe(
                from.baseAddress, target.baseAddress, CInt(from.count), CInt(target.count))
        } == target.count
    }
}
