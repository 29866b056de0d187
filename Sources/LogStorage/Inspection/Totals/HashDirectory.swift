import LogFormat
import LogModel

/// Goes through the directory of one segment's index, in ascending order of hashes.
struct HashDirectory: Sendable {
    struct Entry {
        /// Its place in the directory.
        let index: Int
        let contents: HashCount
    }

    private enum Source: Sendable {
        case sealed(Segment, SealedIndex)
        /// That of a segment that is not sealed.
        case built([UInt8], IndexHeader)
    }

    let entryCount: Int
    private let base: Offset
    private let source: Source
    /// The entry that is next.
    private var next = 0

    /// Begins at the first entry.
    init(_ extent: SegmentExtent, hasher: GroupHasher) throws(StorageError) {
        self.base = extent.segment.base
        if let index = extent.segment.sealed {
            self.source = .sealed(extent.segment, index)
            self.entryCount = try index.withView(of: extent.segment) { $0.header.entryCount }
        } else {
            let bytes = Self.build(extent, hasher: hasher)
            do throws(FormatError) {
                let header = try IndexHeader(reading: bytes.span.bytes)
                self.entryCount = header.entryCount
                self.source = .built(bytes, header)
            } catch {
                preconditionFailure("an index that was built just now: \(error.message)")
            }
        }
    }

    /// An index of what is there until now: that of a segment that was sealed here.
    private static func build(_ extent: SegmentExtent, hasher: GroupHasher) -> [UInt8] {
        let base = extent.segment.base
        var builder = IndexBuilder()
        var next = base
        // Whoever reads the records is told of those that are damaged.
        extent.segment.forEachReadableRecord(upTo: extent.end, damage: { _ in }) {
            record, position in
            while next < record.offset {
                builder.add(place: 0)
                next = next.next
            }
            builder.add(record, at: position, hasher: hasher)
            next = next.next
        }
        return builder.finish(
            identity: extent.segment.header.identity, epoch: extent.segment.epoch, base: base,
            binding: .none)
    }

    /// Goes to the first entry whose hash is not below `hash`. O(log n).
    mutating func seek(_ hash: UInt64) throws(StorageError) {
        self.next = try self.withView { view in
            var low = 0
            var high = view.header.entryCount
            while low < high {
                let middle = (low + high) / 2
                if view.count(ofEntry: middle).hash < hash {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            return low
        }
    }

    /// Lends the entries up to the hash `last` to `body`, from where the call before ended, or from the first one.
    mutating func forEachEntry(
        upTo last: UInt64, _ body: (Entry) -> Void
    ) throws(StorageError) {
        let start = self.next
        self.next = try self.withView { view in
            var index = start
            while index < view.header.entryCount {
                let contents = view.count(ofEntry: index)
                guard contents.hash <= last else { break }
                body(Entry(index: index, contents: contents))
                index += 1
            }
            return index
        }
    }

    /// The last record that the entry at `index` finds.
    func lastRecord(ofEntry index: Int) throws(StorageError) -> Offset {
        self.base.advanced(by: Int(try self.withView { $0.entry(index).postings.last }))
    }

    private func withView<Result>(
        _ body: (borrowing IndexView) -> Result
    ) throws(StorageError) -> Result {
        switch self.source {
        case .sealed(let segment, let index): try index.withView(of: segment, body)
        case .built(let bytes, let header): body(IndexView(bytes.span.bytes, header: header))
        }
    }
}
