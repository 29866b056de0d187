import Testing
import Transport

/// Text is told from other bytes as the standard library does it, wherever it is cut and whatever stands where.
struct UTF8CheckTests {
    /// What one character may be, and what none is.
    private static let parts: [[UInt8]] = [
        Array("a".utf8), Array("é".utf8), Array("€".utf8), Array("😀".utf8),
        Array("\u{7FF}\u{800}".utf8),
        [0x80], [0xC1, 0x80], [0xE0, 0x9F, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
        [0xF5], [0xFF],
        [0xE2, 0x82], [0xF0, 0x9F, 0x98],
    ]

    private func isText(_ bytes: [UInt8], cutAt cut: Int) -> Bool {
        var check = UTF8Check()
        return check.take(bytes[..<cut]) && check.take(bytes[cut...]) && check.isWhole
    }

    /// Each part behind so many plain characters and before others: at every place of a step of the fast way.
    @Test func everyCharacterAtEveryPlace() {
        for part in Self.parts {
            for before in 0..<70 {
                let bytes =
                    [UInt8](repeating: 0x61, count: before) + part
                    + [UInt8](repeating: 0x62, count: 40)
                let expected = String(validating: bytes, as: UTF8.self) != nil
                for cut in Set([0, before, before + 1, before + part.count, bytes.count]) {
                    #expect(
                        self.isText(bytes, cutAt: cut) == expected,
                        "\(part) after \(before), cut at \(cut)")
                }
            }
        }
    }

    @Test func randomTextsAndBytes() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<12, using: &random) {
                bytes += [UInt8](repeating: 0x7A, count: Int.random(in: 0..<40, using: &random))
                bytes += Self.parts[Int.random(in: 0..<Self.parts.count, using: &random)]
            }
            let expected = String(validating: bytes, as: UTF8.self) != nil
            let cut = Int.random(in: 0...bytes.count, using: &random)
            #expect(self.isText(bytes, cutAt: cut) == expected, "\(bytes) cut at \(cut)")
        }
    }
}
