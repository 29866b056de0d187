/// A hash run in borrowed bytes (`docs/format/run.md`).
///
/// ``checkTable()`` is called once in a process before anything else, and ``checkPartition(_:)`` before
/// the partition is looked into. After that the content is trusted; every access is still bounds checked,
/// so bytes that lie trap, and read nothing else.
public struct RunView: ~Escapable {
    /// What the first page says.
    public let header: RunHeader
    /// The whole file.
    public let file: RawSpan

    /// The run in `file`, whose first page is `header`.
    @_lifetime(copy file)
    public init(_ file: RawSpan, header: RunHeader) {
        precondition(file.byteCount == header.fileCount, "a hash run of another length")
        self.header = header
        self.file = file
    }

    /// Compares the table with its checksum, and the partitions' places with each other: they follow each
    /// other without gaps from the header page to the table.
    public func checkTable() throws(FormatError) {
        let table = self.file.slice(self.header.tablePosition, self.header.tableCount)
        let computed = Checksum.crc32c(table)
        guard computed == self.header.tableChecksum else {
            throw FormatError(
                .wrongChecksum,
                "the table's checksum is \(self.header.tableChecksum), the bytes give \(computed)",
                position: self.header.tablePosition)
        }
        var next = RunHeader.count
        var entryCount = 0
        for index in 0..<self.header.partitionCount {
            let line = self.header.tablePosition + index * RunLayout.tableStride
            guard self.file.loadLittleEndian(line, as: UInt64.self) == UInt64(next) else {
                throw FormatError(
                    .wrongField, "partition \(index) is not behind the one before", position: line)
            }
            let count = Int(self.file.loadLittleEndian(line + 8, as: UInt32.self))
            next += RunLayout.partitionCount(entryCount: count)
            entryCount += count
        }
        guard next == self.header.tablePosition, entryCount == self.header.entryCount else {
            throw FormatError(
                .wrongField, "the partitions do not make up the hash run",
                position: self.header.tablePosition)
        }
    }

    /// Compares the partition at `index` with its checksum.
    public func checkPartition(_ index: Int) throws(FormatError) {
        let partition = self.partition(index)
        let count = RunLayout.partitionCount(entryCount: partition.count)
        let computed = Checksum.crc32c(self.file.slice(partition.position, count))
        guard computed == partition.checksum else {
            throw FormatError(
                .wrongChecksum,
                "partition \(index) has the checksum \(partition.checksum), its bytes give \(computed)",
                position: partition.position)
        }
    }

    /// The index of the partition that `hash` is in, if it is in the run.
    public func partition(of hash: UInt64) -> Int {
        RunLayout.partition(of: hash, bits: self.header.partitionBits)
    }

    /// The offset that `hash` leads to, nil if it is not in the run. Asks the partition's filter first.
    public func offset(of hash: UInt64) -> UInt64? {
        let partition = self.partition(self.partition(of: hash))
        guard
            partition.count > 0,
            HashFilter.mayContain(
                hash, in: self.file, at: partition.position,
                byteCount: RunLayout.filterCount(entryCount: partition.count))
        else { return nil }
        let index = self.firstIndex(atLeast: hash, in: partition)
        guard index < partition.count else { return nil }
        let entry = self.entry(index, of: partition)
        return entry.hash == hash ? entry.offset : nil
    }

    /// Where in the file the line is that the filter of the partition of `hash` is asked with.
    public func filterLine(of hash: UInt64) -> Int {
        let partition = self.partition(self.partition(of: hash))
        return partition.position
            + HashFilter.line(
                of: hash, byteCount: RunLayout.filterCount(entryCount: partition.count))
    }

    /// The place of a partition.
    struct Partition {
        /// Bytes from the file's start to the filter.
        let position: Int
        /// How many entries there are.
        let count: Int
        let checksum: UInt32
        /// Bytes from the file's start to the entries.
        var entries: Int { self.position + RunLayout.filterCount(entryCount: self.count) }
    }

    /// The place of the partition at `index`.
    func partition(_ index: Int) -> Partition {
        precondition(index >= 0 && index < self.header.partitionCount, "no such partition")
        let line = self.header.tablePosition + index * RunLayout.tableStride
        return Partition(
            position: Int(self.file.loadLittleEndian(line, as: UInt64.self)),
            count: Int(self.file.loadLittleEndian(line + 8, as: UInt32.self)),
            checksum: self.file.loadLittleEndian(line + 12, as: UInt32.self))
    }

    /// The entry at `index` of `partition`.
    @inline(__always)
    func entry(_ index: Int, of partition: Partition) -> RunEntry {
        let at = partition.entries + index * RunLayout.entryStride
        return RunEntry(
            hash: self.file.loadLittleEndian(at, as: UInt64.self),
            offset: self.file.loadLittleEndian(at + 8, as: UInt64.self))
    }

    /// The index of the first entry of `partition` whose hash is at least `hash`.
    ///
    /// Hashes are spread evenly, so the place can be guessed, and is about 25 entries off in a partition
    /// of 4,096. From there steps that double bracket it, and halving finds it: whatever the hashes are, the
    /// time is in proportion to the logarithm of the partition's entries.
    func firstIndex(atLeast hash: UInt64, in partition: Partition) -> Int {
        guard partition.count > 0 else { return 0 }
        let start = partition.entries
        let share = hash << UInt64(self.header.partitionBits)
        let guess = Int(share.multipliedFullWidth(by: UInt64(partition.count)).high)
        // Everything before `low` is below `hash`; everything from `high` on is not.
        var low = 0
        var high = partition.count
        var step = 8
        if self.hash(guess, from: start) < hash {
            low = guess + 1
            while low + step < high {
                if self.hash(low + step, from: start) >= hash {
                    high = low + step
                    break
                }
                low += step + 1
                step *= 2
            }
        } else {
            high = guess
            while high - step > low {
                if self.hash(high - step, from: start) < hash {
                    low = high - step + 1
                    break
                }
                high -= step
                step *= 2
            }
        }
        while low < high {
            let middle = (low + high) / 2
            if self.hash(middle, from: start) < hash { low = middle + 1 } else { high = middle }
        }
        return low
    }

    @inline(__always)
    private func hash(_ index: Int, from start: Int) -> UInt64 {
        self.file.loadLittleEndian(start + index * RunLayout.entryStride, as: UInt64.self)
    }
}
