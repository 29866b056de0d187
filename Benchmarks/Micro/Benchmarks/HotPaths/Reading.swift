import Benchmark
import CLZ4
import LogFormat
import LogModel
import LogStorage
import StorageWorkload

/// How records are found and read again.
func addBenchmarksOfReading() {
    addReading("scan a record with checks", listCount: 50) { log, number in
        var count = 0
        guard let extent = try log.extent(at: Offset(UInt64(number * Sample.count))) else {
            return 0
        }
        var sum: UInt32 = 0
        try extent.forEachRecord(from: Offset(UInt64(number * Sample.count))) { record in
            count += 1
            sum &+= record.checksum
        }
        blackHole(sum)
        return count
    }

    addReading("read a record of a group, and find it", listCount: batchCount) { log, number in
        var count = 0
        var reader = GroupReader(log, .any([hash(ofList: number, log)]), from: .zero)
        while let offset = try reader.next() {
            blackHole(try log.withRecord(at: offset) { $0.checksum })
            count += 1
        }
        return count
    }

    addReading("find a record of a group", listCount: batchCount) { log, number in
        var count = 0
        var reader = GroupReader(log, .any([hash(ofList: number, log)]), from: .zero)
        while let offset = try reader.next() {
            blackHole(offset)
            count += 1
        }
        return count
    }

    Benchmark("decompress a record of a cold block") { benchmark, blocks in
        var target = [UInt8](repeating: 0, count: 2 * ColdWriter.blockByteCount)
        benchmark.startMeasurement()
        let count = blocks.decompress(into: &target)
        benchmark.stopMeasurement()
        precondition(count == blocks.byteCount)
    } setup: {
        ColdBlocks(Sample())
    }
}

/// Batches of a log that is read, of a thousand records each; together more than a cache holds.
private let batchCount = 128

/// A step that is given the log and a number below ``batchCount``, another one each time, and reads a thousand records.
///
/// An extent is a thousand records; and with as many lists as there are batches each list has a thousand.
private func addReading(
    _ name: String, listCount: Int, _ read: @escaping (ChangeLog, Int) throws -> Int
) {
    let directory = SampleLog.newDirectory()
    Benchmark(name) { benchmark, log in
        let number = benchmark.currentIteration % (batchCount - 1)
        benchmark.startMeasurement()
        let count = try read(log.writer.log, number)
        benchmark.stopMeasurement()
        precondition(count == Sample.count, "\(count) records were read")
    } setup: {
        try SampleLog(in: directory, batchCount: batchCount, listCount: listCount)
    } teardown: {
        try SampleLog.remove(directory)
    }
}

private func hash(ofList list: Int, _ log: ChangeLog) -> UInt64 {
    log.hasher.groupHash(Workload.group(list: list))
}

/// A thousand records in the blocks of a cold segment.
private struct ColdBlocks {
    /// Bytes of all records.
    let byteCount: Int
    private var blocks: [[UInt8]] = []

    init(_ sample: Sample) {
        self.byteCount = sample.records.count
        var start = 0
        let ends = sample.positions.dropFirst() + [sample.records.count]
        for end in ends where end - start >= ColdWriter.blockByteCount || end == self.byteCount {
            self.blocks.append(Self.compress(Array(sample.records[start..<end])))
            start = end
        }
    }

    private static func compress(_ source: [UInt8]) -> [UInt8] {
        var packed = [UInt8](repeating: 0, count: 2 * source.count)
        // Raw memory: the library reads and writes within the bounds that it is given.
        let count = source.withUnsafeBytes { from in
            packed.withUnsafeMutableBytes { to in
                LZ4_compress_HC(
                    from.baseAddress, to.baseAddress, CInt(from.count), CInt(to.count), 3)
            }
        }
        return Array(packed.prefix(Int(count)))
    }

    /// Returns the bytes of all records, each block of which was in `target`.
    func decompress(into target: inout [UInt8]) -> Int {
        var sum = 0
        for block in self.blocks {
            // Raw memory: as above.
            sum += block.withUnsafeBytes { from in
                target.withUnsafeMutableBytes { to in
                    Int(
                        LZ4_decompress_safe(
                            from.baseAddress, to.baseAddress, CInt(from.count), CInt(to.count)))
                }
            }
        }
        return sum
    }
}
