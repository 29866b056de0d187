import LogFormat

/// Where the parts of a JSON number are in its text, so that numbers are compared by their exact value: no
/// digit is rounded, however many there are, and `1`, `1.0` and `10e-1` are equal.
///
/// The number is written here as ± 0.d1d2d3… × 10^magnitude, where d1 and the last digit are not 0. So of two
/// numbers with one sign the one with the larger magnitude is farther from 0, and of two with one magnitude
/// the digits decide, as in a dictionary.
struct DecimalText {
    /// Whether the number is below 0; never of a zero.
    private(set) var isNegative = false
    /// Whether there is no digit but 0.
    var isZero: Bool { self.first == self.last }
    /// The magnitude, if ``isHuge`` is false. Else it is the exponent that is written, plus this.
    private var magnitude = 0
    /// Whether the exponent has more digits than an integer can hold for certain.
    private var isHuge = false
    private var isExponentNegative = false
    /// The exponent's digits, without zeros in front.
    private var exponent = 0..<0
    /// Where d1 is.
    private var first = 0
    /// After the last digit that is not 0. A point may be between.
    private var last = 0

    /// The most digits of an exponent that are made an integer; more than 10^17 is out of every text's reach by
    /// the digits before and after its point.
    private static let exponentDigitsMax = 17

    /// Reads `text`; nil if that is not a JSON number.
    init?(_ text: RawSpan) {
        var at = 0
        func byte(_ at: Int) -> UInt8 {
            at < text.byteCount ? text.unsafeLoad(fromUncheckedByteOffset: at, as: UInt8.self) : 0
        }
        func isDigit(_ at: Int) -> Bool { byte(at) &- 0x30 < 10 }
        if byte(0) == UInt8(ascii: "-") {
            self.isNegative = true
            at = 1
        }
        guard isDigit(at) else { return nil }
        let start = at
        while isDigit(at) { at += 1 }
        guard at == start + 1 || byte(start) != UInt8(ascii: "0") else { return nil }
        let point = at
        if byte(at) == UInt8(ascii: ".") {
            at += 1
            guard isDigit(at) else { return nil }
            while isDigit(at) { at += 1 }
        }
        self.findDigits(in: text, start..<at, point: point)
        guard self.readExponent(text, at) else { return nil }
        if self.isZero { self = Self.zero }
    }

    private static let zero = DecimalText()
    private init() {}

    /// Finds the first and the last digit that are not 0 in `mantissa`, whose point is at `point`, or would be.
    private mutating func findDigits(in text: RawSpan, _ mantissa: Range<Int>, point: Int) {
        func isSignificant(_ at: Int) -> Bool {
            text.unsafeLoad(fromByteOffset: at, as: UInt8.self) > UInt8(ascii: "0")
        }
        self.first = mantissa.lowerBound
        self.last = mantissa.upperBound
        // The point is below the digit 0, so it is no digit that counts.
        while self.first < self.last && !isSignificant(self.first) { self.first += 1 }
        while self.first < self.last && !isSignificant(self.last - 1) { self.last -= 1 }
        self.magnitude = self.first <= point ? point - self.first : point + 1 - self.first
    }

    /// Reads what follows the digits. Returns whether it is right.
    private mutating func readExponent(_ text: RawSpan, _ start: Int) -> Bool {
        var at = start
        func byte(_ at: Int) -> UInt8 {
            at < text.byteCount ? text.unsafeLoad(fromUncheckedByteOffset: at, as: UInt8.self) : 0
        }
        guard at < text.byteCount else { return true }
        guard byte(at) | 0x20 == UInt8(ascii: "e") else { return false }
        at += 1
        if byte(at) == UInt8(ascii: "+") || byte(at) == UInt8(ascii: "-") {
            self.isExponentNegative = byte(at) == UInt8(ascii: "-")
            at += 1
        }
        guard at < text.byteCount else { return false }
        while at < text.byteCount - 1 && byte(at) == UInt8(ascii: "0") { at += 1 }
        self.exponent = at..<text.byteCount
        self.isHuge = self.exponent.count > Self.exponentDigitsMax
        var value = 0
        while at < text.byteCount {
            guard byte(at) &- 0x30 < 10 else { return false }
            if !self.isHuge { value = value * 10 + Int(byte(at) &- 0x30) }
            at += 1
        }
        if !self.isHuge { self.magnitude += self.isExponentNegative ? -value : value }
        return true
    }

