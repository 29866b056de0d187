import Synchronization

/// The records of one block, decompressed. Whoever looks at them keeps the object.
///
/// `@unchecked Sendable` because the bytes are written in `init`, before anybody else has the object, and
/// never again; they go with the last reference.
package final class Block: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    /// Allocates `count` bytes and lets `fill` write all of them.
    init(
        count: Int, fill: (UnsafeMutableRawBufferPointer) throws(StorageError) -> Void
    ) throws(StorageError) {
        self.memory = .allocate(byteCount: count, alignment: 16)
        try fill(self.memory)
    }

    deinit {
        self.memory.deallocate()
    }

    /// How many bytes the block has.
    var count: Int { self.memory.count }

    /// The block's bytes.
    package var bytes: RawSpan {
        @_lifetime(borrow self) get {
            // The memory stays as long as the block is borrowed.
            _overrideLifetime(UnsafeRawBufferPointer(self.memory).bytes, borrowing: self)
        }
    }
}

/// The blocks of cold segments that were read last, for all readers of a log.
///
/// Blocks are handed out as references: one that a reader holds stays whole while it holds it, also if the
/// cache lets go of it meanwhile. So what is in memory is at most the bound, and one block for each reader.
///
/// Which block goes when there is no room: a hand goes round over all, takes the mark from those that were
/// used since it came by last, and takes away the first one without a mark.
///
/// Thread safety: any thread may ask for a block at any time. Reading and decompressing are done outside of
/// the lock; two threads that miss the same block at once both do it, and one result is kept.
package final class BlockCache: Sendable {
    /// How many bytes of blocks are kept if nothing else is said.
    package static let byteCountDefault = 32 << 20

    /// Which block of which file.
    struct Key: Hashable {
        /// The number that ``BlockCache/nextFile()`` gave the file.
        let file: UInt64
        /// Its place in the file's table.
        let index: Int
    }

    /// What the cache did since it was made.
    package struct Statistics: Hashable, Sendable {
        /// How often a block was there.
        package var hits = 0
        /// How often it was not.
        package var misses = 0
        /// How many blocks were taken away to make room.
        package var evictions = 0
        /// How many bytes of blocks are there now.
        package var byteCount = 0
    }

    private let byteCountMax: Int
    private let state = Mutex(State())

    /// Creates a cache that keeps at most `byteCountMax` bytes of blocks.
    package init(byteCountMax: Int = BlockCache.byteCountDefault) {
        self.byteCountMax = byteCountMax
    }

    /// What the cache did.
    package var statistics: Statistics { self.state.withLock { $0.statistics } }

    /// A number that no other file has in this cache: a file that takes another one's place, under the same
    /// name, never gets its blocks.
    func nextFile() -> UInt64 {
        self.state.withLock { state in
            state.fileCount += 1
            return state.fileCount
        }
    }

    /// The block `key`, which `load` makes if it is not there. An error is thrown on, and nothing is kept.
    func block(
        _ key: Key, load: () throws(StorageError) -> Block
    ) throws(StorageError) -> Block {
        if let block = self.state.withLock({ $0.find(key) }) { return block }
        let loaded = try load()
        let bound = self.byteCountMax
        let (block, evicted) = self.state.withLock { $0.insert(loaded, key, byteCountMax: bound) }
        // The memory of what was taken away is given back here, outside of the lock.
        return withExtendedLifetime(evicted) { block }
    }

    /// Lets go of all blocks of `file`, which nobody will ask for again.
    func forget(file: UInt64) {
        let forgotten = self.state.withLock { $0.remove { $0.file == file } }
        withExtendedLifetime(forgotten) {}
    }

    private struct Slot {
        let key: Key
        let block: Block
        var isUsed: Bool
    }

    private struct State {
        var statistics = Statistics()
        var fileCount: UInt64 = 0
        /// Holes are in `free`.
        private var slots: [Slot?] = []
        private var free: [Int] = []
        private var places: [Key: Int] = [:]
        private var hand = 0

        mutating func find(_ key: Key) -> Block? {
            guard let place = self.places[key] else {
                self.statistics.misses += 1
                return nil
            }
            self.statistics.hits += 1
            self.slots[place]?.isUsed = true
            return self.slots[place]?.block
        }

        /// Keeps `block` unless it is there already or longer than everything may be. Returns what the reader
        /// gets, and what had to go.
        mutating func insert(
            _ block: Block, _ key: Key, byteCountMax: Int
        ) -> (block: Block, evicted: [Block]) {
            if let place = self.places[key], let slot = self.slots[place] {
                return (slot.block, [])
            }
            guard block.count <= byteCountMax else { return (block, []) }
            var evicted: [Block] = []
            while self.statistics.byteCount + block.count > byteCountMax {
                if let block = self.advanceHand() { evicted.append(block) }
            }
            self.statistics.evictions += evicted.count
            self.statistics.byteCount += block.count
            let slot = Slot(key: key, block: block, isUsed: false)
            if let place = self.free.popLast() {
                self.slots[place] = slot
                self.places[key] = place
            } else {
                self.places[key] = self.slots.count
                self.slots.append(slot)
            }
            return (block, evicted)
        }

        mutating func remove(where isRemoved: (Key) -> Bool) -> [Block] {
            self.places.filter { isRemoved($0.key) }.compactMap { self.take($0.value) }
        }

        /// Looks at one place; returns the block if it has to go. There is one as long as bytes are counted.
        private mutating func advanceHand() -> Block? {
            let place = self.hand
            self.hand = (place + 1) % self.slots.count
            guard let slot = self.slots[place] else { return nil }
            if slot.isUsed {
                self.slots[place]?.isUsed = false
                return nil
            }
            return self.take(place)
        }

        private mutating func take(_ place: Int) -> Block? {
            guard let slot = self.slots[place] else { return nil }
            self.slots[place] = nil
            self.free.append(place)
            self.places[slot.key] = nil
            self.statistics.byteCount -= slot.block.count
            return slot.block
        }
    }
}
