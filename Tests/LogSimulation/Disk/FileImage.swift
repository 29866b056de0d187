import TestSupport

/// Bytes at an address that does not change: what a mapping points to.
final class StableBytes {
    let base: UnsafeMutableRawBufferPointer

    /// Zeros.
    init(count: Int) {
        self.base = UnsafeMutableRawBufferPointer.allocate(
            byteCount: count, alignment: 4096)
        self.clear(from: 0)
    }

    deinit { self.base.deallocate() }

    var count: Int { self.base.count }

    /// Makes all bytes from `start` on zero.
    func clear(from start: Int) {
        guard start < self.base.count else { return }
        UnsafeMutableRawBufferPointer(rebasing: self.base[start...])
            .initializeMemory(as: UInt8.self, repeating: 0)
    }

    /// Copies `range` of `other` to the same place.
    func copy(_ range: Range<Int>, from other: StableBytes) {
        guard !range.isEmpty else { return }
        UnsafeMutableRawBufferPointer(rebasing: self.base[range])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: other.base[range]))
    }
}

/// How many bytes of the simulated medium are free.
final class FreeSpace {
    var byteCount: Int

    init(_ byteCount: Int) { self.byteCount = byteCount }
}

/// A file without its names: what the page cache holds, and what the medium holds.
///
/// Invariant: a sector that is not dirty is the same in both, except after a failed sync, which makes
/// sectors clean that the medium does not have.
final class FileImage {
    /// Bytes that reach the medium together, unless they are torn.
    static let sector = 512

    /// The order in which files were created, so that decisions have an order.
    let number: Int
    private let space: FreeSpace
    private(set) var cache = StableBytes(count: 0)
    private(set) var medium = StableBytes(count: 0)
    private(set) var count = 0
    private(set) var durableCount = 0
    private(set) var reservedCount = 0
    private var dirty: [Bool] = []
    /// How many mappings of it there are.
    var mappingCount = 0
    /// The open file that has the lock.
    var lockOwner: ObjectIdentifier?

    init(number: Int, space: FreeSpace) {
        self.number = number
        self.space = space
    }

    deinit { self.space.byteCount += self.reservedCount }

    var hasUnsynchronizedBytes: Bool {
        self.count != self.durableCount || self.dirty.contains(true)
    }

    /// Takes space for the first `count` bytes; false if there is not enough.
    func reserve(_ count: Int) -> Bool {
        let wanted = Self.rounded(count) - self.reservedCount
        guard wanted > 0 else { return true }
        guard wanted <= self.space.byteCount else { return false }
        self.space.byteCount -= wanted
        self.reservedCount += wanted
        return true
    }

    /// Makes the file at least `count` bytes long.
    func grow(to count: Int) {
        guard count > self.count else { return }
        if count > self.cache.count {
            precondition(isKnownUniquelyReferenced(&self.cache), "a mapped file moved")
            let cache = StableBytes(count: Self.rounded(count))
            cache.copy(0..<self.count, from: self.cache)
            let medium = StableBytes(count: Self.rounded(count))
            medium.copy(0..<self.durableCount, from: self.medium)
            self.cache = cache
            self.medium = medium
        }
        self.count = count
        let sectors = Self.rounded(count) / Self.sector
        self.dirty += Array(repeating: false, count: sectors - self.dirty.count)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at position: Int) {
        guard !bytes.isEmpty else { return }
        let end = position + bytes.count
        self.grow(to: end)
        UnsafeMutableRawBufferPointer(rebasing: self.cache.base[position..<end])
            .copyMemory(from: bytes)
        for sector in position / Self.sector...(end - 1) / Self.sector { self.dirty[sector] = true }
    }

    func read(_ range: Range<Int>) -> [UInt8] {
        let end = min(range.upperBound, self.count)
        return range.lowerBound >= end ? [] : Array(self.cache.base[range.lowerBound..<end])
    }

