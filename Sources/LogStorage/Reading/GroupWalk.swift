package import LogFormat
import LogModel

/// A way through the records of one segment that carry a group with one hash, each once, one record at a time.
///
/// In no order that may be relied on: of a sealed segment it goes forwards by the index, of a growing one
/// backwards along the thread. So each step looks at one record, and nothing is kept but the place. Whoever
/// uses a record compares the group's bytes, because two groups can share a hash.
package struct GroupWalk: Sendable {
    private enum Place: Sendable {
        case end
        case thread(Offset)
        case index(PostingCursor)
    }

    private let hash: UInt64
    private let segment: Segment
    private let start: Offset
    private let end: Offset
    private var place: Place

    /// Begins a walk through `start ..< end`. `visible` was the bound of what is visible at some time, not
    /// below `end`.
    init(
        of hash: UInt64, in segment: Segment, from start: Offset, to end: Offset, visible: Offset
    ) throws(StorageError) {
        self.hash = hash
        self.segment = segment
        self.start = max(start, segment.base)
        self.end = end
        guard self.start < end else {
            self.place = .end
            return
        }
        switch segment.index {
        case .growing(let index):
            self.place = index.head(of: hash, visible: visible).map { .thread($0) } ?? .end
        case .sealed(let index):
            let ordinal = UInt32(self.start.distance(from: segment.base))
            let place = try index.withView(of: segment, having: hash) { view -> Place in
                guard let list = view.postings(of: hash, .group) else { return .end }
                var cursor = PostingCursor(list, in: view.file)
                cursor.seek(atLeast: ordinal, in: view.file)
                return .index(cursor)
            }
            self.place = place ?? .end
        }
    }

    /// Looks at one record, and lends it to `body` if it is one of those in the stretch. Returns false if there
    /// was none left to look at.
    ///
    /// Throws `corrupt`, and then the walk is over.
    package mutating func next(
        _ body: (borrowing RecordView) -> Void
    ) throws(StorageError) -> Bool {
        let place = self.place
        self.place = .end
        switch place {
        case .end: return false
        case .thread(let offset):
            guard offset >= self.start else { return false }
            let previous = try self.segment.withRecord(at: offset) { record in
                if offset < self.end { body(record) }
                return record.previous(of: self.hash, from: self.segment.base)
            }
            if let previous = previous ?? nil { self.place = .thread(previous) }
        case .index(var cursor):
            guard let ordinal = cursor.current else { return false }
            let offset = self.segment.base.advanced(by: Int(ordinal))
            guard offset < self.end else { return false }
            _ = try self.segment.withRecord(at: offset) { record in body(record) }
            try self.segment.sealed?.withView(of: self.segment) { view in
                cursor.advance(in: view.file)
            }
            self.place = .index(cursor)
        }
        return true
    }
}
