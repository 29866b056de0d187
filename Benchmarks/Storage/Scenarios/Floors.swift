import Glibc
import LogFormat
import LogModel
import LogStorage

/// What the machine can do at best, in the same run as the rest.
enum Floors {
    static func run(_ command: Command) throws(StorageError) -> Findings {
        var found = Findings()
        self.memory(&found)
        try self.disk(command, &found)
        return found
    }

    /// Bytes of a typical record, in a stretch that no cache near the processor holds.
    private static func memory(_ found: inout Findings) {
        let count = 500
        let total = 64 << 20
        let source = [UInt8](repeating: 7, count: total)
        var target = [UInt8](repeating: 0, count: total)
        let copies = total / count
        // Raw memory: the copy is what is measured; both arrays are as long as the stretch.
        source.withUnsafeBytes { from in
            target.withUnsafeMutableBytes { to in
                for name in ["", "memcpy_500_ns"] {
                    let began = Meter.thread
                    for index in 0..<copies {
                        let range = index * count..<(index + 1) * count
                        UnsafeMutableRawBufferPointer(rebasing: to[range])
                            .copyMemory(from: UnsafeRawBufferPointer(rebasing: from[range]))
                    }
                    if !name.isEmpty { found[name] = (Meter.thread - began) / Double(copies) }
                }
            }
        }
        var sum: UInt32 = 0
        var began = Meter.thread
        for index in 0..<copies {
            sum &+= Checksum.crc32c(source.span.bytes.slice(index * count, count))
        }
        found["crc32c_500_ns"] = (Meter.thread - began) / Double(copies)
        let hasher = GroupHasher(key: SipHash.Key(low: 1, high: UInt64(sum)))
        let key = Array("12345678".utf8)
        let model = Array("todolist.Task".utf8)
        var hash: UInt64 = 0
        began = Meter.thread
        for _ in 0..<1_000_000 {
            hash ^= hasher.keyHash(model: model.span.bytes, key: key.span.bytes)
        }
        found["siphash_key_ns"] = (Meter.thread - began) / 1e6 + (hash == 1 ? 1 : 0)
    }

    /// Writes of 64 KiB into reserved space, and syncs of them.
    private static func disk(_ command: Command, _ found: inout Findings) throws(StorageError) {
        let disk = SystemDisk()
        try disk.createDirectory(command.directory)
        let path = command.directory + "/floor"
        let file = try disk.open(path, .createOrOpen)
        let chunk = [UInt8](repeating: 7, count: 64 << 10)
        let count = command.number("writes", 1000)
        try file.reserve(count * chunk.count)
        var writing = 0.0
        var syncing = 0.0
        var syncs: [Double] = []
        for index in 0..<count {
            let began = Meter.thread
            try file.write(chunk.span.bytes, at: index * chunk.count)
            writing += Meter.thread - began
            let (thread, wall) = (Meter.thread, Meter.wall)
            try file.synchronize()
            syncing += Meter.thread - thread
            syncs.append(Meter.wall - wall)
        }
        syncs.sort()
        found["pwrite_64k_cpu_us"] = writing / Double(count) / 1000
        found["fdatasync_64k_cpu_us"] = syncing / Double(count) / 1000
        found["fdatasync_64k_median_us"] = syncs[count / 2] / 1000
        // What both cost for each record of 500 bytes.
        found["write_and_sync_ns_per_500_bytes"] =
            (writing + syncing) / Double(count) * 500 / Double(chunk.count)
        try disk.remove(path)
    }
}
