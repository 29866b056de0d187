import TestSupport

/// Writes random JSON with all that JSON allows: whitespace anywhere, escapes, odd numbers.
struct RandomJSON {
    var random: SeededGenerator
    /// Whether to write whitespace; without it the text is minified.
    var hasSpace = true

    init(seed: UInt64) { self.random = SeededGenerator(seed: seed) }

    mutating func document() -> [UInt8] {
        Array((self.space() + self.value(depth: 0) + self.space()).utf8)
    }

    mutating func value(depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 4 ? 5 : 8), using: &self.random) {
        case 0: return self.pick(["null", "true", "false"])
        case 1, 2: return self.number()
        case 3, 4: return self.string()
        case 5:
            let elements = (0..<self.count()).map { _ in
                self.space() + self.value(depth: depth + 1) + self.space()
            }
            return "[" + (elements.isEmpty ? self.space() : elements.joined(separator: ",")) + "]"
        default: return self.object(depth: depth)
        }
    }

    mutating func object(depth: Int) -> String {
        let members = (0..<self.count()).map { index in
            // Now and then without the number that makes keys differ.
            let suffix = Int.random(in: 0..<50, using: &self.random) == 0 ? "" : "\(index)"
            let key = String(self.string().dropLast()) + suffix + "\""
            return self.space() + key + self.space() + ":" + self.space()
                + self.value(depth: depth + 1) + self.space()
        }
        return "{" + (members.isEmpty ? self.space() : members.joined(separator: ",")) + "}"
    }

    mutating func string() -> String {
        let pieces = [
            "a", "id", "Z", " ", "{", "}", "[", "]", ",", ":", "é", "€", "🌍", "\\\"", "\\\\", "\\/",
            "\\b", "\\n", "\\u0000", "\\u00e9", "\\u20AC", "\\ud83c\\udf0d", "0123456789abcdef",
        ]
        return "\"" + (0..<self.count()).map { _ in self.pick(pieces) }.joined() + "\""
    }

    private mutating func number() -> String {
        let whole = self.pick(["0", "1", "7", "10", "4294967296", "18446744073709551616"])
        let fraction = self.pick(["", "", ".0", ".5", ".000125"])
        let exponent = self.pick(["", "", "", "e0", "E+10", "e-300", "e289"])
        return self.pick(["", "-"]) + whole + fraction + exponent
    }

    private mutating func space() -> String {
        self.hasSpace ? self.pick(["", "", "", "", " ", "\n", "\t", "\r\n", "  \n "]) : ""
    }

    private mutating func count() -> Int { Int.random(in: 0..<6, using: &self.random) }

    private mutating func pick(_ choices: [String]) -> String {
        choices[Int.random(in: choices.indices, using: &self.random)]
    }

    /// Changes a few bytes so that the result is most often no JSON, but near to it.
    mutating func mutated(_ document: [UInt8]) -> [UInt8] {
        var bytes = document
        let interesting: [UInt8] =
            Array("{}[]:,\"\\ \n0123456789.eE+-truefalsn/u".utf8) + [0, 0x1F, 0x80, 0xC3, 0xFF]
        for _ in 0...Int.random(in: 0..<3, using: &self.random) {
            let byte = interesting[Int.random(in: interesting.indices, using: &self.random)]
            guard !bytes.isEmpty else { return [byte] }
            let place = Int.random(in: bytes.indices, using: &self.random)
            switch Int.random(in: 0..<5, using: &self.random) {
            case 0: bytes[place] = byte
            case 1: bytes.insert(byte, at: place)
            case 2: bytes.remove(at: place)
            case 3: bytes.swapAt(place, Int.random(in: bytes.indices, using: &self.random))
            default: bytes.removeLast(bytes.count - place)
            }
        }
        return bytes
    }
}
