/// How the ordinals of one hash are written. The layout is documented in `docs/format/index.md`.
///
///     list   := skip table if there are more than 128 ordinals, block*
///     skip table := for each block: last ordinal u32, end of the block u32
///     block  := step for each of up to 128 ordinals
///     step   := LEB128 of (ordinal - ordinal before - 1); the one before the first counts as -1
///
/// The ends of blocks count from the end of the skip table. A block begins where the one before ends, and
/// its first step is taken from that one's last ordinal, so that each block is read alone.
enum PostingCode {
    /// Ordinals in a block.
    static let blockCount = 128
    /// Bytes of a block's line in the skip table.
    static let skipStride = 8

    /// Bytes of the skip table of a list of `count` ordinals.
    @inline(__always)
    static func skipTableCount(for count: Int) -> Int {
        count > Self.blockCount
            ? (count + Self.blockCount - 1) / Self.blockCount * Self.skipStride : 0
    }

    /// Appends `step` in groups of seven bits, the lowest first; the top bit says that more follow.
    @inline(__always)
    static func append(_ step: UInt32, to bytes: inout [UInt8]) {
        var rest = step
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Bytes of `step`.
    @inline(__always)
    static func byteCount(of step: UInt32) -> Int {
        (38 - (step | 1).leadingZeroBitCount) / 7
    }

    /// Appends the list of `postings`, two or more of one hash and kind, by ordinal.
    static func append(_ postings: ArraySlice<NotedPosting>, to bytes: inout [UInt8]) {
        let table = bytes.count
        let tableCount = Self.skipTableCount(for: postings.count)
        bytes.append(contentsOf: repeatElement(0, count: tableCount))
        let blocks = bytes.count
        var previous = UInt32.max  // stands for -1
        var next = postings.startIndex
        var line = table
        while next < postings.endIndex {
            let end = min(next + Self.blockCount, postings.endIndex)
            for index in next..<end {
                let ordinal = postings[index].ordinal
                Self.append(ordinal &- previous &- 1, to: &bytes)
                previous = ordinal
            }
            next = end
            if tableCount > 0 {
                let blockEnd = UInt32(bytes.count - blocks)
                ByteWriter.withBytes(of: &bytes, from: line, count: Self.skipStride) {
                    $0.store(previous, at: 0)
                    $0.store(blockEnd, at: 4)
                }
                line += Self.skipStride
            }
        }
    }

    /// Reads the step at `position` and moves it behind.
    @inline(__always)
    static func step(in bytes: RawSpan, at position: inout Int) -> Int {
        var byte = bytes.loadLittleEndian(position, as: UInt8.self)
        position += 1
        if byte < 0x80 { return Int(byte) }
        var step = Int(byte & 0x7F)
        var shift = 7
        // Five bytes hold 32 bits; a sixth is never written.
        repeat {
            byte = bytes.loadLittleEndian(position, as: UInt8.self)
            position += 1
            step |= Int(byte & 0x7F) << shift
            shift += 7
        } while byte >= 0x80 && shift < 35
        return step
    }
}
