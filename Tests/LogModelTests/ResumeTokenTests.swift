import LogModel
import Testing

struct ResumeTokenTests {
    private static let tokens = [
        ResumeToken(epoch: Epoch(0), next: .zero, checksum: 0),
        ResumeToken(epoch: Epoch(.max), next: Offset(.max), checksum: .max),
        ResumeToken(
            epoch: Epoch(0x2726_2524_2322_2120), next: Offset(14), checksum: 0xDEAD_BEEF),
    ]

    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

    @Test(arguments: Self.tokens)
    func aTokenComesBackFromItsText(token: ResumeToken) {
        #expect(token.text.utf8.count == ResumeToken.textCount)
        #expect(ResumeToken(text: token.text) == token)
        #expect(token.text.allSatisfy { Self.alphabet.contains($0) })
    }

    /// Worked out by hand: version 1 and then zeros.
    @Test func theTextIsTheDocumentedOne() {
        #expect(Self.tokens[0].text == "AQAAAAAAAAAAAAAAAAAAAAAAAAAA")
        #expect(Self.tokens[1].text == "Af__________________________")
    }

    @Test(arguments: Self.tokens)
    func everyChangedCharacterIsRefusedOrAnotherToken(token: ResumeToken) {
        let text = Array(token.text)
        var others: Set<ResumeToken> = []
        var otherCount = 0
        for index in text.indices {
            for character in Self.alphabet + ["+", "/", "=", " ", "é"]
            where character != text[index] {
                var changed = text
                changed[index] = character
                guard let other = ResumeToken(text: String(changed)) else { continue }
                #expect(other != token, "\(character) at \(index)")
                #expect(other.text == String(changed), "a token has one text")
                others.insert(other)
                otherCount += 1
            }
        }
        #expect(others.count == otherCount, "no two texts are one token")
    }

    @Test func everyOtherVersionIsRefused() {
        // The first character and two bits of the second are the version.
        let rest = Self.tokens[2].text.dropFirst()
        for character in Self.alphabet where character != "A" {
            #expect(ResumeToken(text: "\(character)\(rest)") == nil)
        }
        #expect(ResumeToken(text: "AA" + rest.dropFirst()) == nil)
        #expect(ResumeToken(text: "Ag" + rest.dropFirst()) == nil)
    }

    @Test func everyOtherLengthIsRefused() {
        let text = Self.tokens[2].text
        for count in 0..<text.count {
            #expect(ResumeToken(text: String(text.prefix(count))) == nil, "\(count) characters")
        }
        for more in [
            "A", "AA", "AAA", "AAAA", "=", "==", "\n", String(repeating: "A", count: 5000),
        ] {
            #expect(ResumeToken(text: text + more) == nil)
        }
    }

    @Test(arguments: [
        "", "now", "start", "AQAA+AAAAAAAAAAAAAAAAAAAAAAA", "AQAA AAAAAAAAAAAAAAAAAAAAAAA",
    ])
    func otherTextIsRefused(text: String) {
        #expect(ResumeToken(text: text) == nil)
    }
}
