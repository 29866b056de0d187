package import LogFormat
package import LogModel

/// Reads where a selection of groups is in the log, in ascending order from a cursor on, over all segments.
///
/// The cost grows with what is found, and with the number of segments passed, of which each takes one look at
/// a filter; what does not match is passed over and never read. A hash stands for a group: whoever uses a
/// record compares the group's bytes, because two groups can share a hash. The hash of a key gives the records
/// of an instance in the same way.
package struct GroupReader {
    /// Which records are wanted.
    package enum Selection: Hashable, Sendable {
        /// Those that carry at least one of these hashes.
        case any([UInt64])
        /// Those that carry all of these hashes.
        case all([UInt64])
    }

    private let log: ChangeLog
    private let selection: Selection
    private let kind: HashKind
    /// The first offset that is not read, if that comes before the end of what is visible.
    private let end: Offset
    private var extent: SegmentExtent?
    private var postings: [SegmentPostings] = []
    /// Everything wanted below this offset was given out.
    package private(set) var cursor: Offset

    /// Begins at `start`, which is not below what is retained, and reads up to `end` or to what is visible.
    package init(
        _ log: ChangeLog, _ selection: Selection, of kind: HashKind = .group,
        from start: Offset, to end: Offset? = nil
    ) {
        self.log = log
        self.kind = kind
        self.selection = selection
        self.cursor = start
        self.end = end ?? Offset(UInt64.max)
    }

    /// The next offset, or nil if there is none that is visible now; a later call may find one.
    ///
    /// Throws `retained` if the cursor is on records that are no longer kept, or `corrupt`.
    package mutating func next() throws(StorageError) -> Offset? {
        while self.cursor < self.end, try self.openExtent(), let extent = self.extent {
            let base = extent.segment.base
            let start = UInt32(self.cursor.distance(from: base))
            let bound = self.end < extent.end ? self.end : extent.end
            if let ordinal = try self.find(atLeast: start, in: extent.segment) {
                let offset = base.advanced(by: Int(ordinal))
                if offset < bound {
                    self.cursor = offset.next
                    return offset
                }
            }
            self.cursor = bound
        }
        return nil
    }

    /// Lends the next record to `body`, after a check of its checksum. Returns false if there is none that is
    /// visible now.
    ///
    /// The fastest way through a group: the memory of the records behind is asked for while one is read.
    package mutating func nextRecord(
        _ body: (borrowing RecordView) throws(StorageError) -> Void
    ) throws(StorageError) -> Bool {
        while let offset = try self.next(), let segment = self.extent?.segment {
            for index in self.postings.indices { self.postings[index].expect(in: segment) }
            let found: Void? = try segment.withRecord(at: offset) { record throws(StorageError) in
                try body(record)
            }
            if found != nil { return true }
        }
        return false
    }

    /// Up to `limit` offsets. Fewer only if there are no more now.
    package mutating func next(_ limit: Int) throws(StorageError) -> [Offset] {
        var offsets: [Offset] = []
        while offsets.count < limit, let offset = try self.next() { offsets.append(offset) }
        return offsets
    }

    /// Makes ``extent`` the stretch that the cursor is in, with the postings of all hashes open in it. Returns
    /// false if nothing is visible there.
    private mutating func openExtent() throws(StorageError) -> Bool {
        if let end = self.extent?.end, self.cursor < end { return true }
        self.extent = nil
        guard let extent = try self.log.extent(at: self.cursor) else { return false }
        let start = UInt32(self.cursor.distance(from: extent.segment.base))
        self.postings.removeAll(keepingCapacity: true)
        let hashes =
            switch self.selection {
            case .any(let hashes), .all(let hashes): hashes
            }
        for hash in hashes {
            self.postings.append(
                try SegmentPostings(
                    of: hash, self.kind, in: extent.segment, from: start, end: extent.end))
        }
        self.extent = extent
        return true
    }

    /// The first wanted ordinal that is not below `start`.
    private mutating func find(
        atLeast start: UInt32, in segment: Segment
    ) throws(StorageError) -> UInt32? {
        switch self.selection {
        case .any:
            var first: UInt32?
            for index in self.postings.indices {
                if let current = self.postings[index].current, current < start {
                    try self.postings[index].seek(atLeast: start, in: segment)
                }
                if let current = self.postings[index].current {
                    first = min(first ?? current, current)
                }
            }
            return first
        case .all:
            // Each in turn goes to where the one before is, until all are at the same place.
            guard !self.postings.isEmpty else { return nil }
            var candidate = start
            var agreeing = 0
            var index = 0
            while agreeing < self.postings.count {
                if let current = self.postings[index].current, current < candidate {
                    try self.postings[index].seek(atLeast: candidate, in: segment)
                }
                guard let current = self.postings[index].current else { return nil }
                agreeing = current == candidate ? agreeing + 1 : 1
                candidate = current
                index = (index + 1) % self.postings.count
            }
            return candidate
        }
    }
}
