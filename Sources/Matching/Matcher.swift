package import LogFormat
package import LogModel

/// A subscription as the matcher knows it.
package struct Subscriber: Hashable, Sendable {
    /// Whose it is, a number on the event loop.
    package let owner: UInt32
    /// The subscription's number with its owner.
    package let slot: UInt32

    /// Creates a name for the subscription `slot` of `owner`.
    package init(owner: UInt32, slot: UInt32) {
        self.owner = owner
        self.slot = slot
    }
}

/// Finds the subscriptions that want a record, by the hashes that the record carries.
package struct Matcher {
    private var buckets: [UInt64: [(subscriber: Subscriber, predicate: Predicate)]] = [:]

    /// Creates a matcher without subscriptions.
    package init() {}

    /// Whether nothing is subscribed to.
    package var isEmpty: Bool { self.buckets.isEmpty }

    /// Adds a subscription, which is not in the matcher yet.
    package mutating func add(_ subscriber: Subscriber, _ predicate: Predicate) {
        for hash in predicate.driver {
            self.buckets[hash, default: []].append((subscriber, predicate))
        }
    }

    /// Removes a subscription that was added with this predicate.
    package mutating func remove(_ subscriber: Subscriber, _ predicate: Predicate) {
        for hash in predicate.driver {
            self.buckets[hash]?.removeAll { $0.subscriber == subscriber }
            if self.buckets[hash]?.isEmpty == true { self.buckets[hash] = nil }
        }
    }

    /// Calls `body` once for each subscription that `record` concerns, in the order of the record's groups: with
    /// the group by which it was found first.
    package mutating func match(
        _ record: borrowing RecordView,
        _ body: (_ subscriber: Subscriber, _ change: SetChange, _ entry: GroupEntry) -> Void
    ) {
        var seen: Set<Subscriber> = []
        for index in 0..<record.groupCount {
            for (subscriber, predicate) in self.buckets[record.groupHash(index)] ?? [] {
                guard !seen.contains(subscriber), let change = predicate.change(by: record) else {
                    continue
                }
                seen.insert(subscriber)
                body(subscriber, change, record.group(index))
            }
        }
    }
}