    /// Makes the file empty.
    func truncate() {
        self.count = 0
        self.dirty = []
        self.cache.clear(from: 0)
    }

    /// Changes one bit, in the cache and on the medium, as a failing medium does.
    func flip(bit: Int, ofByte position: Int) {
        self.cache.base[position] ^= 1 << UInt8(bit)
        self.medium.base[position] ^= 1 << UInt8(bit)
    }

    // MARK: - What reaches the medium

    /// Puts all that is dirty on the medium.
    func synchronize() {
        for sector in self.dirty.indices where self.dirty[sector] { self.store(sector) }
        self.durableCount = self.count
    }

    /// Puts some of what is dirty on the medium, as the kernel does at any time.
    func writeBack(_ random: inout SeededGenerator) {
        for sector in self.dirty.indices where self.dirty[sector] && random.chance(1, in: 2) {
            self.store(sector)
        }
    }

    /// A sync that fails: some of what is dirty reaches the medium, and the cache takes all for written.
    func failToSynchronize(_ random: inout SeededGenerator) {
        self.writeBack(&random)
        for sector in self.dirty.indices { self.dirty[sector] = false }
        if random.chance(1, in: 2) { self.durableCount = self.count }
    }

    /// Forgets clean sectors of the cache, some of which the medium may not have.
    func evict(_ random: inout SeededGenerator) {
        for sector in self.dirty.indices where !self.dirty[sector] && random.chance(3, in: 4) {
            self.cache.copy(Self.range(sector), from: self.medium)
        }
    }

    /// Forgets the clean sectors from `start` on. Of a mapped file those stay that somebody has looked at, of
    /// which nobody here keeps account: so some.
    func forget(from start: Int, _ random: inout SeededGenerator) {
        for sector in self.dirty.indices.dropFirst(start / Self.sector) where !self.dirty[sector] {
            if self.mappingCount > 0, random.chance(1, in: 2) { continue }
            self.cache.copy(Self.range(sector), from: self.medium)
        }
    }

    /// What a loss of power does to the unsynced bytes of a file.
    enum Loss: CaseIterable {
        case all
        case nothing
        case some
        case someTorn
    }

    /// Loses the cache, and with it all that is dirty and does not happen to be on the medium.
    func losePower(_ loss: Loss, _ random: inout SeededGenerator) {
        for sector in self.dirty.indices where self.dirty[sector] {
            switch loss {
            case .all: break
            case .nothing: self.store(sector)
            case .some: if random.chance(1, in: 2) { self.store(sector) }
            case .someTorn:
                switch random.below(3) {
                case 0: break
                case 1: self.store(sector)
                default: self.tear(sector, &random)
                }
            }
        }
        if loss == .nothing || loss != .all && random.chance(1, in: 2) {
            self.durableCount = self.count
        }
        self.medium.clear(from: self.durableCount)
        self.count = self.durableCount
        // Whoever still has the old bytes mapped belongs to a process that is gone.
        self.cache = StableBytes(count: self.medium.count)
        self.cache.copy(0..<self.count, from: self.medium)
        self.dirty = Array(repeating: false, count: Self.rounded(self.count) / Self.sector)
        self.lockOwner = nil
    }

    private func store(_ sector: Int) {
        self.medium.copy(Self.range(sector), from: self.cache)
        self.dirty[sector] = false
    }

    private func tear(_ sector: Int, _ random: inout SeededGenerator) {
        let bits = random.next()
        for word in 0..<Self.sector / 8 where bits >> UInt64(word) & 1 != 0 {
            let start = sector * Self.sector + word * 8
            self.medium.copy(start..<start + 8, from: self.cache)
        }
        self.dirty[sector] = false
    }

    private static func range(_ sector: Int) -> Range<Int> {
        sector * self.sector..<(sector + 1) * self.sector
    }

    private static func rounded(_ count: Int) -> Int {
        (count + self.sector - 1) / self.sector * self.sector
    }
}
