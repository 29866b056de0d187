import LogFormat
import LogModel
import Synchronization

/// The index of a sealed segment: its index file, or, if that is absent, stale or damaged, the same bytes
/// built again from the records and kept in memory until maintenance has written them.
///
/// An index is used only after all its checksums were found right, which happens once for each process, when
/// it is first asked. So a lookup that finds nothing means that there is nothing.
final class SealedIndex: Sendable {
    /// An index that was checked.
    private struct Checked {
        let mapping: Mapping
        let header: IndexHeader
        let isFromFile: Bool
    }

    /// The digest that ties the index to the records that it was made from.
    let binding: SegmentDigest
    private let hasher: GroupHasher
    private let base: Offset
    private let directory: LogDirectory
    /// Set once, under the lock, before `isReady`; never changed.
    nonisolated(unsafe) private var checked: Checked?
    /// The bytes of the mapping in `checked`, which stay mapped as long as this object is there.
    nonisolated(unsafe) private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The places among them, beside the view because they are asked for once for each record that is read.
    nonisolated(unsafe) private var places = UnsafeRawBufferPointer(start: nil, count: 0)
    private let isReady = Atomic(false)
    private let loading = Mutex<Void>(())

    /// The index of the segment at `base`, whose file is looked for when it is first needed.
    init(
        _ base: Offset, binding: SegmentDigest, hasher: GroupHasher, in directory: LogDirectory
    ) {
        self.base = base
        self.binding = binding
        self.hasher = hasher
        self.directory = directory
    }

    /// Whether the index had to be built again, so that there is no good file.
    var wantsFile: Bool {
        self.isReady.load(ordering: .acquiring) && self.checked?.isFromFile == false
    }

    /// Lends the index of `segment` to `body`. The first call checks it, and builds it again if it must.
    func withView<Result>(
        of segment: Segment, _ body: (borrowing IndexView) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        if !self.isReady.load(ordering: .acquiring) { try self.load(segment) }
        guard let header = self.checked?.header else {
            preconditionFailure("an index is ready and not there")
        }
        return try body(IndexView(self.bytes.bytes, header: header))
    }

    /// The place of the record `base + ordinal`, in units of 8 bytes; 0 if it was removed.
    func place(_ ordinal: Int, of segment: Segment) throws(StorageError) -> UInt32 {
        if !self.isReady.load(ordering: .acquiring) { try self.load(segment) }
        return IndexView.place(ordinal, in: self.places.bytes)
    }

    /// Begins to bring near what ``place(_:of:)`` reads for `ordinal`, if the index is ready.
    func expect(_ ordinal: UInt32) {
        guard self.isReady.load(ordering: .acquiring) else { return }
        self.places.bytes.expect(Int(ordinal) * IndexView.placeStride)
    }

    private func load(_ segment: Segment) throws(StorageError) {
        let result = self.loading.withLock { _ -> Result<Void, StorageError> in
            if self.isReady.load(ordering: .acquiring) { return .success(()) }
            do throws(StorageError) {
                if let checked = self.fromFile(segment) {
                    self.checked = checked
                } else {
                    self.checked = try self.built(segment)
                }
                if let checked = self.checked {
                    self.bytes = checked.mapping.base
                    self.places = UnsafeRawBufferPointer(
                        rebasing: self.bytes[checked.header.placesRange])
                }
                self.isReady.store(true, ordering: .releasing)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// The index in the file, if there is one, it belongs to these records, and all of it is right.
    private func fromFile(_ segment: Segment) -> Checked? {
        guard let mapping = try? IndexFile.map(base: self.base, in: self.directory) else {
            return nil
        }
        do throws(FormatError) {
            let header = try IndexHeader(reading: mapping.base.bytes)
            guard
                header.identity == segment.header.identity, header.base == segment.base,
                header.binding == self.binding
            else { return nil }
            try IndexView(mapping.base.bytes, header: header).check()
            return Checked(mapping: mapping, header: header, isFromFile: true)
        } catch {
            // Whatever is wrong with it, the records can give another one.
            return nil
        }
    }

    private func built(_ segment: Segment) throws(StorageError) -> Checked {
        guard let facts = segment.facts else {
            preconditionFailure("a segment has a sealed index when it is sealed")
        }
        let bytes = try IndexFile.build(
            of: segment, facts: facts, binding: self.binding, hasher: self.hasher)
        do throws(FormatError) {
            return Checked(
                mapping: Mapping(copying: bytes),
                header: try IndexHeader(reading: bytes.span.bytes),
                isFromFile: false)
        } catch {
            preconditionFailure("an index that was built just now: \(error.message)")
        }
    }
}
