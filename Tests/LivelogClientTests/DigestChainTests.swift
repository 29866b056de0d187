import LivelogClient
import Testing

@Suite struct DigestChainTests {
    @Test func sha256IsTheStandardOne() {
        let digest = DigestChain.hexadecimal(DigestChain.sha256(Array("abc".utf8)))
        #expect(
            digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func aKeyFitsIntoAHeader() {
        var chain = DigestChain()
        let key = chain.key(ofNext: [1, 2, 3])
        #expect(key.hasPrefix("livelog-publish-1:"))
        #expect(key.utf8.count == 18 + 64)
        #expect(throws: Never.self) { try BatchIdentity.key(key).validate() }
    }

    @Test func theSameBatchesHaveTheSameKeys() {
        #expect(Self.keys([[1, 2], [3], [4, 5]]) == Self.keys([[1, 2], [3], [4, 5]]))
    }

    @Test func anyEarlierByteChangesAllLaterKeys() {
        let batches: [[UInt8]] = [[1, 2, 3], [4, 5], [6], [7, 8, 9]]
        let keys = Self.keys(batches)
        #expect(Set(keys).count == keys.count)
        for batch in batches.indices {
            for byte in batches[batch].indices {
                var changed = batches
                changed[batch][byte] ^= 1
                let others = Self.keys(changed)
                #expect(others[..<batch] == keys[..<batch])
                #expect(Set(others[batch...]).isDisjoint(with: keys))
            }
        }
    }

    @Test func theSameBytesCutElsewhereHaveOtherKeys() {
        let keys = Self.keys([[1, 2], [3, 4]])
        #expect(Set(Self.keys([[1], [2, 3, 4]])).isDisjoint(with: keys))
        #expect(Set(Self.keys([[1, 2, 3, 4]])).isDisjoint(with: keys))
    }

    @Test func aSaltChangesAllKeys() {
        let keys = Self.keys([[1, 2], [3]])
        #expect(Set(Self.keys([[1, 2], [3]], salt: [0])).isDisjoint(with: keys))
    }

    private static func keys(_ batches: [[UInt8]], salt: [UInt8] = []) -> [String] {
        var chain = DigestChain(salt: salt)
        return batches.map { chain.key(ofNext: $0) }
    }
}
