import LogFormat

/// Index files, hash runs and tables of cold segments. What their checks accept can be read; of an index only by
/// what its header bounds, because the rest of it is trusted once its checksums are right.
enum IndexTarget {
    /// How many bytes of a page `input` has: the rest is zero in all files, and would only be in the way.
    private static let pagePartCount = 256

    /// The first byte of `input` chooses the kind of file. Then come the beginning of its first page, whose checksum
    /// is made right, and all that follows the page.
    static func run(_ input: [UInt8]) -> Int {
        guard let choice = input.first else { return 0 }
        let head = input.dropFirst().prefix(Self.pagePartCount)
        let file = PagesTarget.page(Array(head)) + input.dropFirst(1 + head.count)
        do throws(FormatError) {
            return switch choice % 3 {
            case 0: try Self.index(file.span.bytes)
            case 1: try Self.hashRun(file.span.bytes)
            default: try Self.coldTables(file.span.bytes)
            }
        } catch {
            return error.message.utf8.count
        }
    }

    private static func index(_ file: RawSpan) throws(FormatError) -> Int {
        let header = try IndexHeader(reading: file)
        let index = IndexView(file, header: header)
        try index.check()
        var sum = 0
        for ordinal in 0..<header.recordCount { sum &+= Int(index.place(ordinal)) }
        for hash in 0..<64 as Range<UInt64> where index.mayContain(hash << 58 | hash) { sum &+= 1 }
        return sum
    }

    private static func hashRun(_ file: RawSpan) throws(FormatError) -> Int {
        let run = RunView(file, header: try RunHeader(reading: file))
        try run.checkTable()
        var cursor = RunCursor()
        var count = 0
        while let entry = try cursor.next(in: run) {
            count += 1
            _ = run.offset(of: entry.hash)
        }
        require(count == run.header.entryCount, "the run has another number of entries")
        return count
    }

    private static func coldTables(_ file: RawSpan) throws(FormatError) -> Int {
        let header = try ColdHeader(reading: file)
        guard header.fileCount <= UInt64(file.byteCount) else { return 0 }
        func table(_ table: ColdHeader.Table) -> Range<Int> {
            Int(table.position)..<Int(table.end)
        }
        let blocks = table(header.blockTable)
        let removed = table(header.removedTable)
        let blockTable = ColdBlockTable(file.slice(blocks.lowerBound, blocks.count))
        let removedTable = ColdRemovedTable(file.slice(removed.lowerBound, removed.count))
        try blockTable.check(header)
        try removedTable.check(header)
        for index in 0..<blockTable.count {
            let block = blockTable[index]
            require(blockTable.index(ofOrdinal: block.firstOrdinal) == index)
            require(blockTable.index(atPosition: block.start) == index)
            require(block.position + block.storedCount <= file.byteCount)
        }
        for index in 0..<removedTable.count {
            let ordinal = removedTable[index].ordinal
            require(removedTable.removal(ofOrdinal: ordinal)?.ordinal == ordinal)
            require(removedTable.firstOther(from: ordinal) > ordinal)
        }
        return blockTable.count + removedTable.count
    }
}
