import LogFormat
import TestSupport
import Testing

struct SipHashTests {
    /// The key of bytes 0 to 15.
    private static let key = SipHash.Key(low: 0x0706_0504_0302_0100, high: 0x0F0E_0D0C_0B0A_0908)

    private static func hash(_ bytes: [UInt8], key: SipHash.Key = Self.key) -> UInt64 {
        var hash = SipHash(key: key)
        hash.add(bytes.span.bytes)
        return hash.finish()
    }

    /// Computed with another implementation, which gives the published vectors of SipHash-2-4 when it is
    /// told to do two rounds and four.
    @Test(
        arguments: [
            (0, 0xABAC_0158_050F_C4DC), (1, 0xC9F4_9BF3_7D57_CA93), (7, 0xD392_7D98_9BB1_1140),
            (8, 0x3690_9511_8D29_9A8E), (9, 0x25A4_8EB3_6C06_3DE4), (15, 0xD320_D86D_2A51_9956),
            (16, 0xCC4F_DD1A_7D90_8B66), (17, 0x9CF2_6890_63DB_D80C), (63, 0x9D19_9062_B7BB_B3A8),
            (64, 0xF179_97EC_4B4A_6065), (255, 0xF762_14E3_153C_4A15),
            (256, 0x75B3_E64E_167D_E370), (300, 0x4016_A23B_DA5A_2224),
        ] as [(Int, UInt64)])
    func bytesThatCountUpGiveTheKnownHash(count: Int, expected: UInt64) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        #expect(Self.hash(bytes) == expected)
    }

    @Test func otherKeysGiveTheKnownHashes() {
        let ones = SipHash.Key(low: .max, high: .max)
        let zeros = SipHash.Key(low: 0, high: 0)
        #expect(Self.hash(Array("todolist.Task".utf8), key: ones) == 0xC42B_DF94_C156_5380)
        #expect(Self.hash([], key: zeros) == 0xD1FB_A762_150C_532C)
    }

    @Test func everySplitInTwoGivesTheSameHash() {
        let bytes = (0..<40).map { UInt8($0) }
        let whole = Self.hash(bytes)
        for split in 0...bytes.count {
            var hash = SipHash(key: Self.key)
            hash.add(bytes.span.bytes.slice(0, split))
            hash.add(bytes.span.bytes.slice(split, bytes.count - split))
            #expect(hash.finish() == whole, "split at \(split)")
        }
    }

    @Test func randomSplitsGiveTheSameHash() {
        var random = SeededGenerator.ofThisRun()
        for round in 0..<200 {
            let bytes = random.bytes(Int.random(in: 0...100, using: &random))
            var hash = SipHash(key: Self.key)
            var at = 0
            while at < bytes.count {
                let count = Int.random(in: 0...min(11, bytes.count - at), using: &random)
                hash.add(bytes.span.bytes.slice(at, count))
                at += count
            }
            #expect(hash.finish() == Self.hash(bytes), "round \(round) of \(random)")
        }
    }

    @Test func aWordIsItsEightBytesWhereverItComes() {
        for lead in 0..<9 {
            let bytes = (0..<lead).map { UInt8($0) }
            var words = SipHash(key: Self.key)
            words.add(bytes.span.bytes)
            words.add(0x8877_6655_4433_2211 as UInt64)
            words.add(([0x99, 0xAA] as [UInt8]).span.bytes)
            let all = bytes + [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA]
            #expect(words.finish() == Self.hash(all), "after \(lead) bytes")
        }
    }
}
