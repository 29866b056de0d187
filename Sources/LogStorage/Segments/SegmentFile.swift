import LogFormat
import LogModel

/// Names, creation and opening of segment files.
enum SegmentFile {
    private static let suffix = ".segment"
    private static let temporarySuffix = ".segment.tmp"

    /// The name of the segment that begins at `base`: 20 digits, so that names sort as offsets do.
    static func name(base: Offset) -> String {
        let digits = String(base.rawValue)
        return String(repeating: "0", count: 20 - digits.count) + digits + self.suffix
    }

    /// The base offset in a name, or nil if it is not a segment's.
    static func base(inName name: String) -> Offset? {
        guard name.hasSuffix(self.suffix), name.utf8.count == 20 + self.suffix.utf8.count else {
            return nil
        }
        return UInt64(name.dropLast(self.suffix.count)).map { Offset($0) }
    }

    /// Whether the name is that of a segment whose creation was interrupted.
    static func isTemporary(_ name: String) -> Bool { name.hasSuffix(self.temporarySuffix) }

    /// A segment that is on the disk whole, and has no name yet that anybody looks for.
    struct Draft: ~Copyable {
        let segment: Segment
        private let file: any DiskFile
        private let temporary: String
        /// Open already, so that after the renaming only the disk can fail.
        private let folder: any DiskFile
        private let directory: LogDirectory

        fileprivate init(
            segment: Segment, file: any DiskFile, temporary: String, folder: any DiskFile,
            directory: LogDirectory
        ) {
            self.segment = segment
            self.file = file
            self.temporary = temporary
            self.folder = folder
            self.directory = directory
        }

        /// Gives the file its name, durably. After an error nobody knows whether it has it.
        func publish() throws(StorageError) {
            try self.directory.disk.rename(
                self.directory.path(of: self.temporary), to: self.segment.path)
            try self.folder.synchronizeAll()
        }

        /// The open file.
        consuming func intoFile() -> any DiskFile { self.file }
    }

    /// Makes the file of `header` in `directory`: reserved whole, its header durable, mapped.
    ///
    /// Throws `diskFull` if the space cannot be reserved; after any error the log is as it was before. A crash
    /// leaves a temporary file, which the next opening removes.
    static func draft(_ header: SegmentHeader, in directory: LogDirectory) throws(StorageError)
        -> Draft
    {
        let temporary = "\(header.base)\(self.temporarySuffix)"
        let folder = try directory.disk.open(directory.path, .directory)
        if directory.has(temporary) { try directory.remove(temporary) }
        do throws(StorageError) {
            let file = try directory.open(temporary, .create)
            try file.reserve(Int(header.fileCount))
            try file.write(header.bytes.span.bytes, at: 0)
            try file.synchronize()
            let segment = try Segment(
                path: directory.path(of: self.name(base: header.base)), header: header,
                mapping: try file.map(count: Int(header.fileCount)))
            return Draft(
                segment: segment, file: file, temporary: temporary, folder: folder,
                directory: directory)
        } catch {
            // The reason for which it failed is what matters; a leftover is removed at the next opening.
            try? directory.remove(temporary)
            throw error
        }
    }

    /// Maps the segment in `file` and reads its header.
    static func open(_ file: any DiskFile) throws(StorageError) -> Segment {
        let count = try file.count()
        let page = try file.read(at: 0, count: SegmentHeader.count)
        let header: SegmentHeader
        do throws(FormatError) {
            header = try SegmentHeader(reading: page.span.bytes)
        } catch {
            throw StorageError(.corrupt, error.message, path: file.path, position: error.position)
        }
        guard header.fileCount == UInt64(count) else {
            throw StorageError(
                .corrupt,
                "the segment was created with \(header.fileCount) bytes and has \(count): restore it "
                    + "from a copy", path: file.path, position: min(count, Int(header.fileCount)))
        }
        return try Segment(path: file.path, header: header, mapping: try file.map(count: count))
    }
}
