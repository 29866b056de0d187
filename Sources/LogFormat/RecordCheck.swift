import LogModel

extension RecordView {
    /// Checks the bytes at `position` and views them as a record.
    ///
    /// A record is broken if
    /// - its length is not a multiple of 8, too short, too long, or beyond the end of `bytes`;
    /// - its checksum does not match, under the seed of the segment that it is read from;
    /// - a field has an unknown value, or a range leaves the record.
    ///
    /// The last cannot come from a torn write, because the checksum would not match; it means a defect in
    /// the program that wrote the record.
    ///
    /// - Parameter seed: ``SegmentHeader/seed`` of the segment.
    @_lifetime(copy bytes)
    package init(checking bytes: RawSpan, at position: Int, seed: UInt32) throws(FormatError) {
        guard position + RecordLayout.countMin <= bytes.byteCount else {
            throw FormatError(
                .truncated, "the record does not fit into what is left", position: position)
        }
        let count = Int(bytes.loadLittleEndian(position, as: UInt32.self))
        guard
            count >= RecordLayout.countMin, count <= RecordLayout.countMax,
            count % RecordLayout.alignment == 0
        else {
            throw FormatError(
                .wrongLength, "a record cannot have \(count) bytes", position: position)
        }
        guard count <= bytes.byteCount - position else {
            throw FormatError(
                .truncated, "the record's \(count) bytes reach beyond the end", position: position)
        }
        let record = bytes.slice(position, count)
        let computed = Self.computedChecksum(of: record, seed: seed)
        let stored = record.loadLittleEndian(RecordLayout.checksum, as: UInt32.self)
        guard computed == stored else {
            throw FormatError(
                .wrongChecksum,
                "the checksum is \(stored), the bytes give \(computed)", position: position)
        }
        self.init(exactly: record)
        try self.checkFields(position)
    }

    /// The CRC32C over the seed, the length and everything after the checksum.
    static func computedChecksum(of record: RawSpan, seed: UInt32) -> UInt32 {
        let length = Checksum.crc32c(record.slice(RecordLayout.length, 4), continuing: seed)
        return Checksum.crc32c(
            record.slice(RecordLayout.offset, record.byteCount - RecordLayout.offset),
            continuing: length)
    }

    private func checkFields(_ position: Int) throws(FormatError) {
        func wrong(_ what: String) -> FormatError {
            FormatError(.wrongField, what, position: position)
        }
        guard Action(rawValue: self.load(RecordLayout.action)) != nil else {
            throw wrong("unknown action")
        }
        guard self.flags & ~RecordLayout.knownFlags == 0 else { throw wrong("unknown flags") }
        guard Scalar.Kind(rawValue: self.load(RecordLayout.keyKind)) != nil else {
            throw wrong("unknown kind of key")
        }
        var textEnd = self.modelStart + self.modelCount + self.keyCount
        guard self.groupCount > 0, textEnd <= self.count else {
            throw wrong("model and key leave the record")
        }
        for index in 0..<self.groupCount {
            let at = RecordLayout.groups + index * RecordLayout.groupStride
            guard
                Membership(rawValue: self.load(at + GroupEntryLayout.membership)) != nil,
                Scalar.Kind(rawValue: self.load(at + GroupEntryLayout.valueKind)) != nil
            else { throw wrong("group \(index) has an unknown membership or kind") }
            let entry = self.group(index)
            guard entry.textStart == textEnd else { throw wrong("group \(index) is out of place") }
            textEnd += entry.propertyCount + entry.valueCount
            guard textEnd <= self.count else { throw wrong("group \(index) leaves the record") }
            // A distance that leads before the log's start leads nowhere.
            guard UInt64(entry.previousDistance) <= self.offset.rawValue else {
                throw wrong("group \(index) has no such previous record")
            }
        }
        textEnd += self.instanceCount
        for index in 0..<self.viewCount {
            guard textEnd + RecordLayout.viewPrefixCount <= self.count else {
                throw wrong("view \(index) leaves the record")
            }
            textEnd +=
                RecordLayout.viewPrefixCount + Int(self.load(textEnd) as UInt32)
                + Int(self.load(textEnd + 4) as UInt32)
        }
        guard RecordLayout.padded(textEnd) == self.count else {
            throw wrong("the parts of the record do not add up to its length")
        }
    }
}
