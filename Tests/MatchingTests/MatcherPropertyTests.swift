import LogFormat
import LogModel
import Matching
import TestSupport
import Testing

/// The matcher against one that compares every subscription with every group.
struct MatcherPropertyTests {
    /// How the hashes of a run come about.
    enum Hashing: CaseIterable {
        /// As in a log.
        case keyed
        /// A few hashes for all groups: different groups share one.
        case colliding
        /// All hashes in one bucket, however many there are.
        case crowded

        func hash(_ group: GroupKey) -> UInt64 {
            let hash = SampleRecord.hasher.groupHash(group)
            return switch self {
            case .keyed: hash
            case .colliding: hash % 3 + 1
            case .crowded: hash << 32
            }
        }
    }

    @Test(arguments: Hashing.allCases, 0..<20)
    func randomAddsRemovesAndMatchesAgreeWithBruteForce(hashing: Hashing, seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var matcher = Matcher()
        var subscriptions: [Subscriber: GroupKey] = [:]
        let groups = Self.groups
        for step in 0..<600 {
            // Grows at first, shrinks in the end, until nothing is left.
            let adds = step < 300 ? 5 : 2
            if random.chance(adds, in: 10) {
                let subscriber = Subscriber(
                    session: UInt32(random.below(40)), slot: UInt32(random.below(4)))
                guard subscriptions[subscriber] == nil else { continue }
                let key = random.pick(groups)
                subscriptions[subscriber] = key
                matcher.add(subscriber, to: key, hash: hashing.hash(key))
            } else if let (subscriber, key) = subscriptions.randomElement(using: &random),
                random.chance(1, in: 2)
            {
                subscriptions[subscriber] = nil
                matcher.remove(subscriber, from: key, hash: hashing.hash(key))
            } else {
                let record = Self.record(&random, hashing)
                let found = matcher.subscribers(of: record.sample.view)
                let expected = Self.bruteForce(record.keys, subscriptions)
                #expect(Self.merged(found) == expected, "seed \(seed), step \(step)")
                #expect(
                    found.map(\.place) == found.map(\.place).sorted(), "seed \(seed), step \(step)")
            }
            #expect(matcher.isEmpty == subscriptions.isEmpty)
        }
        for (subscriber, key) in subscriptions {
            matcher.remove(subscriber, from: key, hash: hashing.hash(key))
        }
        #expect(matcher.isEmpty)
    }

    private static let models: [Text] = ["m", "n"]
    private static let values: [Scalar] = [
        .number(1), .string("1"), .null, .string(""), .boolean(true), .string("true"), .number(2),
    ]

    private static let groups: [GroupKey] = models.flatMap { model in
        [GroupKey(model: model)]
            + ["p", "q", "r"].flatMap { (property: Text) in
                values.map { GroupKey(model: model, property: property, value: $0) }
            }
    }

    private static func record(
        _ random: inout SeededGenerator, _ hashing: Hashing
    ) -> (sample: SampleRecord, keys: [GroupKey]) {
        let model = random.pick(self.models)
        var groups: [SampleRecord.Group] = [.init()]
        for property in ["p", "q", "s"] as [Text] where random.chance(2, in: 3) {
            groups.append(.init(property, random.pick(self.values)))
        }
        groups.shuffle(using: &random)
        let sample = SampleRecord(model: model, groups: groups) { hashing.hash($0) }
        return (
            sample, groups.map { GroupKey(model: model, property: $0.property, value: $0.value) }
        )
    }

    private static func bruteForce(
        _ keys: [GroupKey], _ subscriptions: [Subscriber: GroupKey]
    ) -> [Int: [Subscriber: Int]] {
        var found: [Int: [Subscriber: Int]] = [:]
        for (place, key) in keys.enumerated() {
            for (subscriber, wanted) in subscriptions
            where wanted.model == key.model && wanted.property == key.property
                && wanted.value.isSameGroupValue(as: key.value)
            {
                found[place, default: [:]][subscriber, default: 0] += 1
            }
        }
        return found
    }

    private static func merged(_ findings: [Finding]) -> [Int: [Subscriber: Int]] {
        var merged: [Int: [Subscriber: Int]] = [:]
        for finding in findings {
            for subscriber in finding.subscribers {
                merged[finding.place, default: [:]][subscriber, default: 0] += 1
            }
        }
        return merged
    }
}
