import Access
import LogModel
import Matching

/// What the log grants to those who have sessions on an event loop, and who that is.
///
/// All sessions of one subject share a watch, which is in the loop's matcher as a subscriber of its own kind: so a record
/// that changes what somebody is granted is found like any other, and nobody else's records cost anything.
struct GrantWatches {
    /// The owner of subscribers that are watches.
    static let owner = UInt32.max
    /// Rules by which a policy grants, at most.
    private static let rulesMax = 16

    private struct Watch {
        let subject: String
        let predicates: [Predicate]
        var granted: [String: [Scalar]]
        var sessions: Set<Int>
        /// Whether it is in `changed` already.
        var isChanged = false
    }

    private var watches: [Watch?] = []
    private var vacant: [Int] = []
    private var numbers: [String: Int] = [:]
    private var numberOfSession: [Int: Int] = [:]
    private var changed: [Int] = []

    /// Whether a record was found that changes what somebody is granted.
    var hasChanged: Bool { !self.changed.isEmpty }

    /// Notes that a record was found for `subscriber`.
    mutating func noteChange(_ subscriber: Subscriber) {
        let number = Int(subscriber.slot) / Self.rulesMax
        guard self.watches[number]?.isChanged == false else { return }
        self.watches[number]?.isChanged = true
        self.changed.append(number)
    }

    /// The watches of which something has changed, from now on none.
    mutating func takeChanged() -> [Int] {
        for number in self.changed { self.watches[number]?.isChanged = false }
        defer { self.changed.removeAll(keepingCapacity: true) }
        return self.changed
    }

    /// All watches.
    var all: [Int] { self.watches.indices.filter { self.watches[$0] != nil } }

    /// The sessions of a watch, in order.
    func sessions(of number: Int) -> [Int] { self.watches[number]?.sessions.sorted() ?? [] }

    /// Notes what is granted by now. Returns whether that is something else.
    mutating func note(_ granted: [String: [Scalar]], of number: Int) -> Bool {
        guard self.watches[number]?.granted != granted else { return false }
        self.watches[number]?.granted = granted
        return true
    }

    /// What the sessions of `subject` are granted already, for one more; nil if it has none.
    mutating func join(_ session: Int, _ subject: String) -> [String: [Scalar]]? {
        guard let number = self.numbers[subject] else { return nil }
        self.watches[number]?.sessions.insert(session)
        self.numberOfSession[session] = number
        return self.watches[number]?.granted
    }

    /// Watches for the first session of `subject`. Returns the subscribers that are to be added to the matcher.
    mutating func add(
        _ session: Int, _ subject: String, _ granted: [String: [Scalar]], _ predicates: [Predicate]
    ) -> [(Subscriber, Predicate)] {
        precondition(predicates.count <= Self.rulesMax, "the settings allow fewer rules")
        let watch = Watch(
            subject: subject, predicates: predicates, granted: granted, sessions: [session])
        let number = self.vacant.popLast() ?? self.watches.count
        if number < self.watches.count {
            self.watches[number] = watch
        } else {
            self.watches.append(watch)
        }
        self.numbers[subject] = number
        self.numberOfSession[session] = number
        return Self.subscribers(number, predicates)
    }

    /// Ends the watch of a session, if it has one. Returns the subscribers that are to be removed from the matcher.
    mutating func leave(_ session: Int) -> [(Subscriber, Predicate)] {
        guard let number = self.numberOfSession.removeValue(forKey: session) else { return [] }
        self.watches[number]?.sessions.remove(session)
        guard let watch = self.watches[number], watch.sessions.isEmpty else { return [] }
        self.watches[number] = nil
        self.vacant.append(number)
        self.numbers[watch.subject] = nil
        self.changed.removeAll { $0 == number }
        return Self.subscribers(number, watch.predicates)
    }

    private static func subscribers(
        _ number: Int, _ predicates: [Predicate]
    ) -> [(Subscriber, Predicate)] {
        predicates.enumerated().map { rule, predicate in
            (
                Subscriber(
                    owner: Self.owner, slot: UInt32(number * Self.rulesMax + rule)), predicate
            )
        }
    }
}
