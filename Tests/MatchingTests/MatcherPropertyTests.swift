import LogFormat
import LogModel
import Matching
import TestSupport
import Testing

/// The matcher, and predicates by themselves, against plain values that are judged one by one.
struct MatcherPropertyTests {
    @Test(arguments: Hashing.allCases, 0..<20)
    func predicatesJudgeRandomRecordsAsPlainValuesAreJudged(hashing: Hashing, seed: Int) {
        var random = RandomFilters(random: SeededGenerator(seed: UInt64(seed)))
        let filters = (0..<200).map { _ in random.filter() }
        let predicates = filters.map { Predicate($0) { hashing.hash($0) } }
        var concerned = 0
        var mistakes: [String] = []
        for _ in 0..<100 {
            let record = random.record()
            let encoded = record.encoded { hashing.hash($0) }
            for (filter, predicate) in zip(filters, predicates) {
                let expected = record.change(of: filter)
                let change = predicate.change(by: encoded.view)
                if expected != nil { concerned += 1 }
                if change != expected { mistakes.append("\(filter) \(record)") }
            }
        }
        #expect(mistakes.isEmpty)
        #expect(concerned > 500)
    }

    @Test(arguments: Hashing.allCases, 0..<100)
    func randomAddsRemovesAndMatchesAgreeWithBruteForce(hashing: Hashing, seed: Int) {
        var random = RandomFilters(random: SeededGenerator(seed: UInt64(seed) + 1000))
        var crowd = Crowd(hashing, isShared: seed.isMultiple(of: 2), &random)
        for step in 0..<400 {
            // Grows at first, shrinks in the end, until nothing is left.
            crowd.change(isGrowing: step < 250, &random)
            let place: Comment = "seed \(seed), step \(step)"
            self.compare(&crowd.matcher, crowd.wanted, random.record(), hashing, place)
            #expect(crowd.matcher.isEmpty == crowd.wanted.isEmpty)
        }
        for (subscriber, old) in crowd.wanted { crowd.matcher.remove(subscriber, old.predicate) }
        #expect(crowd.matcher.isEmpty)
    }

    /// What is fetched for a record before its turn is only a hint: subscriptions change in between, and the table is
    /// built again.
    @Test(arguments: [Hashing.keyed, .crowded], 0..<8)
    func recordsPreparedAheadAreMatchedByWhatIsWantedThen(hashing: Hashing, seed: Int) {
        var random = RandomFilters(random: SeededGenerator(seed: UInt64(seed) + 2000))
        var crowd = Crowd(hashing, isShared: seed.isMultiple(of: 2), &random)
        // Groups that no record carries make the table so large that looking ahead is worth it.
        var others: [(Subscriber, Predicate)] = []
        func addOthers(_ count: Int) {
            for _ in 0..<count {
                let number = others.count
                let group = GroupKey(model: "m", property: "p", value: .number(1000 + number))
                let other = Predicate(Filter(group: group)) { SampleRecord.hasher.groupHash($0) }
                let subscriber = Subscriber(owner: 1000, slot: UInt32(number))
                crowd.matcher.add(subscriber, other)
                others.append((subscriber, other))
            }
        }
        addOthers(random.random.pick([2500, 5000]))
        var ahead: [PlainRecord] = []
        for step in 0..<300 {
            crowd.change(isGrowing: step < 200, &random)
            if step % 60 == 30 { addOthers(1500) }
            if step % 100 == 90 {
                for (subscriber, other) in others.suffix(2000) {
                    crowd.matcher.remove(subscriber, other)
                }
                others.removeLast(2000)
            }
            // A few more than are looked ahead for, and some that nobody prepared.
            while ahead.count < Matcher.recordsAhead + 2 {
                ahead.append(random.record())
                if random.random.chance(4, in: 5) {
                    let encoded = ahead[ahead.count - 1].encoded { hashing.hash($0) }
                    crowd.matcher.prepare(encoded.view)
                }
            }
            let record = ahead.removeFirst()
            let place: Comment = "seed \(seed), step \(step)"
            self.compare(&crowd.matcher, crowd.wanted, record, hashing, place)
        }
    }

    private func compare(
        _ matcher: inout Matcher, _ wanted: [Subscriber: Wanted], _ record: PlainRecord,
        _ hashing: Hashing, _ place: Comment
    ) {
        let calls = matcher.calls(for: record, hashing)
        var expected: [Subscriber: Call] = [:]
        for (subscriber, want) in wanted {
            guard let change = record.change(of: want.filter),
                let group = record.place(of: want.filter, driver: want.driver)
            else { continue }
            expected[subscriber] = Call(subscriber: subscriber, change: change, group: group)
        }
        let found = Dictionary(calls.map { ($0.subscriber, $0) }) { first, _ in first }
        #expect(calls.count == found.count, place)
        #expect(found == expected, place)
        #expect(calls.map(\.group) == calls.map(\.group).sorted(), place)
    }
}

/// A matcher whose subscriptions change at random, and what they want.
private struct Crowd {
    var matcher = Matcher()
    private(set) var wanted: [Subscriber: Wanted] = [:]
    private let hashing: Hashing
    /// A few filters that many share, so that runs grow and shrink; or none, and a new one for each.
    private let shared: [Filter]

    init(_ hashing: Hashing, isShared: Bool, _ random: inout RandomFilters) {
        self.hashing = hashing
        self.shared = isShared ? (0..<6).map { _ in random.filter() } : []
    }

    /// Adds and removes a few.
    mutating func change(isGrowing: Bool, _ random: inout RandomFilters) {
        for _ in 0..<random.random.below(8) {
            if random.random.chance(isGrowing ? 7 : 2, in: 10) {
                let subscriber = Subscriber(
                    owner: UInt32(random.random.below(100)), slot: UInt32(random.random.below(8)))
                guard self.wanted[subscriber] == nil else { continue }
                let filter = self.shared.isEmpty ? random.filter() : random.random.pick(self.shared)
                let new = Wanted(
                    filter, hashing: self.hashing, rarest: random.random.below(1 << 20))
                self.wanted[subscriber] = new
                self.matcher.add(subscriber, new.predicate)
            } else if let subscriber = self.wanted.keys.randomElement(using: &random.random),
                let old = self.wanted.removeValue(forKey: subscriber)
            {
                self.matcher.remove(subscriber, old.predicate)
            }
        }
    }
}

/// What a subscriber wants, and the list by which it is to be found.
private struct Wanted {
    let filter: Filter
    let predicate: Predicate
    let driver: Condition?

    /// - Parameter rarest: decides by which list records are found, where there is a choice.
    init(_ filter: Filter, hashing: Hashing, rarest: Int) {
        func rarity(_ hash: UInt64) -> Int { Int(hash &* UInt64(rarest) >> 50) }
        self.filter = filter
        self.predicate = Predicate(filter, rarity: rarity) { hashing.hash($0) }
        var best: (condition: Condition, count: Int, hashes: Int)?
        let isList = { (condition: Condition) in
            if case .isIn = condition.test { true } else { false }
        }
        let asked = filter.conditions.filter(isList)
        for condition in asked.isEmpty ? filter.conjunction : asked {
            guard case .isIn(let values) = condition.test else { continue }
            let hashes = Set(
                values.map {
                    hashing.hash(
                        GroupKey(model: filter.model, property: condition.property, value: $0))
                })
            let count = hashes.map(rarity).reduce(0, +)
            if let best, (best.count, best.hashes) <= (count, hashes.count) { continue }
            best = (condition, count, hashes.count)
        }
        self.driver = best?.condition
    }
}
