// How this module reads and writes numbers in bytes: little-endian, at any alignment, bounds checked.
//
// Raw memory: the two places where this module leaves the checked world are here. A load of a fixed-width integer is valid for
// every bit pattern, so `unsafeLoadUnaligned` is safe for these types; and `ByteWriter` copies whole
// strings into an array's storage, which `MutableRawSpan` cannot do in one step.

extension RawSpan {
    /// The little-endian integer at `position`. Traps if it does not lie within the span.
    @inline(__always)
    public func loadLittleEndian<Number: FixedWidthInteger & BitwiseCopyable>(
        _ position: Int, as type: Number.Type
    ) -> Number {
        Number(littleEndian: self.unsafeLoadUnaligned(fromByteOffset: position, as: type))
    }

    /// The `count` bytes from `position`. Traps if they do not lie within the span.
    @inline(__always)
    @_lifetime(copy self)
    public func slice(_ position: Int, _ count: Int) -> RawSpan {
        self.extracting(position..<position + count)
    }

    /// Whether both spans hold the same bytes.
    public func isEqual(to other: RawSpan) -> Bool {
        guard self.byteCount == other.byteCount else { return false }
        var at = 0
        while at + 8 <= self.byteCount {
            guard
                self.loadLittleEndian(at, as: UInt64.self)
                    == other.loadLittleEndian(at, as: UInt64.self)
            else { return false }
            at += 8
        }
        if at + 4 <= self.byteCount {
            guard
                self.loadLittleEndian(at, as: UInt32.self)
                    == other.loadLittleEndian(at, as: UInt32.self)
            else { return false }
            at += 4
        }
        while at < self.byteCount {
            guard
                self.loadLittleEndian(at, as: UInt8.self)
                    == other.loadLittleEndian(at, as: UInt8.self)
            else { return false }
            at += 1
        }
        return true
    }

    /// Whether all bytes from `start` to the end are zero. Here, and not where it is asked, so that the loop over
    /// megabytes is compiled as one.
    public func isZero(from start: Int) -> Bool {
        var at = start
        while at + 32 <= self.byteCount {
            let any =
                self.loadLittleEndian(at, as: UInt64.self)
                | self.loadLittleEndian(at + 8, as: UInt64.self)
                | self.loadLittleEndian(at + 16, as: UInt64.self)
                | self.loadLittleEndian(at + 24, as: UInt64.self)
            if any != 0 { return false }
            at += 32
        }
        while at < self.byteCount {
            if self.loadLittleEndian(at, as: UInt8.self) != 0 { return false }
            at += 1
        }
        return true
    }

    /// A copy of the bytes.
    public func copy() -> [UInt8] {
        self.withUnsafeBytes { [UInt8]($0) }
    }
}

/// A bounded place in an array that is filled with numbers and strings.
///
/// Lives only inside the call of ``withBytes(of:from:count:_:)``. Every store is checked against the bounds.
struct ByteWriter: ~Copyable {
    private let bytes: UnsafeMutableRawBufferPointer

    /// Lends `count` bytes of `array` from `start` to `body`. Traps if they do not lie within it.
    static func withBytes(
        of array: inout [UInt8], from start: Int, count: Int, _ body: (borrowing ByteWriter) -> Void
    ) {
        array.withUnsafeMutableBytes { all in
            body(
                ByteWriter(
                    bytes: UnsafeMutableRawBufferPointer(rebasing: all[start..<start + count])))
        }
    }

    /// Writes `number` little-endian at `position`.
    @inline(__always)
    func store(_ number: some FixedWidthInteger & BitwiseCopyable, at position: Int) {
        precondition(
            position >= 0 && position <= self.bytes.count - MemoryLayout.size(ofValue: number),
            "store of a number outside of the record")
        self.bytes.storeBytes(
            of: number.littleEndian, toByteOffset: position, as: type(of: number))
    }

    /// Reads a little-endian number that was written to `position`.
    @inline(__always)
    func load<Number: FixedWidthInteger & BitwiseCopyable>(
        _ position: Int, as type: Number.Type
    ) -> Number {
        precondition(
            position >= 0 && position <= self.bytes.count - MemoryLayout<Number>.size,
            "load of a number outside of the record")
        return Number(
            littleEndian: self.bytes.loadUnaligned(fromByteOffset: position, as: type))
    }

    /// Copies `source` to `position` and returns the position after it.
    @inline(__always)
    func store(_ source: RawSpan, at position: Int) -> Int {
        precondition(
            position >= 0 && source.byteCount <= self.bytes.count - position,
            "store of text outside of the record")
        source.withUnsafeBytes { from in
            if let base = from.baseAddress {
                self.bytes.baseAddress?.advanced(by: position).copyMemory(
                    from: base, byteCount: from.count)
            }
        }
        return position + source.byteCount
    }

    /// What was written so far, borrowed for `body`.
    func withSpan(_ body: (RawSpan) -> UInt32) -> UInt32 {
        body(UnsafeRawBufferPointer(self.bytes).bytes)
    }
}
