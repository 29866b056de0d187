/// A JSON number by its exact value: ± 0.DIGITS × 10^magnitude, without zeros at either end of the digits.
struct PlainDecimal {
    private var isNegative = false
    private var digits: [UInt8] = []
    private var magnitude = 0

    /// Exponents beyond these are all the same: no text has as many digits.
    private static let exponentMax = 1_000_000_000_000

    /// Reads a JSON number; nil if `text` is none.
    init?(_ text: String) {
        var rest = Substring(text)
        if rest.first == "-" {
            self.isNegative = true
            rest.removeFirst()
        }
        let parts = rest.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        let mantissa = parts.first?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        guard 1...2 ~= parts.count, 1...2 ~= mantissa.count,
            mantissa.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } })
        else { return nil }
        self.digits = mantissa.flatMap { Array($0.utf8) }
        self.magnitude = mantissa[0].utf8.count
        if parts.count == 2 {
            guard let exponent = Self.exponent(parts[1]) else { return nil }
            self.magnitude += exponent
        }
        let zeros = self.digits.prefix { $0 == 0x30 }.count
        self.digits.removeFirst(zeros)
        self.magnitude -= zeros
        while self.digits.last == 0x30 { self.digits.removeLast() }
        if self.digits.isEmpty {
            self.isNegative = false
            self.magnitude = 0
        }
    }

    private static func exponent(_ text: Substring) -> Int? {
        var digits = text
        let isNegative = text.first == "-"
        if isNegative || text.first == "+" { digits.removeFirst() }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        let value = min(Int(digits) ?? .max, Self.exponentMax)
        return isNegative ? -value : value
    }

    /// Less than 0 if it is less than `other`, 0 if both are the same.
    func compare(to other: PlainDecimal) -> Int {
        if self.digits.isEmpty || other.digits.isEmpty || self.isNegative != other.isNegative {
            return self.sign - other.sign
        }
        let isFarther: Bool
        if self.magnitude != other.magnitude {
            isFarther = self.magnitude > other.magnitude
        } else if self.digits != other.digits {
            isFarther = other.digits.lexicographicallyPrecedes(self.digits)
        } else {
            return 0
        }
        return isFarther != self.isNegative ? 1 : -1
    }

    private var sign: Int { self.digits.isEmpty ? 0 : self.isNegative ? -1 : 1 }
}
