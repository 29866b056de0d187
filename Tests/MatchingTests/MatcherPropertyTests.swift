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
        var matcher = Matcher()
        var wanted: [Subscriber: Wanted] = [:]
        // A few filters that many share, so that runs grow and shrink, or a new one for each.
        let shared = seed.isMultiple(of: 2) ? (0..<6).map { _ in random.filter() } : []
        for step in 0..<400 {
            // Grows at first, shrinks in the end, until nothing is left.
            let isGrowing = step < 250
            for _ in 0..<random.random.below(8) {
                if random.random.chance(isGrowing ? 7 : 2, in: 10) {
                    let subscriber = Subscriber(
                        owner: UInt32(random.random.below(100)),
                        slot: UInt32(random.random.below(8)))
                    guard wanted[subscriber] == nil else { continue }
                    let filter = shared.isEmpty ? random.filter() : random.random.pick(shared)
                    let new = Wanted(
                        filter, hashing: hashing, rarest: random.random.below(1 << 20))
                    wanted[subscriber] = new
                    matcher.add(subscriber, new.predicate)
                } else if let subscriber = wanted.keys.randomElement(using: &random.random),
                    let old = wanted.removeValue(forKey: subscriber)
                {
                    matcher.remove(subscriber, old.predicate)
                }
            }
            let record = random.record()
            self.compare(&matcher, wanted, record, hashing, "seed \(seed), step \(step)")
            #expect(matcher.isEmpty == wanted.isEmpty)
        }
        for (subscriber, old) in wanted { matcher.remove(subscriber, old.predicate) }
        #expect(matcher.isEmpty)
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
        for condition in filter.conditions {
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
