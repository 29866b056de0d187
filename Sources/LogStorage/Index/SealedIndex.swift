import LogFormat
import LogModel
import Synchronization

/// The index of a sealed segment: its index file, or, where that is absent, stale or damaged, the same bytes
/// built again from the records and kept in memory until maintenance has written them.
///
/// A part of an index is used only after its checksums were found right, which happens once for each process, when
/// it is first asked. So a lookup that finds nothing means that there is nothing. And who looks for one hash in many
/// segments reads the filters of all, and the rest of those only that have it.
final class SealedIndex: Sendable {
    /// An index file, or its bytes in memory.
    private struct Source {
        let mapping: Mapping
        let header: IndexHeader
    }

    /// A part that was checked, and where it was found.
    private struct Part {
        let source: Source
        /// The bytes of the source's mapping, which stay mapped as long as this is there.
        let bytes: UnsafeRawBufferPointer

        init(_ source: Source) {
            self.source = source
            self.bytes = source.mapping.base
        }
    }

    /// What loading has found out so far.
    private struct Loading {
        /// The file, as long as nothing in it was found wrong.
        var file: Source?
        var hasLookedForFile = false
        var built: Source?
    }

    /// The digest that ties the index to the records that it was made from.
    let binding: SegmentDigest
    private let hasher: GroupHasher
    private let base: Offset
    let directory: LogDirectory
    /// Told of each stretch of damaged records that the index is built again without; nil if it is not then.
    private let damage: DamageHandler?
    // Each set once, under the lock, before its bit in `ready`; never changed.
    nonisolated(unsafe) private var filter: Part?
    nonisolated(unsafe) private var lookup: Part?
    /// The places, beside their part because they are asked for once for each record that is read.
    nonisolated(unsafe) private var places = UnsafeRawBufferPointer(start: nil, count: 0)
    nonisolated(unsafe) private var placesPart: Part?
    /// A bit for each part that may be used.
    private let ready = Atomic<UInt8>(0)
    private let loading = Mutex(Loading())

    /// The index of the segment at `base`, whose file is looked for when it is first needed.
    init(
        _ base: Offset, binding: SegmentDigest, hasher: GroupHasher, in directory: LogDirectory,
        damage: DamageHandler? = nil
    ) {
        self.damage = damage
        self.base = base
        self.binding = binding
        self.hasher = hasher
        self.directory = directory
    }

    /// Whether the index had to be built again, so that there is no good file.
    var wantsFile: Bool { self.loading.withLock { $0.built != nil } }

    /// Lends the index of `segment` to `body`. The first call checks it, and builds it again if it must.
    func withView<Result>(
        of segment: Segment, _ body: (borrowing IndexView) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        try self.prepare(.lookup, of: segment)
        guard let lookup = self.lookup else {
            preconditionFailure("an index is ready and not there")
        }
        return try body(IndexView(lookup.bytes.bytes, header: lookup.source.header))
    }

    /// The same if `hash` may be in it; nil if it is not, which takes one look at the filter.
    func withView<Result>(
        of segment: Segment, having hash: UInt64,
        _ body: (borrowing IndexView) throws(StorageError) -> Result
    ) throws(StorageError) -> Result? {
        if !self.isReady(.lookup) {
            try self.prepare(.filter, of: segment)
            guard let filter = self.filter else {
                preconditionFailure("a filter is ready and not there")
            }
            let view = IndexView(filter.bytes.bytes, header: filter.source.header)
            guard view.mayContain(hash) else { return nil }
        }
        return try self.withView(of: segment, body)
    }

    /// The place of the record `base + ordinal`, in units of 8 bytes; 0 if it was removed.
    func place(_ ordinal: Int, of segment: Segment) throws(StorageError) -> UInt32 {
        try self.prepare(.places, of: segment)
        return IndexView.place(ordinal, in: self.places.bytes)
    }

    /// Begins to bring near what ``place(_:of:)`` reads for `ordinal`, if the index is ready.
    func expect(_ ordinal: UInt32) {
        guard self.isReady(.places) else { return }
        self.places.bytes.expect(Int(ordinal) * IndexView.placeStride)
    }

    private func isReady(_ part: IndexPart) -> Bool {
        self.ready.load(ordering: .acquiring) & part.bit != 0
    }

    private func prepare(_ part: IndexPart, of segment: Segment) throws(StorageError) {
        if !self.isReady(part) { try self.load(part, of: segment) }
    }

    private func load(_ part: IndexPart, of segment: Segment) throws(StorageError) {
        let result = self.loading.withLock { loading -> Result<Void, StorageError> in
            if self.isReady(part) { return .success(()) }
            do throws(StorageError) {
                self.set(part, try self.source(of: part, segment, &loading))
                self.ready.bitwiseOr(part.bit, ordering: .releasing)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private func set(_ part: IndexPart, _ source: Source) {
        switch part {
        case .filter: self.filter = Part(source)
        case .lookup: self.lookup = Part(source)
        case .places:
            let found = Part(source)
            self.placesPart = found
            self.places = UnsafeRawBufferPointer(
                rebasing: found.bytes[source.header.placesRange])
        }
    }

    /// The file if `part` of it is right; otherwise the bytes that are built again.
    private func source(
        of part: IndexPart, _ segment: Segment, _ loading: inout Loading
    ) throws(StorageError) -> Source {
        if !loading.hasLookedForFile {
            loading.file = self.file(segment)
            loading.hasLookedForFile = true
        }
        if let file = loading.file {
            let bytes = file.mapping.base
            do throws(FormatError) {
                try IndexView(bytes.bytes, header: file.header).check(part)
                return file
            } catch {
                // Whatever is wrong with it, the records can give another one.
                loading.file = nil
            }
        }
        if let built = loading.built { return built }
        let built = try self.build(segment)
        loading.built = built
        return built
    }

    /// The index in the file, if there is one and it belongs to these records.
    private func file(_ segment: Segment) -> Source? {
        guard let mapping = try? IndexFile.map(base: self.base, in: self.directory) else {
            return nil
        }
        do throws(FormatError) {
            let header = try IndexHeader(reading: mapping.base.bytes)
            guard
                header.identity == segment.header.identity, header.base == segment.base,
                header.binding == self.binding
            else { return nil }
            return Source(mapping: mapping, header: header)
        } catch {
            return nil
        }
    }

    private func build(_ segment: Segment) throws(StorageError) -> Source {
        guard let facts = segment.facts else {
            preconditionFailure("a segment has a sealed index when it is sealed")
        }
        let bytes =
            if let damage {
                IndexFile.buildOfReadable(
                    segment, facts: facts, binding: self.binding, hasher: self.hasher,
                    damage: damage)
            } else {
                try IndexFile.build(
                    of: segment, facts: facts, binding: self.binding, hasher: self.hasher)
            }
        do throws(FormatError) {
            return Source(
                mapping: Mapping(copying: bytes),
                header: try IndexHeader(reading: bytes.span.bytes))
        } catch {
            preconditionFailure("an index that was built just now: \(error.message)")
        }
    }
}

extension IndexPart {
    /// A bit of its own.
    fileprivate var bit: UInt8 {
        switch self {
        case .filter: 1
        case .lookup: 2
        case .places: 4
        }
    }
}
