import LogModel

extension RecordView {
    /// Checks the bytes at `position` and views them as a record.
    ///
    /// A record is broken if
    /// - its length is not a multiple of 8, too short, too long, or beyond the end of `bytes`;
    /// - its checksum does not match, under the seed of the segment that it is read from;
    /// - a field has an unknown value, bytes that must be zero are not, or a range leaves the record.
    ///
    /// The last cannot come from a torn write, because the checksum would not match; it means a defect in
    /// the program that wrote the record.
    ///
    /// - Parameter seed: ``SegmentHeader/seed`` of the segment.
    @_lifetime(copy bytes)
    public init(checking bytes: RawSpan, at position: Int, seed: UInt32) throws(FormatError) {
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
        func check(_ isRight: Bool, _ message: String) throws(FormatError) {
            guard isRight else { throw FormatError(.wrongField, message, position: position) }
        }
        try check(
            Action(rawValue: self.load(RecordLayout.action)) != nil, "the action is unknown")
        try check(self.flags & ~RecordLayout.knownFlags == 0, "a flag is unknown")
        try check(
            Scalar.Kind(rawValue: self.load(RecordLayout.keyKind)) != nil,
            "the kind of the key is unknown")
        try check(
            self.load(RecordLayout.reserved) as UInt8 == 0, "a byte that must be zero is not")
        try check(
            self.producer != nil || self.load(RecordLayout.producerSequence) as UInt64 == 0,
            "a record of nobody in particular has a sequence number")
        // A record knows only what was before it: so a walk from record to record comes to an end.
        try check(
            self.durable <= self.offset, "the record says that later ones were durable")
        try check(
            self.previousOfKey.map { $0 < self.offset } ?? true,
            "the key's previous record is not before this one")

        let textEnd = try self.checkGroups(position)
        let end = try self.checkViews(from: textEnd + self.instanceCount, position)
        try check(
            RecordLayout.padded(end) == self.count,
            "the parts of the record do not add up to its length")
        for at in end..<self.count {
            try check(self.load(at) as UInt8 == 0, "the padding is not zero")
        }
    }

    /// Checks model, key and groups and returns where their text ends.
    private func checkGroups(_ position: Int) throws(FormatError) -> Int {
        func wrong(_ message: String) -> FormatError {
            FormatError(.wrongField, message, position: position)
        }
        var textEnd = self.modelStart + self.modelCount + self.keyCount
        guard self.groupCount > 0 else { throw wrong("the record is in no group") }
        guard textEnd <= self.count else { throw wrong("model and key leave the record") }
        for index in 0..<self.groupCount {
            let at = RecordLayout.groups + index * RecordLayout.groupStride
            guard
                Membership(rawValue: self.load(at + GroupEntryLayout.membership)) != nil,
                Scalar.Kind(rawValue: self.load(at + GroupEntryLayout.valueKind)) != nil,
                self.load(at + GroupEntryLayout.reserved) as UInt16 == 0
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
        return textEnd
    }

    /// Checks the views, which begin at `start`, and returns where they end.
    private func checkViews(from start: Int, _ position: Int) throws(FormatError) -> Int {
        var end = start
        for index in 0..<self.viewCount {
            guard end + RecordLayout.viewPrefixCount <= self.count else {
                throw FormatError(
                    .wrongField, "view \(index) leaves the record", position: position)
            }
            end = self.view(at: end).end
        }
        return end
    }
}
