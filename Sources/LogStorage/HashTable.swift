/// A map from hashes that are already uniform, so that a hash is its own place: open addressing with linear
/// probing, at most three quarters full. Grows by doubling.
///
/// The hash 0, which `GroupHasher` never gives, marks an empty place.
struct HashTable<Value: BitwiseCopyable & Sendable>: Sendable {
    private var hashes: [UInt64]
    private var values: [Value]
    private(set) var count = 0
    private let filler: Value

    /// Creates an empty table; `filler` stands in empty places and means nothing.
    init(filler: Value) {
        self.filler = filler
        self.hashes = []
        self.values = []
    }

    /// The value of `hash`, or nil. O(1).
    subscript(hash: UInt64) -> Value? {
        guard self.count > 0 else { return nil }
        let place = self.place(of: hash)
        return self.hashes[place] == 0 ? nil : self.values[place]
    }

    /// Changes the value of `hash`, which is `filler` if there was none. O(1) amortised.
    mutating func update(_ hash: UInt64, _ change: (inout Value) -> Void) {
        if (self.count + 1) * 4 > self.hashes.count * 3 { self.grow() }
        let place = self.place(of: hash)
        if self.hashes[place] == 0 {
            self.hashes[place] = hash
            self.values[place] = self.filler
            self.count += 1
        }
        change(&self.values[place])
    }

    /// Begins to bring near what a look at `hash` reads.
    func expect(_ hash: UInt64) {
        guard self.count > 0 else { return }
        let place = Int(truncatingIfNeeded: hash) & (self.hashes.count - 1)
        self.hashes.span.bytes.expect(place * MemoryLayout<UInt64>.stride)
        self.values.span.bytes.expect(place * MemoryLayout<Value>.stride)
    }

    /// Takes everything out, and keeps the memory unless most of it was empty: so that the time for it is in
    /// proportion to what there was.
    mutating func removeAll() {
        guard self.count > 0 else { return }
        if self.hashes.count > 16 * self.count {
            self = HashTable(filler: self.filler)
            return
        }
        for index in self.hashes.indices { self.hashes[index] = 0 }
        self.count = 0
    }

    /// Lends each hash and its value to `body`, in no order. Takes time in proportion to the table.
    func forEach(_ body: (UInt64, Value) -> Void) {
        for index in self.hashes.indices where self.hashes[index] != 0 {
            body(self.hashes[index], self.values[index])
        }
    }

    /// Keeps those hashes that `isKept` says yes to. Takes time in proportion to the table.
    mutating func filter(_ isKept: (UInt64) -> Bool) {
        var kept = HashTable(filler: self.filler)
        for index in self.hashes.indices where self.hashes[index] != 0 {
            let value = self.values[index]
            if isKept(self.hashes[index]) { kept.update(self.hashes[index]) { $0 = value } }
        }
        self = kept
    }

    /// Where `hash` is, or the empty place where it would be.
    private func place(of hash: UInt64) -> Int {
        precondition(hash != 0, "no group and no key has the hash 0")
        let mask = self.hashes.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while self.hashes[place] != 0 && self.hashes[place] != hash {
            place = (place + 1) & mask
        }
        return place
    }

    private mutating func grow() {
        let oldHashes = self.hashes
        let oldValues = self.values
        let capacity = max(oldHashes.count * 2, 16)
        self.hashes = Array(repeating: 0, count: capacity)
        self.values = Array(repeating: self.filler, count: capacity)
        for index in oldHashes.indices where oldHashes[index] != 0 {
            let place = self.place(of: oldHashes[index])
            self.hashes[place] = oldHashes[index]
            self.values[place] = oldValues[index]
        }
    }
}
