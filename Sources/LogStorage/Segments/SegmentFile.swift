import LogFormat
import LogModel

/// Names, creation, sealing and opening of segment files.
enum SegmentFile {
    private static let suffix = ".segment"

    /// The name of the segment that begins at `base`.
    static func name(base: Offset) -> String { self.digits(base) + self.suffix }

    /// The base offset in a name, or nil if it is not a segment's.
    static func base(inName name: String) -> Offset? {
        self.base(inName: name, suffix: self.suffix)
    }

    /// An offset in 20 digits, so that names sort as offsets do.
    static func digits(_ base: Offset) -> String {
        let digits = String(base.rawValue)
        return String(repeating: "0", count: 20 - digits.count) + digits
    }

    /// The offset in a name of 20 digits and `suffix`, or nil if it is another name.
    static func base(inName name: String, suffix: String) -> Offset? {
        guard name.hasSuffix(suffix), name.utf8.count == 20 + suffix.utf8.count else { return nil }
        guard name.utf8.prefix(20).allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt64(name.prefix(20)).map { Offset($0) }
    }

    /// Begins the segment of `header` in a file from `reserve`: its header is durable before it has its name,
    /// and its name before this returns.
    ///
    /// Throws `diskFull` if the space cannot be reserved, or another error while the log is as it was before;
    /// or `poisoned`: after a failed sync the disk is not to be trusted, and after a failed renaming nobody
    /// knows whether the file has its name, and one more record in the segment before would lie beyond its end.
    static func begin(
        _ header: SegmentHeader, in directory: LogDirectory, reserve: SegmentReserve
    ) throws(StorageError) -> (segment: Segment, file: any DiskFile) {
        // Open already, so that after the renaming only the disk can fail.
        let folder = try directory.disk.open(directory.path, .directory)
        let file = try reserve.take(Int(header.fileCount))
        let segment: Segment
        do throws(StorageError) {
            try file.write(header.bytes.span.bytes, at: 0)
            try directory.poisoning { () throws(StorageError) in try file.synchronize() }
            segment = try Segment(
                growing: directory.path(of: self.name(base: header.base)), header: header,
                mapping: try file.map(count: Int(header.fileCount)))
        } catch {
            reserve.finish(isUsed: false)
            throw error
        }
        do throws(StorageError) {
            try directory.rename(SegmentReserve.name, to: self.name(base: header.base))
            try folder.synchronizeAll()
        } catch {
            throw StorageError(
                .poisoned, "a segment could not be begun: \(error.message)", path: segment.path)
        }
        reserve.finish(isUsed: true)
        return (segment, file)
    }

    /// Removes all files of the segment at `base`. Who reads them goes on.
    static func removeAll(base: Offset, in directory: LogDirectory) throws(StorageError) {
        for name in [self.name(base: base), ColdFile.name(base: base), IndexFile.name(base: base)]
        where directory.has(name) {
            try directory.remove(name)
        }
    }

    /// The header of the segment in `file`, and what its footer says if it is sealed.
    static func read(
        _ file: any DiskFile
    ) throws(StorageError) -> (header: SegmentHeader, facts: SealedFacts?) {
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
                    + "from a copy", path: file.path,
                position: min(count, Int(header.fileCount)))
        }
        let footer = try file.read(at: header.recordsEnd, count: SegmentFooter.count)
        // A footer that is not whole was torn by a crash, or is not written yet: not sealed.
        let facts = try? SegmentFooter.facts(reading: footer.span.bytes, header: header)
        return (header, facts)
    }
}
