import Benchmark
import LogFormat
import LogModel
import LogStorage

/// What happens to changes until they are written, and when their segment is sealed.
func addBenchmarksOfAppending() {
    Benchmark("encode a record") { benchmark, sample in
        var bytes: [UInt8] = []
        bytes.reserveCapacity(sample.records.count)
        benchmark.startMeasurement()
        for index in 0..<Sample.count {
            Sample.encode(index, of: sample.changes, sample.groups[index], to: &bytes)
        }
        benchmark.stopMeasurement()
        blackHole(bytes.count)
    } setup: {
        Sample()
    }

    addAppending("append a record, 1,000 a batch, written", batchCount: Sample.count)
    addAppending("append a record, 1 a batch, written", batchCount: 1)

    // A posting for each record, its key and 4 groups: 5 notes and one place a record, sorted and written.
    Benchmark("index a record") { benchmark, sample in
        benchmark.startMeasurement()
        var builder = IndexBuilder(recordCount: Sample.count)
        for index in 0..<Sample.count {
            builder.add(place: UInt32(sample.positions[index] / 8))
            for group in sample.groups[index] { builder.note(group.hash, .group) }
            builder.note(UInt64(index) &* 0x9E37_79B9_7F4A_7C15 | 1, .key)
        }
        let bytes = builder.finish(
            identity: LogIdentity(low: 1, high: 1), epoch: Epoch(1), base: .zero, binding: .none)
        benchmark.stopMeasurement()
        blackHole(bytes.count)
    } setup: {
        Sample()
    }
}

/// Appends to one log in all iterations, always new keys, a thousand a write; upkeep is not timed.
private func addAppending(_ name: String, batchCount: Int) {
    let directory = SampleLog.newDirectory()
    var configuration = Benchmark.defaultConfiguration
    // So that the log stays below 256 MB.
    configuration.maxIterations = min(configuration.maxIterations, 500)
    Benchmark(name, configuration: configuration) { benchmark, log in
        var changes = Sample.changes(
            firstKey: benchmark.currentIteration * Sample.count, batchCount: batchCount)
        benchmark.startMeasurement()
        for start in stride(from: 0, to: Sample.count, by: batchCount) {
            try log.append(start..<start + batchCount, of: &changes)
        }
        try log.show()
        benchmark.stopMeasurement()
        try log.maintain()
    } setup: {
        try SampleLog(in: directory)
    } teardown: {
        try SampleLog.remove(directory)
    }
}
