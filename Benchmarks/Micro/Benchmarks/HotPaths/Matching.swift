import Benchmark
import LogFormat
import LogModel
import Matching
import StorageWorkload

/// How the subscriptions that want a record are found; each record is announced before, as a server does.
func addBenchmarksOfMatching() {
    for (name, count) in [("one subscription", 1), ("100,000 subscriptions", 100_000)] {
        Benchmark("match a record among \(name)") { benchmark, crowd in
            let sample = crowd.nextSample()
            benchmark.startMeasurement()
            let found = crowd.match(sample)
            benchmark.stopMeasurement()
            precondition(found == Sample.count)
        } setup: {
            Crowd(count: count)
        }
    }
}

/// Subscriptions of a list each, and records of lists that they want.
private final class Crowd {
    private var matcher = Matcher()
    /// So many that neither they nor the groups that they find stay in a cache.
    private let samples: [Sample]
    private var turn = 0

    init(count: Int) {
        for number in 0..<count {
            let filter = Filter(group: Workload.group(list: number))
            self.matcher.add(
                Subscriber(owner: UInt32(number), slot: 1),
                Predicate(filter, hasher: Sample.hasher))
        }
        var random = Workload.Random(seed: 5)
        self.samples = (0..<128).map { number in
            Sample(firstKey: number * Sample.count, list: { _ in random.below(count) })
        }
    }

    func nextSample() -> Sample {
        self.turn += 1
        return self.samples[self.turn % self.samples.count]
    }

    /// Returns how many subscriptions were found.
    func match(_ sample: borrowing Sample) -> Int {
        let records = sample.records.span.bytes
        let ahead = Matcher.recordsAhead
        var found = 0
        for index in 0..<Sample.count {
            if index + ahead < Sample.count {
                self.matcher.prepare(
                    RecordView(trusting: records, at: sample.positions[index + ahead]))
            }
            let record = RecordView(trusting: records, at: sample.positions[index])
            self.matcher.match(record) { _, _, _ in found += 1 }
        }
        return found
    }
}
