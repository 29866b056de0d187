import LogFormat
import LogModel
import Matching

/// Records that find the subscriptions that want them.
struct Matching {
    /// How many subscriptions there are.
    private let subscriptionCount: Int
    /// How many of them want the same list. With 0 each wants one of its own, and records are in lists that nobody
    /// wants; else each record is in one that is wanted, drawn anew for it.
    private let fanout: Int
    private let propertyCount: Int
    private let passes: Int
    private let recordCount: Int
    private let filters: Filters
    private let sight: Sights

    /// What subscriptions ask for besides their list.
    private enum Filters: Int {
        /// Nothing: one group answers them.
        case groups
        /// Another condition, for which each record that is found is looked at.
        case residual
    }

    /// What its readers may see.
    private enum Sights: Int {
        /// Everything.
        case everything
        /// Some fields of every instance: a rule about the reader.
        case fields
        /// Some fields of instances that are theirs: a rule about each instance.
        case owner
    }

    init(_ command: Command) {
        self.subscriptionCount = command.number("subscriptions", 1)
        self.fanout = command.number("fanout", 1)
        self.propertyCount = command.number("properties", 2)
        self.passes = command.number("passes", 9)
        self.recordCount = command.number("records", 1 << 17)
        self.filters = Filters(rawValue: command.number("residual", 0)) ?? .groups
        self.sight = Sights(rawValue: command.number("sight", 0)) ?? .everything
    }

    /// Matches each record at once, and matches records that were prepared some records before.
    func match() -> Findings {
        var found = Findings()
        var matcher = Matcher()
        let before = Meter.ownMemory
        let began = Meter.thread
        for number in 0..<self.subscriptionCount {
            matcher.add(
                Subscriber(owner: UInt32(number), slot: 1),
                self.predicate(list: number / max(1, self.fanout)))
        }
        found.add("subscribe_ns", (Meter.thread - began) / Double(self.subscriptionCount))
        found.add(
            "bytes_per_subscription",
            (Meter.ownMemory - before) / Double(self.subscriptionCount))

        let records = self.records()
        var sum: UInt64 = 0
        var calls = 0
        var reading: [Double] = []
        var matching: [Double] = []
        var prepared: [Double] = []
        for _ in 0..<self.passes {
            reading.append(Meter.time(of: records.count) { sum &+= Self.read(records) })
            calls = 0
            matching.append(
                Meter.time(of: records.count) { calls += Self.match(records, &matcher) })
            prepared.append(
                Meter.time(of: records.count) { calls += Self.matchPrepared(records, &matcher) })
        }
        found.add("read_ns", reading.median + (sum == 1 ? 1 : 0))
        found.add("match_ns", matching.median)
        found.add("prepared_ns", prepared.median)
        found.add("calls_per_record", Double(calls) / Double(2 * records.count))
        return found
    }

    /// What it costs to come by the records' hashes, whoever does what with them.
    private static func read(_ records: Records) -> UInt64 {
        var sum: UInt64 = 0
        for index in 0..<records.count {
            let record = records[index]
            for group in 0..<record.groupCount { sum &+= record.groupHash(group) }
        }
        return sum
    }

    private static func match(_ records: Records, _ matcher: inout Matcher) -> Int {
        var calls = 0
        for index in 0..<records.count {
            matcher.match(records[index]) { subscriber, _, _ in calls += Int(subscriber.slot) }
        }
        return calls
    }

    private static func matchPrepared(_ records: Records, _ matcher: inout Matcher) -> Int {
        var calls = 0
        let ahead = Matcher.recordsAhead
        for index in 0..<min(ahead, records.count) { matcher.prepare(records[index]) }
        for index in 0..<records.count {
            if index + ahead < records.count { matcher.prepare(records[index + ahead]) }
            matcher.match(records[index]) { subscriber, _, _ in calls += Int(subscriber.slot) }
        }
        return calls
    }

    /// Adds and removes subscriptions, whose predicates are there already.
    func churn() -> Findings {
        let predicates = (0..<self.subscriptionCount).map {
            self.predicate(list: $0 / max(1, self.fanout))
        }
        var found = Findings()
        var matcher = Matcher()
        for name in ["add", "remove"] {
            var slowest = 0.0
            let began = Meter.thread
            var before = began
            for (number, predicate) in predicates.enumerated() {
                let subscriber = Subscriber(owner: UInt32(number), slot: 1)
                if name == "add" {
                    matcher.add(subscriber, predicate)
                } else {
                    matcher.remove(subscriber, predicate)
                }
                // Looked at now and then, so that the clock costs nothing.
                if number % 64 == 63 {
                    let now = Meter.thread
                    slowest = max(slowest, now - before)
                    before = now
                }
            }
            found.add("\(name)_ns", (Meter.thread - began) / Double(predicates.count))
            found.add("slowest_\(name)_ms", slowest / 1e6)
        }
        return found
    }

    /// The same, by asking every subscription's filter about every record.
    func bruteForce() -> Findings {
        let predicates = (0..<self.subscriptionCount).map {
            self.predicate(list: $0 / max(1, self.fanout))
        }
        let records = self.records()
        var calls = 0
        let times = (0..<self.passes).map { _ in
            calls = 0
            return Meter.time(of: records.count) {
                // Borrowed, so that no reference is counted.
                let predicates = predicates.span
                for index in 0..<records.count {
                    for number in predicates.indices
                    where predicates[number].change(by: records[index]) != nil {
                        calls += 1
                    }
                }
            }
        }
        var found = Findings()
        found.add("match_ns", times.median)
        found.add("calls_per_record", Double(calls) / Double(records.count))
        return found
    }

    private func records() -> Records {
        let lists = max(1, self.subscriptionCount / max(1, self.fanout))
        var random = Random(seed: 5)
        return Records(
            lists: (0..<self.recordCount).map { _ in
                random.below(lists) + (self.fanout == 0 ? self.subscriptionCount : 0)
            },
            propertyCount: self.propertyCount)
    }

    private func predicate(list: Int) -> Predicate {
        var conditions = [
            Condition(
                property: "list_id",
                test: .isIn([Scalar(kind: .number, text: Text(String(list)))]))
        ]
        if self.filters == .residual {
            conditions.append(Condition(property: "field_1", test: .hasPrefix("user-")))
        }
        return Predicate(
            Filter(model: Records.model, conditions: conditions, sight: self.seen()),
            hasher: Records.hasher)
    }

    private func seen() -> Sight {
        let view = View(name: "short", fields: ["id", "list_id"])
        switch self.sight {
        case .everything: return .everything
        case .fields: return Sight([Sight.Clause(view: view, alternatives: [[]])])
        case .owner:
            // All are theirs, as far as that goes.
            let own = Condition(property: "field_1", test: .hasPrefix("user-"))
            return Sight([Sight.Clause(view: view, alternatives: [[own]])])
        }
    }
}
