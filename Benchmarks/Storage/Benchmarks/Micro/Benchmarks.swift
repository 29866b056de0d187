import Benchmark
import CLZ4
import Foundation
import LogFormat
import LogModel
import LogStorage
import StorageWorkload

// Each benchmark does its work a thousand times an iteration: with `--scale` what is printed is for one.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput], scalingFactor: .kilo, maxDuration: .seconds(3))

    Benchmark("encode a record") { benchmark in
        let sample = Sample()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(sample.records.count)
        benchmark.startMeasurement()
        for index in 0..<Sample.count {
            Sample.encode(index, of: sample.changes, sample.groups[index], to: &bytes)
        }
        blackHole(bytes.count)
    }

    Benchmark("hash the groups of a change") { benchmark in
        let sample = Sample()
        benchmark.startMeasurement()
        for change in sample.changes.list {
            blackHole(Sample.groups(of: change, in: sample.changes))
        }
    }

    Benchmark("check a record") { benchmark in
        let sample = Sample()
        benchmark.startMeasurement()
        var sum: UInt64 = 0
        for position in sample.positions {
            let record = try RecordView(
                checking: sample.records.span.bytes, at: position, seed: Sample.seed)
            sum &+= record.offset.rawValue
        }
        blackHole(sum)
    }

    Benchmark("append a batch of one, written, not synced") { benchmark in
        let directory = NSTemporaryDirectory() + "livelog-micro-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let writer = try Recovery.open(
            LogDirectory(directory), options: LogOptions(acknowledgement: .written)
        ).writer
        var changes = Workload().changes(
            (0..<Sample.count).map {
                Workload.Task(.created, key: $0, list: $0 % 100, owner: $0 % 503)
            }, batchCount: 1)
        benchmark.startMeasurement()
        for index in 0..<Sample.count {
            _ = try writer.append(index..<index + 1, of: &changes, producer: nil, time: 1)
        }
        try writer.write()
        writer.publish()
        benchmark.stopMeasurement()
    }

    // A posting for each record, its key and 4 groups: 5 notes and one place a record, sorted and written.
    Benchmark("index a posting") { benchmark in
        let sample = Sample()
        benchmark.startMeasurement()
        var builder = IndexBuilder(recordCount: 20_000)
        for index in 0..<200 {
            builder.add(place: UInt32(sample.positions[index] / 8))
            for group in sample.groups[index] { builder.note(group.hash, .group) }
            builder.note(UInt64(index) &* 0x9E37_79B9_7F4A_7C15 | 1, .key)
        }
        let bytes = builder.finish(
            identity: LogIdentity(low: 1, high: 1), epoch: Epoch(1), base: .zero, binding: .none)
        blackHole(bytes.count)
    }

    Benchmark("read a posting of a group and its record") { benchmark in
        try withLog { log in
            let group = Workload.group(list: 3)
            let hash = log.hasher.groupHash(group)
            benchmark.startMeasurement()
            var reader = GroupReader(log, .any([hash]), from: .zero)
            while let offset = try reader.next() {
                blackHole(try log.withRecord(at: offset) { record in record.checksum })
            }
            benchmark.stopMeasurement()
        }
    }

    Benchmark("read a posting of a group") { benchmark in
        try withLog { log in
            let hash = log.hasher.groupHash(Workload.group(list: 3))
            benchmark.startMeasurement()
            var reader = GroupReader(log, .any([hash]), from: .zero)
            while let offset = try reader.next() { blackHole(offset) }
            benchmark.stopMeasurement()
        }
    }

    Benchmark("decompress a block of a cold segment") { benchmark in
        let source = Array(Sample().records.prefix(blockByteCount))
        var packed = [UInt8](repeating: 0, count: 2 * blockByteCount)
        // Raw memory: the library reads and writes within the bounds that it is given.
        let count = source.withUnsafeBytes { from in
            packed.withUnsafeMutableBytes { to in
                LZ4_compress_default(
                    from.baseAddress, to.baseAddress, CInt(from.count), CInt(to.count))
            }
        }
        var target = [UInt8](repeating: 0, count: source.count)
        benchmark.startMeasurement()
        for _ in 0..<1000 {
            let result = packed.withUnsafeBytes { from in
                target.withUnsafeMutableBytes { to in
                    LZ4_decompress_safe(from.baseAddress, to.baseAddress, count, CInt(to.count))
                }
            }
            blackHole(result)
        }
    }
}

/// About as many bytes of records as one block of a cold segment has.
private let blockByteCount = 16 << 10

/// Lends a log in which a list has a thousand records, nearly all of them in sealed segments.
private func withLog(_ body: (ChangeLog) throws -> Void) throws {
    let directory = NSTemporaryDirectory() + "livelog-micro-\(UUID())"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let writer = try Recovery.open(
        LogDirectory(directory), options: LogOptions(segmentByteCount: 4 << 20)
    ).writer
    let workload = Workload()
    for start in stride(from: 0, to: 50_000, by: 5000) {
        var changes = workload.changes(
            (start..<start + 5000).map {
                Workload.Task(.created, key: $0, list: $0 % 50, owner: $0 % 503)
            }, batchCount: 5000)
        _ = try writer.append(0..<5000, of: &changes, producer: nil, time: 1)
        try writer.write()
        try writer.synchronize()
        writer.publish()
    }
    while try writer.maintenance.step(now: 1) != nil {}
    try withExtendedLifetime(writer) { try body(writer.log) }
}
