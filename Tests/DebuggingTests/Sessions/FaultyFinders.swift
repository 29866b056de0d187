import Debugging
import LogFormat
import LogModel
import LogStorage
import Matching

/// A matcher that drops one in so many of its matches.
struct DroppingFinder: SubscriptionFinder {
    let every: Int
    private(set) var count = 0
    private var matcher = Matcher()

    init(every: Int) { self.every = every }

    mutating func add(_ subscriber: Subscriber, _ predicate: Predicate) {
        self.matcher.add(subscriber, predicate)
    }

    mutating func remove(_ subscriber: Subscriber, _ predicate: Predicate) {
        self.matcher.remove(subscriber, predicate)
    }

    mutating func match(
        _ record: borrowing RecordView,
        _ body: (_ subscriber: Subscriber, _ change: SetChange, _ entry: GroupEntry) -> Void
    ) {
        var count = self.count
        self.matcher.match(record) { subscriber, change, entry in
            count += 1
            if count % self.every != 0 { body(subscriber, change, entry) }
        }
        self.count = count
    }
}

/// A matcher that finds records by one condition and forgets the others.
struct ForgetfulFinder: SubscriptionFinder {
    private let log: ChangeLog
    private var matcher = Matcher()

    init(_ log: ChangeLog) { self.log = log }

    private func forgetful(_ predicate: Predicate) -> Predicate {
        let filter = predicate.filter
        let driver = filter.conditions.first { if case .isIn = $0.test { true } else { false } }
        guard let driver else { return predicate }
        return Predicate(
            Filter(model: filter.model, conditions: [driver], sight: filter.sight),
            hasher: self.log.hasher)
    }

    mutating func add(_ subscriber: Subscriber, _ predicate: Predicate) {
        self.matcher.add(subscriber, self.forgetful(predicate))
    }

    mutating func remove(_ subscriber: Subscriber, _ predicate: Predicate) {
        self.matcher.remove(subscriber, self.forgetful(predicate))
    }

    mutating func match(
        _ record: borrowing RecordView,
        _ body: (_ subscriber: Subscriber, _ change: SetChange, _ entry: GroupEntry) -> Void
    ) {
        self.matcher.match(record, body)
    }
}
