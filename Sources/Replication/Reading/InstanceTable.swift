package import LogFormat
package import LogModel

/// What a stretch of the log did to each instance: its last record, and whether it was in the set before its
/// first one.
///
/// Open addressing by the hash of the key, which is uniform already. Each instance has its own place, also one
/// whose key has the hash of another's: the key's bytes decide. Instances of which there is nothing to tell
/// are swept out when the table is full.
///
/// Memory: 24 bytes a place, or 32 if firsts are kept, of which between 31% and 75% are taken, and two bytes
/// more than its key for each instance whose key has more than seven; as much again while the table grows.
package struct InstanceTable: Sendable {
    private var hashes: [UInt64] = []
    /// Up to seven bytes of a key and their number, or where the key is in `texts`.
    private var keys: [UInt64] = []
    /// The last record, and in the low two bits what it did.
    private var lasts: [UInt64] = []
    /// The first record, and in the lowest bit whether the instance was in the set before; empty if that is of
    /// no interest.
    private var firsts: [UInt64] = []
    private var texts: [UInt8] = []
    private let keepsFirsts: Bool
    /// Places taken, also by instances of which there is nothing to tell.
    private var takenCount = 0
    /// Instances of which there is something to tell.
    package private(set) var count = 0

    private static let inlineMax = 7
    private static let inTexts: UInt64 = 0xFF

    /// Creates an empty table.
    ///
    /// - Parameter keepsFirsts: whether it matters if instances were in the set before.
    package init(keepsFirsts: Bool) {
        self.keepsFirsts = keepsFirsts
    }

    /// How many places there are.
    package var placeCount: Int { self.hashes.count }

    /// Takes note of what `record`, which has not been noted yet or changes nothing, did to its instance.
    ///
    /// Amortised O(1), and in proportion to the table when it has to grow.
    ///
    /// - Parameter bound: a record that is noted from now on is not below it.
    package mutating func note(
        _ record: borrowing RecordView, _ change: SetChange, notBelow bound: Offset
    ) {
        if (self.takenCount + 1) * 4 > self.hashes.count * 3 { self.makeRoom(notBelow: bound) }
        let place = self.place(of: record.keyHash, record.key)
        let last = record.offset.rawValue << 2 | UInt64(change.rawValue)
        let first = record.offset.rawValue << 1 | (change == .entered ? 0 : 1)
        if self.hashes[place] == 0 {
            self.hashes[place] = record.keyHash
            self.keys[place] = self.word(of: record.key)
            self.lasts[place] = last
            if self.keepsFirsts { self.firsts[place] = first }
            self.takenCount += 1
            self.count += self.change(at: place) == nil ? 0 : 1
            return
        }
        let told = self.change(at: place) == nil ? 0 : 1
        self.lasts[place] = max(self.lasts[place], last)
        if self.keepsFirsts { self.firsts[place] = min(self.firsts[place], first) }
        self.count += (self.change(at: place) == nil ? 0 : 1) - told
    }

    /// What happened on the whole to the instance at `place`, from 0 to ``placeCount`` - 1; nil if nothing, or
    /// if there is no instance.
    package func change(at place: Int) -> SetChange? {
        guard self.hashes[place] != 0 else { return nil }
        let last = SetChange(rawValue: UInt8(self.lasts[place] & 3))
        let isIn = last == .entered || last == .updated
        let wasIn = self.keepsFirsts && self.firsts[place] & 1 == 1
        return SetChange(wasIn: wasIn, isIn: isIn, action: last == .deleted ? .deleted : .updated)
    }

    /// The last record of the instance at `place`, where one is.
    package func lastOffset(at place: Int) -> Offset { Offset(self.lasts[place] >> 2) }

    /// The first record of the instance at `place`, where one is; nil if firsts are not kept.
    package func firstOffset(at place: Int) -> Offset? {
        self.keepsFirsts ? Offset(self.firsts[place] >> 1) : nil
    }

    /// The hash and the text of the key of the instance at `place`, where one is.
    package func key(at place: Int) -> (hash: UInt64, text: Text) {
        let word = self.keys[place]
        let count = word >> 56
        if count != Self.inTexts {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
            return (self.hashes[place], Text(bytes: bytes))
        }
        let range = self.range(of: word)
        return (self.hashes[place], Text(bytes: Array(self.texts[range])))
    }

    /// Notes that the instance at `place`, where one is, is not in the set after all.
    package mutating func remove(at place: Int) {
        self.count -= self.change(at: place) == nil ? 0 : 1
        self.lasts[place] = self.lasts[place] & ~3 | UInt64(SetChange.left.rawValue)
        self.count += self.change(at: place) == nil ? 0 : 1
    }

    // MARK: Places

    /// Where the instance is, or the empty place where it would be.
    private func place(of hash: UInt64, _ key: RawSpan) -> Int {
        let mask = self.hashes.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while self.hashes[place] != 0 {
            if self.hashes[place] == hash && self.isKey(self.keys[place], key) { return place }
            place = (place + 1) & mask
        }
        return place
    }

    private func isKey(_ word: UInt64, _ key: RawSpan) -> Bool {
        guard word >> 56 == Self.inTexts else {
            return key.byteCount <= Self.inlineMax && word == Self.inlineWord(of: key)
        }
        let range = self.range(of: word)
        return key.isEqual(to: self.texts.span.bytes.slice(range.lowerBound, range.count))
    }

    private static func inlineWord(of key: RawSpan) -> UInt64 {
        var word = UInt64(key.byteCount) << 56
        for index in 0..<key.byteCount {
            let byte = key.loadLittleEndian(index, as: UInt8.self)
            word |= UInt64(byte) << (8 * UInt64(index))
        }
        return word
    }

    /// The word for a key that is new to the table.
    private mutating func word(of key: RawSpan) -> UInt64 {
        guard key.byteCount > Self.inlineMax else { return Self.inlineWord(of: key) }
        let start = self.texts.count
        self.texts.append(UInt8(truncatingIfNeeded: key.byteCount))
        self.texts.append(UInt8(truncatingIfNeeded: key.byteCount >> 8))
        for index in 0..<key.byteCount {
            self.texts.append(key.loadLittleEndian(index, as: UInt8.self))
        }
        return Self.inTexts << 56 | UInt64(start)
    }

    /// The key's bytes in `texts`.
    private func range(of word: UInt64) -> Range<Int> {
        let start = Int(word & (1 << 56 - 1))
        let count = Int(self.texts[start]) | Int(self.texts[start + 1]) << 8
        return start + 2..<start + 2 + count
    }

    /// Moves into a larger table, or one of the same size, those of whom there is something to tell, or may be:
    /// later records of an instance that was never in the set before begin anew.
    private mutating func makeRoom(notBelow bound: Offset) {
        let kept = self.hashes.indices.filter { place in
            self.hashes[place] != 0
                && (self.change(at: place) != nil || self.lastOffset(at: place) >= bound)
        }
        var capacity = 16
        while kept.count * 8 > capacity * 5 { capacity *= 2 }
        var grown = InstanceTable(keepsFirsts: self.keepsFirsts)
        grown.hashes = Array(repeating: 0, count: capacity)
        grown.keys = Array(repeating: 0, count: capacity)
        grown.lasts = Array(repeating: 0, count: capacity)
        grown.firsts = Array(repeating: 0, count: self.keepsFirsts ? capacity : 0)
        for old in kept {
            // No two of them are the same, so only an empty place is looked for.
            var place = Int(truncatingIfNeeded: self.hashes[old]) & (capacity - 1)
            while grown.hashes[place] != 0 { place = (place + 1) & (capacity - 1) }
            grown.hashes[place] = self.hashes[old]
            grown.lasts[place] = self.lasts[old]
            if self.keepsFirsts { grown.firsts[place] = self.firsts[old] }
            let word = self.keys[old]
            if word >> 56 == Self.inTexts {
                let range = self.range(of: word)
                grown.keys[place] = Self.inTexts << 56 | UInt64(grown.texts.count)
                grown.texts.append(contentsOf: self.texts[range.lowerBound - 2..<range.upperBound])
            } else {
                grown.keys[place] = word
            }
        }
        grown.takenCount = kept.count
        grown.count = self.count
        self = grown
    }
}