    /// Compares the numbers that were read from `text` and `otherText`: below 0 if the first is less, 0 if they
    /// are equal, above 0 if it is greater.
    static func compare(
        _ number: DecimalText, _ text: RawSpan, _ other: DecimalText, _ otherText: RawSpan
    ) -> Int {
        if number.isNegative != other.isNegative { return number.isNegative ? -1 : 1 }
        let sign = number.isNegative ? -1 : 1
        if number.isZero || other.isZero {
            return number.isZero ? (other.isZero ? 0 : -sign) : sign
        }
        let magnitudes = Self.compareMagnitudes(number, text, other, otherText)
        if magnitudes != 0 { return sign * magnitudes }
        return sign * Self.compareDigits(number, text, other, otherText)
    }

    private static func compareDigits(
        _ number: DecimalText, _ text: RawSpan, _ other: DecimalText, _ otherText: RawSpan
    ) -> Int {
        var at = number.first
        var otherAt = other.first
        while true {
            if at < number.last, text.byte(at) == UInt8(ascii: ".") { at += 1 }
            if otherAt < other.last, otherText.byte(otherAt) == UInt8(ascii: ".") { otherAt += 1 }
            // Whoever has more digits is farther from 0, because the last one is not 0.
            if at == number.last || otherAt == other.last {
                return (number.last - at).signum() - (other.last - otherAt).signum()
            }
            let difference = Int(text.byte(at)) - Int(otherText.byte(otherAt))
            if difference != 0 { return difference.signum() }
            at += 1
            otherAt += 1
        }
    }

    private static func compareMagnitudes(
        _ number: DecimalText, _ text: RawSpan, _ other: DecimalText, _ otherText: RawSpan
    ) -> Int {
        if !number.isHuge && !other.isHuge {
            return (number.magnitude - other.magnitude).signum()
        }
        // A huge exponent is farther from 0 than any other can be.
        let sign = number.isHuge ? (number.isExponentNegative ? -1 : 1) : 0
        let otherSign = other.isHuge ? (other.isExponentNegative ? -1 : 1) : 0
        if sign != otherSign { return (sign - otherSign).signum() }
        let own = number.hugeMagnitude(text)
        let others = other.hugeMagnitude(otherText)
        if own.count != others.count { return sign * (own.count - others.count).signum() }
        for (digit, otherDigit) in zip(own, others).reversed() where digit != otherDigit {
            return sign * (digit - otherDigit).signum()
        }
        return 0
    }

    /// The digits of the magnitude without its sign, the lowest first. Of a huge exponent, so that what the digits
    /// before the point add never changes the sign.
    private func hugeMagnitude(_ text: RawSpan) -> [Int] {
        var digits: [Int] = []
        var carry = self.isExponentNegative ? -self.magnitude : self.magnitude
        for at in self.exponent.reversed() {
            let sum = Int(text.byte(at)) - 0x30 + carry
            carry = sum >= 0 ? sum / 10 : -((9 - sum) / 10)
            digits.append(sum - carry * 10)
        }
        while carry > 0 {
            digits.append(carry % 10)
            carry /= 10
        }
        while digits.last == 0 { digits.removeLast() }
        return digits
    }

    /// The number as an integer, if it is one of at most 18 digits.
    func integer(_ text: RawSpan) -> Int64? {
        if self.isZero { return 0 }
        guard !self.isHuge, self.magnitude > 0, self.magnitude <= 18 else { return nil }
        var value: Int64 = 0
        var digits = 0
        for at in self.first..<self.last where text.byte(at) != UInt8(ascii: ".") {
            value = value * 10 + Int64(text.byte(at) - 0x30)
            digits += 1
            guard digits <= self.magnitude else { return nil }
        }
        for _ in digits..<self.magnitude { value *= 10 }
        return self.isNegative ? -value : value
    }

    /// The integer that `text` writes without a point and an exponent; nil if that is not so, or if it may be
    /// too large. Most numbers are of this kind, and this is quicker.
    @inline(__always)
    static func plainInteger(_ text: RawSpan) -> Int64? {
        let count = text.byteCount
        guard count > 0 else { return nil }
        let isNegative = text.byte(0) == UInt8(ascii: "-")
        var at = isNegative ? 1 : 0
        guard count > at, count - at <= 18 else { return nil }
        var value: Int64 = 0
        while at < count {
            let digit = text.byte(at) &- 0x30
            guard digit < 10 else { return nil }
            value = value &* 10 &+ Int64(digit)
            at &+= 1
        }
        return isNegative ? -value : value
    }
}

extension RawSpan {
    /// The byte at `position`. Traps if it does not lie within the span.
    @inline(__always)
    func byte(_ position: Int) -> UInt8 {
        self.unsafeLoad(fromByteOffset: position, as: UInt8.self)
    }

    /// The eight bytes at `position`, the first in the lowest place. Traps if they do not lie within the span.
    @inline(__always)
    func word(_ position: Int) -> UInt64 {
        UInt64(littleEndian: self.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
    }
}
