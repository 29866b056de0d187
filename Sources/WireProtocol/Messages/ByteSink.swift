/// Takes the pieces of a message: to write them, or only to learn how many bytes they are.
protocol ByteSink {
    /// Takes a piece of the protocol's own text.
    mutating func append(literal: StaticString)
    /// Takes the digits of a number.
    mutating func append(decimal number: UInt64)
    /// Takes the bytes of a text that needs no escapes.
    mutating func append(plain text: String)
    /// Takes bytes as they are.
    mutating func append(bytes: [UInt8])
    /// Takes a text as a JSON string, with quotes and escapes.
    mutating func append(quoting text: String)
}

/// Counts what it is given.
struct ByteCounter: ByteSink {
    private(set) var count = 0

    mutating func append(literal: StaticString) { self.count += literal.utf8CodeUnitCount }
    mutating func append(decimal number: UInt64) { self.count += number.decimalDigitCount }
    mutating func append(plain text: String) { self.count += text.utf8.count }
    mutating func append(bytes: [UInt8]) { self.count += bytes.count }
    mutating func append(quoting text: String) {
        var json: [UInt8] = []
        JSONText.append(string: text, to: &json)
        self.count += json.count
    }
}

extension [UInt8]: ByteSink {
    mutating func append(literal: StaticString) {
        // Raw memory: a constant's, copied whole within the call.
        literal.withUTF8Buffer { self.append(contentsOf: $0) }
    }

    /// Without the detour over a `String`, which would be made for each record.
    mutating func append(decimal number: UInt64) {
        let count = number.decimalDigitCount
        self.append(contentsOf: repeatElement(0, count: count))
        var rest = number
        var place = self.count
        for _ in 0..<count {
            place -= 1
            self[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    mutating func append(plain text: String) { self.append(contentsOf: text.utf8) }
    mutating func append(bytes: [UInt8]) { self.append(contentsOf: bytes) }
    mutating func append(quoting text: String) { JSONText.append(string: text, to: &self) }
}

extension UInt64 {
    /// How many decimal digits the number has: 1 to 20.
    var decimalDigitCount: Int {
        var count = 1
        var rest = self
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }
}
