import LogFormat
import LogModel
import LogStorage
import TestSupport
import Testing

/// Damage to a cold file is found, wherever it is, and does no harm until it is.
@Suite(.timeLimit(.minutes(2))) struct ColdDamageTests {
    /// Cold files of two blocks: whole, and with every third record removed.
    private static func file(isCompacted: Bool) throws -> [UInt8] {
        try SealedSample(count: isCompacted ? 200 : 130)
            .frozen(removing: isCompacted ? { $0 % 3 == 0 } : nil).bytes
    }

    /// What opening and checking `bytes` throws.
    private static func refusal(of bytes: [UInt8]) -> StorageError? {
        storageError { () throws(StorageError) in
            try MemoryFile(bytes).open().check()
        }
    }

    @Test(arguments: [false, true])
    func everyFlippedBitIsFound(isCompacted: Bool) throws {
        var bytes = try Self.file(isCompacted: isCompacted)
        #expect(Self.refusal(of: bytes) == nil)
        var passed: [Int] = []
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8)
            let error = Self.refusal(of: bytes)
            if error?.code != .corrupt || error?.path != "cold" || error?.position == nil {
                passed.append(bit)
            }
            bytes[bit / 8] ^= 1 << (bit % 8)
        }
        #expect(passed.isEmpty)
    }

    @Test(arguments: [false, true])
    func everyOtherLengthIsRefused(isCompacted: Bool) throws {
        let bytes = try Self.file(isCompacted: isCompacted)
        var passed: [Int] = []
        for count in 0..<bytes.count where Self.refusal(of: Array(bytes[..<count])) == nil {
            passed.append(count)
        }
        #expect(passed.isEmpty)
        #expect(Self.refusal(of: bytes + [0])?.position == bytes.count)
    }

    @Test func aDamagedBlockIsNamedAndTheOthersAreRead() throws {
        var random = SeededGenerator.ofThisRun()
        let sample = try SealedSample(random: &random)
        let frozen = try sample.frozen()
        let blocks = frozen.blocks
        let damaged = blocks[blocks.count / 2]
        let sound = blocks[blocks.count / 2 + 1]
        var bytes = frozen.bytes
        bytes[damaged.position + random.below(damaged.storedCount)] ^= 4
        let segment = try MemoryFile(bytes).open()

        let offset = segment.base.advanced(by: damaged.firstOrdinal)
        for _ in 0..<2 {
            let error = storageError { () throws(StorageError) in
                try segment.withRecord(atPosition: damaged.start) { _ in }
            }
            #expect(error?.code == .corrupt)
            #expect(error?.path == "cold")
            #expect(error?.position == damaged.position)
            #expect(error?.offset == offset, "\(random)")
        }
        let read = try segment.withRecord(atPosition: sound.start) { $0.bytes.copy() }
        #expect(read == sample.record(sound.firstOrdinal))
        #expect(storageError { () throws(StorageError) in try segment.check() }?.offset == offset)
    }

    @Test func aPlaceThatIsNoRecordsIsRefused() throws {
        let sample = try SealedSample(count: 10)
        let segment = try sample.frozen().open()
        let end = Int(sample.facts.endPosition)
        let starts = Set(sample.positions)
        var passed: [Int] = []
        for position in [-8, 0, 8] + Array(4088...end + 64) + [1 << 40, .max, .min] {
            let error = storageError { () throws(StorageError) in
                try segment.withRecord(atPosition: position) { _ in }
            }
            if (error?.code == .corrupt) == starts.contains(position) { passed.append(position) }
        }
        #expect(passed.isEmpty)
        let wrong = storageError { () throws(StorageError) in
            try segment.withRecord(atPosition: sample.positions[2], offset: segment.base) { _ in }
        }
        #expect(wrong?.offset == segment.base)
    }

    @Test func aForgedFileWithRightChecksumsHarmsNobody() throws {
        var random = SeededGenerator.ofThisRun()
        let whole = try Self.file(isCompacted: true)
        var refused = 0
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<1 + random.below(3) {
                // Between the page's first 16 bytes and its checksum, or anywhere behind the page.
                let at =
                    random.chance(1, in: 3)
                    ? 16 + random.below(216) : 4096 + random.below(bytes.count - 4096)
                bytes[at] = random.chance(1, in: 2) ? 0xFF : UInt8(random.below(256))
            }
            Self.seal(&bytes)
            let error = storageError { () throws(StorageError) in
                let segment = try MemoryFile(bytes).open()
                for position in stride(from: 4096, to: 6000, by: 8) {
                    do throws(StorageError) {
                        try segment.withRecord(atPosition: position) { _ in }
                    } catch {}
                }
                try segment.check()
            }
            if error != nil { refused += 1 }
        }
        #expect(refused > 1500, "\(random)")
    }

    /// Makes the checksums of blocks, tables and page those of the bytes, where these can be found.
    private static func seal(_ bytes: inout [UInt8]) {
        func put(_ checksum: UInt32, at position: Int) {
            for index in 0..<4 {
                bytes[position + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index))
            }
        }
        func number(_ position: Int) -> Int {
            Int(bytes.span.bytes.loadLittleEndian(position, as: UInt32.self))
        }
        func checksum(_ position: Int, _ count: Int) -> UInt32? {
            guard position + count <= bytes.count else { return nil }
            return Checksum.crc32c(bytes.span.bytes.slice(position, count))
        }
        let table = number(192)
        if table + ColdBlock.stride <= bytes.count,
            let sum = checksum(8 * number(table + 4), number(table + 8))
        {
            put(sum, at: table + 16)
        }
        for place in [192, 208] {
            if let sum = checksum(number(place), number(place + 8)) { put(sum, at: place + 12) }
        }
        if let sum = checksum(0, 4092) { put(sum, at: 4092) }
    }
}
