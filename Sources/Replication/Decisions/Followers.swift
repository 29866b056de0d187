import LogModel
import Matching

/// Subscriptions that follow: each is in the loop's matcher as a subscriber of its own kind, so a record that may concern
/// it is found like any other, and wakes it.
struct Followers {
    /// The owner of subscribers that follow.
    static let owner = GrantWatches.owner - 1

    private struct Follower {
        let place: SubscriptionPlace
        let predicate: Predicate
        /// Whether it is in `found` already.
        var isFound = false
    }

    private var followers: [Follower?] = []
    private var vacant: [Int] = []
    private var numbers: [SubscriptionPlace: Int] = [:]
    private var found: [Int] = []

    /// All that follow.
    var all: [SubscriptionPlace] { Array(self.numbers.keys) }

    /// Adds one. Returns the subscriber that is to be added to the matcher.
    mutating func add(_ place: SubscriptionPlace, _ predicate: Predicate) -> Subscriber {
        let follower = Follower(place: place, predicate: predicate)
        let number = self.vacant.popLast() ?? self.followers.count
        if number < self.followers.count {
            self.followers[number] = follower
        } else {
            self.followers.append(follower)
        }
        self.numbers[place] = number
        return Subscriber(owner: Self.owner, slot: UInt32(number))
    }

    /// Removes one, if it is there. Returns the subscriber that is to be removed from the matcher.
    mutating func remove(_ place: SubscriptionPlace) -> (Subscriber, Predicate)? {
        guard let number = self.numbers.removeValue(forKey: place),
            let follower = self.followers[number]
        else { return nil }
        self.followers[number] = nil
        self.vacant.append(number)
        if follower.isFound { self.found.removeAll { $0 == number } }
        return (Subscriber(owner: Self.owner, slot: UInt32(number)), follower.predicate)
    }

    /// Notes that there is a record for `subscriber`.
    mutating func noteRecord(_ subscriber: Subscriber) {
        let number = Int(subscriber.slot)
        guard self.followers[number]?.isFound == false else { return }
        self.followers[number]?.isFound = true
        self.found.append(number)
    }

    /// Those for whom there was a record, from now on nobody.
    mutating func takeFound() -> [SubscriptionPlace] {
        defer { self.found.removeAll(keepingCapacity: true) }
        return self.found.compactMap { number in
            self.followers[number]?.isFound = false
            return self.followers[number]?.place
        }
    }
}
