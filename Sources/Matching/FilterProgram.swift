import LogFormat
import LogModel

/// A filter as words without pointers: made once, read by whoever has the words, however they lie in memory.
///
///     program    word: bytes u32, model bytes u16, chunks u16
///                word: driver's property u32, driver's test u32    from the program's start; 0 if there is none
///                model
///                chunk...      all must hold
///                choice        what is behind the chunks, if anything is
///     choice     word: bytes u32, alternatives u16           one of them must hold
///                alternative...
///     alternative word: bytes u32, chunks u16
///                chunk...
///     chunk      word: bytes u32, properties u16, tests u16       at most 64 tests: a bit of a word is for each
///                property...
///     property   word: bytes u32, property bytes u16, tests u16   property
///                test...
///     test       word: bytes u32, operation u8, outcomes u8       word: operand bytes, or values
///                isIn, isNot: for each value, by hash: hash u64; text u32, bytes u16, null u16
///                number: the operand as an integer, or the least integer
///                operand, or the texts of values
///
/// `bytes` are a part's, from its own word on, a multiple of 8, as text is padded with zeros. The model, each
/// property, and all tests of one property stand in the program once, so that one pass over a record's groups
/// judges all.
///
/// Programs live in memory only; nothing of this is in files.
struct FilterProgram {
    /// What a test compares.
    enum Operation: UInt8 {
        case isIn, isNot, number, string, prefix
        /// Nothing fulfils the test.
        case never
    }

    /// Which outcomes of a comparison fulfil a test: a bit each.
    enum Outcome {
        static let less: UInt8 = 1
        static let equal: UInt8 = 2
        static let greater: UInt8 = 4
    }

    static let wordCount = 8
    /// Where the model is, from a program's start.
    static let model = 16
    /// The most tests of a chunk.
    static let chunkTestsMax = 64

    /// The first word of a part.
    struct Head {
        let word: UInt64
        /// Bytes of the whole part.
        @inline(__always) var byteCount: Int { Int(UInt32(truncatingIfNeeded: self.word)) }
        /// Bytes of the model or the property.
        @inline(__always) var textCount: Int {
            Int(UInt16(truncatingIfNeeded: self.word >> 32))
        }
        /// Chunks, properties or tests.
        @inline(__always) var partCount: Int {
            Int(UInt16(truncatingIfNeeded: self.word >> 48))
        }

        @inline(__always)
        init(_ code: RawSpan, at position: Int) {
            self.word = code.word(position)
        }
    }

    @inline(__always)
    static func padded(_ count: Int) -> Int { (count + 7) & ~7 }

    /// Whether the instance of `record` was in the filter's set before it, and whether it is after. Nil if it
    /// is of another model.
    static func sides(
        of record: borrowing RecordView, _ code: RawSpan, at base: Int
    ) -> (wasIn: Bool, isIn: Bool)? {
        let program = Head(code, at: base)
        guard record.model.hasBytes(of: code, at: base + Self.model, program.textCount) else {
            return nil
        }
        let chunks = base + Self.model + Self.padded(program.textCount)
        let end = base + program.byteCount
        if program.partCount == 0 {
            let all = self.sidesOfModelGroup(record)
            guard chunks < end else { return all }
            let (before, after) = self.sides(of: record, choice: chunks, code)
            return (all.wasIn && before, all.isIn && after)
        }
        var (wasIn, isIn, choice) = self.sides(
            of: record, chunks: chunks, program.partCount, code)
        if wasIn || isIn, choice < end {
            let (before, after) = self.sides(of: record, choice: choice, code)
            wasIn = wasIn && before
            isIn = isIn && after
        }
        return (wasIn, isIn)
    }

    /// Whether all of `count` chunks held, and hold; and where they end, unless neither is so.
    @inline(__always)
    private static func sides(
        of record: borrowing RecordView, chunks: Int, _ count: Int, _ code: RawSpan
    ) -> (wasIn: Bool, isIn: Bool, end: Int) {
        var chunk = chunks
        var (wasIn, isIn) = (true, true)
        for _ in 0..<count {
            let (before, after) = self.sides(of: record, chunk: chunk, code)
            wasIn = wasIn && before
            isIn = isIn && after
            guard wasIn || isIn else { break }
            chunk += Head(code, at: chunk).byteCount
        }
        return (wasIn, isIn, chunk)
    }

    /// Whether one of the alternatives held, and whether one holds.
    private static func sides(
        of record: borrowing RecordView, choice: Int, _ code: RawSpan
    ) -> (Bool, Bool) {
        let count = Head(code, at: choice).partCount
        var alternative = choice + Self.wordCount
        var (wasIn, isIn) = (false, false)
        for _ in 0..<count {
            let head = Head(code, at: alternative)
            let (before, after, _) = self.sides(
                of: record, chunks: alternative + Self.wordCount, head.partCount, code)
            wasIn = wasIn || before
            isIn = isIn || after
            if wasIn && isIn { break }
            alternative += head.byteCount
        }
        return (wasIn, isIn)
    }

