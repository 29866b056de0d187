package import LogModel

/// The names of cold segments' files.
package enum ColdFile {
    private static let suffix = ".cold"

    /// The name of the cold segment that begins at `base`: 20 digits, as for the segment itself.
    package static func name(base: Offset) -> String { SegmentFile.digits(base) + self.suffix }

    /// The base offset in a name, or nil if it is not a cold segment's.
    package static func base(inName name: String) -> Offset? {
        SegmentFile.base(inName: name, suffix: self.suffix)
    }

    /// Opens the cold segment at `base`.
    static func open(
        base: Offset, in directory: LogDirectory, cache: BlockCache
    ) throws(StorageError) -> ColdSegment {
        let file = try directory.open(self.name(base: base), .read)
        let count = try file.count()
        guard count > 0 else {
            throw StorageError(
                .corrupt, "the cold segment is empty: restore it from a copy", path: file.path)
        }
        return try ColdSegment(path: file.path, file: try file.map(count: count), cache: cache)
    }
}

/// Takes the bytes of a file that is being made, and the byte at which they belong. Calls are not in the
/// order of positions.
package typealias ByteSink = (_ bytes: RawSpan, _ position: Int) throws(StorageError) -> Void

/// Bytes that any thread may read for as long as it keeps the object.
package protocol SharedBytes: AnyObject, Sendable {
    /// All bytes. Neither their place nor their number ever changes.
    var base: UnsafeRawBufferPointer { get }
}

extension Mapping: SharedBytes {}
