package import LogFormat
package import LogModel
package import Matching

/// Finds who wants a record. The server's ``Matcher``, or one that a test has made faults in.
package protocol SubscriptionFinder {
    /// Adds a subscription, which was not added before.
    mutating func add(_ subscriber: Subscriber, _ predicate: Predicate)
    /// Removes a subscription that was added with this predicate.
    mutating func remove(_ subscriber: Subscriber, _ predicate: Predicate)
    /// Calls `body` once for each subscription that `record` concerns.
    mutating func match(
        _ record: borrowing RecordView,
        _ body: (_ subscriber: Subscriber, _ change: SetChange, _ entry: GroupEntry) -> Void)
}

extension Matcher: SubscriptionFinder {}