    /// Whether `entry`, of a record of the filter's model, is one of the groups by which records are found.
    static func isDriver(
        _ entry: GroupEntry, of record: borrowing RecordView, _ code: RawSpan, at base: Int
    ) -> Bool {
        let driver = code.word(base + Self.wordCount)
        if driver == 0 { return entry.isModelGroup }
        let property = base + Int(UInt32(truncatingIfNeeded: driver))
        let count = Head(code, at: property).textCount
        return record.property(of: entry).hasBytes(of: code, at: property + Self.wordCount, count)
            && self.holds(
                base + Int(driver >> 32), code, entry.hash, entry.valueKind,
                record.value(of: entry))
    }

    private static func sidesOfModelGroup(
        _ record: borrowing RecordView
    ) -> (wasIn: Bool, isIn: Bool) {
        var (wasIn, isIn) = (false, false)
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            guard entry.isModelGroup else { continue }
            wasIn = wasIn || entry.wasIn
            isIn = isIn || entry.isIn
        }
        return (wasIn, isIn)
    }

    /// One pass over the groups: which tests held before, and which hold after, as bits.
    private static func sides(
        of record: borrowing RecordView, chunk: Int, _ code: RawSpan
    ) -> (Bool, Bool) {
        let propertyCount = Head(code, at: chunk).partCount
        var (before, after): (UInt64, UInt64) = (0, 0)
        var testCount = 0
        for index in 0..<record.groupCount {
            let entry = record.group(index)
            let property = record.property(of: entry)
            let fromBefore: UInt64 = entry.wasIn ? .max : 0
            let fromAfter: UInt64 = entry.isIn ? .max : 0
            var at = chunk + Self.wordCount
            testCount = 0
            for _ in 0..<propertyCount {
                let head = Head(code, at: at)
                if property.hasBytes(of: code, at: at + Self.wordCount, head.textCount) {
                    let value = record.value(of: entry)
                    var test = at + Self.wordCount + Self.padded(head.textCount)
                    for number in testCount..<testCount + head.partCount {
                        if self.holds(test, code, entry.hash, entry.valueKind, value) {
                            before |= fromBefore & 1 << UInt64(number)
                            after |= fromAfter & 1 << UInt64(number)
                        }
                        test += Head(code, at: test).byteCount
                    }
                }
                testCount += head.partCount
                at += head.byteCount
            }
        }
        let all = UInt64.max >> UInt64(Self.chunkTestsMax - testCount)
        return (before == all, after == all)
    }

    /// Whether a value fulfils the test at `position`.
    private static func holds(
        _ position: Int, _ code: RawSpan, _ hash: UInt64, _ kind: Scalar.Kind, _ value: RawSpan
    ) -> Bool {
        let head = code.word(position)
        switch Operation(rawValue: UInt8(truncatingIfNeeded: head >> 32)) {
        case .isIn: return self.isListed(position, code, hash, kind, value)
        case .isNot: return !self.isListed(position, code, hash, kind, value)
        case .number:
            guard kind.isNumber else { return false }
            return self.compare(value, position, code).map { self.accepts($0, head) } ?? false
        case .string:
            guard kind.isString else { return false }
            let count = Int(code.word(position + Self.wordCount))
            let operand = code.slice(position + 2 * Self.wordCount, count)
            return self.accepts(value.compare(to: operand), head)
        case .prefix:
            let count = Int(code.word(position + Self.wordCount))
            return kind.isString && value.byteCount >= count
                && value.slice(0, count)
                    .hasBytes(of: code, at: position + 2 * Self.wordCount, count)
        case .never, nil: return false
        }
    }

    /// Compares the number `value` with the operand of the test at `position`; nil if it is no number.
    private static func compare(_ value: RawSpan, _ position: Int, _ code: RawSpan) -> Int? {
        let operand = Int64(bitPattern: code.word(position + 2 * Self.wordCount))
        if operand != .min, let integer = DecimalText.plainInteger(value) {
            return integer < operand ? -1 : integer > operand ? 1 : 0
        }
        let count = Int(code.word(position + Self.wordCount))
        let text = code.slice(position + 3 * Self.wordCount, count)
        guard let left = DecimalText(value), let right = DecimalText(text) else { return nil }
        return DecimalText.compare(left, value, right, text)
    }

    /// Whether the comparison's `outcome` is one of those that the test with the first word `head` wants.
    private static func accepts(_ outcome: Int, _ head: UInt64) -> Bool {
        let outcomes = UInt8(truncatingIfNeeded: head >> 40)
        return outcomes
            & (outcome < 0 ? Outcome.less : outcome > 0 ? Outcome.greater : Outcome.equal) != 0
    }

    /// Whether a value is one of those of the test at `position`: by its hash, and then by all bytes.
    private static func isListed(
        _ position: Int, _ code: RawSpan, _ hash: UInt64, _ kind: Scalar.Kind, _ value: RawSpan
    ) -> Bool {
        let list = position + 2 * Self.wordCount
        let count = Int(code.word(position + Self.wordCount))
        // The first value whose hash is not below.
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if code.word(list + middle * 2 * Self.wordCount) < hash {
                low = middle + 1
            } else {
                high = middle
            }
        }
        while low < count {
            let line = list + low * 2 * Self.wordCount
            guard code.word(line) == hash else { return false }
            let text = code.word(line + Self.wordCount)
            let isNull = text >> 48 != 0
            if isNull == kind.isNull,
                value.hasBytes(
                    of: code, at: position + Int(UInt32(truncatingIfNeeded: text)),
                    Int(UInt16(truncatingIfNeeded: text >> 32)))
            {
                return true
            }
            low += 1
        }
        return false
    }
}
