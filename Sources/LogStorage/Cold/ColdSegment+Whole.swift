package import LogFormat
import LogModel

// What is done to a cold segment as a whole. All of it reads the whole file and passes the cache by.

extension ColdSegment {
    /// Goes through all records that the segment was sealed with, those that are missing included, and checks
    /// that there are no others and that they are in order.
    private func walk(
        kept: (borrowing RecordView, Int) throws(StorageError) -> Void,
        removed: (ColdRemoval) throws(StorageError) -> Void
    ) throws(StorageError) {
        var next = self.base
        var removedIndex = 0
        func passRemoved(before offset: Offset) throws(StorageError) {
            let table = self.removedTable
            while removedIndex < table.count, next < offset {
                let removal = table[removedIndex]
                guard removal.ordinal == next.distance(from: self.base) else { return }
                try removed(removal)
                removedIndex += 1
                next = next.next
            }
        }
        try self.forEachRecord { record, position throws(StorageError) in
            let offset = record.offset
            try passRemoved(before: offset)
            guard offset == next, offset < self.end else {
                throw self.outOfOrder("the record here says it has offset \(offset)", next)
            }
            try kept(record, position)
            next = next.next
        }
        try passRemoved(before: self.end)
        guard next == self.end, removedIndex == self.removedTable.count else {
            throw self.outOfOrder("the record is neither there nor removed", next)
        }
    }

    private func outOfOrder(_ message: String, _ offset: Offset) -> StorageError {
        self.corrupt(message, self.blockTable, nil, offset)
    }

    /// Checks everything that can be checked in the file: there is no bit of it that can change unnoticed.
    ///
    /// Throws `corrupt` at the first damage. It is not checked whether the digests are right, as they cover
    /// bytes that are not here.
    package func check() throws(StorageError) {
        try self.checkTables()
        try self.checkPadding()
        let facts = self.header.facts
        var previousEndsBatch = true
        var lastChecksum = facts.header.previousChecksum
        func checkMarks(_ marks: BatchMarks, _ offset: Offset) throws(StorageError) {
            guard marks.isFirstOfBatch == previousEndsBatch else {
                throw self.outOfOrder("the batch before the record is not whole", offset)
            }
            previousEndsBatch = marks.isLastOfBatch
        }
        var index = 0
        try self.walk { record, position throws(StorageError) in
            let offset = record.offset
            let table = self.blockTable
            if index < table.count, position == table[index].start {
                guard offset == self.base.advanced(by: table[index].firstOrdinal) else {
                    throw self.corrupt("a block begins with another record", table, index, offset)
                }
                index += 1
            }
            try checkMarks(BatchMarks(of: record.bytes, at: 0), offset)
            guard
                offset > self.base || record.time == facts.firstTime,
                offset.next < self.end || record.time == facts.lastTime
            else { throw self.outOfOrder("the record's time is not that of the header", offset) }
            lastChecksum = record.checksum
        } removed: { removal throws(StorageError) in
            try checkMarks(removal.marks, self.base.advanced(by: removal.ordinal))
            lastChecksum = removal.checksum
        }
        guard previousEndsBatch, lastChecksum == facts.lastChecksum else {
            throw self.outOfOrder("the segment was sealed after another record", self.end)
        }
    }

    /// The tables again, as they are on the disk now.
    private func checkTables() throws(StorageError) {
        do throws(FormatError) {
            guard try ColdHeader(reading: self.bytes) == self.header else {
                throw FormatError(.wrongField, "the header has changed", position: 0)
            }
            try self.blockTable.check(self.header)
            try self.removedTable.check(self.header)
        } catch {
            throw StorageError(.corrupt, error.message, path: self.path, position: error.position)
        }
    }

    /// Checks that what is between blocks is zero.
    func checkPadding() throws(StorageError) {
        let table = self.blockTable
        for index in 0..<table.count {
            let block = table[index]
            for at in block.position + block.storedCount..<block.paddedEnd {
                guard self.bytes.loadLittleEndian(at, as: UInt8.self) == 0 else {
                    throw StorageError(
                        .corrupt, "what is between two blocks of a cold segment is not zero",
                        path: self.path, position: at)
                }
            }
        }
    }

    /// Writes the segment's file again, byte for byte as it was: header page and records. The sink's file is
    /// zeros already, as long as ``SegmentHeader/fileCount`` says; what is behind the records is not written.
    ///
    /// The header is written last, so that a file whose making was interrupted is not taken for a whole one.
    /// Everything is checked before anything is written.
    ///
    /// Throws `corrupt` at damage, and what the sink throws. Traps if records are missing: see ``isComplete``.
    package func thaw(to sink: ByteSink) throws(StorageError) {
        precondition(self.isComplete, "\(self.header.removedCount) records are missing")
        try self.check()
        for index in 0..<self.blockTable.count {
            let block = try self.load(index)
            try sink(block.bytes, self.blockTable[index].start)
        }
        try sink(self.header.facts.header.bytes.span.bytes, 0)
    }

    /// Makes another cold file of the same segment, with those of the records that are still here that
    /// `keeping` says yes to.
    ///
    /// - Parameters:
    ///   - generation: above that of this file if `keeping` may say no; else at least the same.
    ///   - keeping: says which records stay.
    ///   - sink: writes the file.
    package func rewrite(
        generation: UInt32,
        keeping: (borrowing RecordView) throws(StorageError) -> Bool,
        to sink: @escaping ByteSink
    ) throws(StorageError) -> ColdHeader {
        precondition(
            generation >= self.header.generation,
            "generation \(generation) cannot follow \(self.header.generation)")
        var writer = ColdWriter(
            self.header.facts, generation: generation, path: self.path, sink: sink)
        try self.walk { record, _ throws(StorageError) in
            if try keeping(record) {
                try writer.add(record.bytes)
            } else {
                try writer.addRemoved(
                    checksum: record.checksum, marks: BatchMarks(of: record.bytes, at: 0))
            }
        } removed: { removal throws(StorageError) in
            try writer.addRemoved(checksum: removal.checksum, marks: removal.marks)
        }
        return try writer.finish()
    }
}
