package import LogFormat
package import LogModel

/// A subscription as the matcher knows it: a session of the loop and a slot in it.
package struct Subscriber: Hashable, Sendable {
    /// The session's number on its event loop.
    package let session: UInt32
    /// The subscription's number in its session.
    package let slot: UInt32

    /// Creates a name for the subscription `slot` of `session`.
    package init(session: UInt32, slot: UInt32) {
        self.session = session
        self.slot = slot
    }
}

/// Finds the subscriptions that want a record, by the hashes that the record carries.
///
///     hash & mask            groups, chained by `next`             subscribers
///     +---+        +------------------------------------+
///     | 3 | -----> | 3: hash, (model, property, value) --|----> [s1/0, s9/2, ...]
///     +---+        |    next: 8                         |
///     |   |        +------------------------------------+
///     +---+                 | next
///                           v
///                  +------------------------------------+
///                  | 8: another group in this bucket    |
///                  +------------------------------------+
///
/// A match compares all bytes of the group once, however many want it: two groups with one hash cost time,
/// never a wrong delivery. Expected cost of a record: one look into a bucket for each group that it carries,
/// however many subscriptions there are.
package struct Matcher {
    private struct Group {
        let hash: UInt64
        let key: GroupKey
        var subscribers: [Subscriber]
        /// The next group of the bucket, or -1.
        var next: Int
    }

    /// The first group of each bucket, or -1. A power of two.
    private var buckets = [Int](repeating: -1, count: 16)
    private var groups: [Group] = []
    /// Places in `groups` that are free.
    private var vacant: [Int] = []

    /// Creates a matcher without subscriptions.
    package init() {}

    /// Whether nothing is subscribed to.
    package var isEmpty: Bool { self.groups.count == self.vacant.count }

    /// Adds a subscription to the group `key`, whose hash is `hash`. A subscriber has one group.
    package mutating func add(_ subscriber: Subscriber, to key: GroupKey, hash: UInt64) {
        if let place = self.find(hash, where: { $0 == key }) {
            self.groups[place].subscribers.append(subscriber)
            return
        }
        if self.groups.count - self.vacant.count >= self.buckets.count { self.grow() }
        let bucket = self.bucket(of: hash)
        let group = Group(
            hash: hash, key: key, subscribers: [subscriber], next: self.buckets[bucket])
        if let place = self.vacant.popLast() {
            self.groups[place] = group
            self.buckets[bucket] = place
        } else {
            self.groups.append(group)
            self.buckets[bucket] = self.groups.count - 1
        }
    }

    /// Removes a subscription that was added. Takes time in proportion to the group's subscribers.
    package mutating func remove(_ subscriber: Subscriber, from key: GroupKey, hash: UInt64) {
        guard
            let place = self.find(hash, where: { $0 == key }),
            let index = self.groups[place].subscribers.firstIndex(of: subscriber)
        else { preconditionFailure("\(subscriber) was removed and had not been added") }
        self.groups[place].subscribers.remove(at: index)
        if self.groups[place].subscribers.isEmpty { self.removeGroup(place) }
    }

    /// Calls `body` for each group of `record` that somebody wants, in the record's order.
    package func match(
        _ record: borrowing RecordView,
        _ body: (_ entry: GroupEntry, _ subscribers: [Subscriber]) -> Void
    ) {
        for index in 0..<record.groupCount {
            let hash = record.groupHash(index)
            var place = self.buckets[self.bucket(of: hash)]
            while place >= 0 {
                if self.groups[place].hash == hash {
                    let entry = record.group(index)
                    if record.isGroup(entry, self.groups[place].key) {
                        body(entry, self.groups[place].subscribers)
                    }
                }
                place = self.groups[place].next
            }
        }
    }

    private func bucket(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (self.buckets.count - 1)
    }

    private func find(_ hash: UInt64, where isWanted: (GroupKey) -> Bool) -> Int? {
        var place = self.buckets[self.bucket(of: hash)]
        while place >= 0 {
            if self.groups[place].hash == hash && isWanted(self.groups[place].key) { return place }
            place = self.groups[place].next
        }
        return nil
    }

    private mutating func removeGroup(_ place: Int) {
        let bucket = self.bucket(of: self.groups[place].hash)
        if self.buckets[bucket] == place {
            self.buckets[bucket] = self.groups[place].next
        } else {
            var before = self.buckets[bucket]
            while self.groups[before].next != place { before = self.groups[before].next }
            self.groups[before].next = self.groups[place].next
        }
        self.groups[place] = Group(
            hash: 0, key: GroupKey(model: ""), subscribers: [], next: -1)
        self.vacant.append(place)
    }

    private mutating func grow() {
        var buckets = [Int](repeating: -1, count: self.buckets.count * 2)
        let old = self.buckets
        for first in old {
            var place = first
            while place >= 0 {
                let next = self.groups[place].next
                let bucket = Int(truncatingIfNeeded: self.groups[place].hash) & (buckets.count - 1)
                self.groups[place].next = buckets[bucket]
                buckets[bucket] = place
                place = next
            }
        }
        self.buckets = buckets
    }
}
