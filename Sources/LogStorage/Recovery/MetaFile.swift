import LogFormat
import LogModel

/// The file `meta`: two pages that are written in turn (`docs/format/meta.md`).
struct MetaFile: ~Copyable {
    static let name = "meta"
    static let temporaryName = Self.name + ".tmp"

    /// No boot of any machine: after it, nothing is taken to be still in the page cache.
    static let unknownBoot = LogIdentity(low: 0, high: 0)

    private let file: any DiskFile
    private(set) var page: MetaPage
    /// Whether there was another page, perhaps a newer one, that cannot be read any more.
    let isPageLost: Bool
    /// The page as it was read, until it is known to be on the disk.
    private var unsettled: [UInt8]?

    /// Creates the file of a new log in `directory`, durable, or nothing.
    static func create(_ page: MetaPage, in directory: LogDirectory) throws(StorageError)
        -> MetaFile
    {
        if directory.has(self.temporaryName) { try directory.remove(self.temporaryName) }
        do throws(StorageError) {
            let file = try directory.open(self.temporaryName, .create)
            try file.reserve(2 * MetaPage.count)
            try file.write(page.bytes.span.bytes, at: Self.position(of: page))
            try file.synchronize()
        } catch {
            try? directory.remove(self.temporaryName)
            throw error
        }
        try directory.rename(self.temporaryName, to: self.name)
        try directory.synchronize()
        return MetaFile(
            file: try directory.open(self.name, .readWrite), page: page, isPageLost: false)
    }

    /// Opens the file in `directory` and takes the valid page of the higher generation.
    ///
    /// If the other page is damaged, it may be the one that counted: then what the log's last life was like is
    /// not known, and the page that is left is made to say the worst.
    static func open(in directory: LogDirectory) throws(StorageError) -> MetaFile {
        let file = try directory.open(self.name, .readWrite)
        let bytes = try file.read(at: 0, count: 2 * MetaPage.count)
        let span = bytes.span.bytes
        var newest: MetaPage?
        var newestBytes: [UInt8]?
        var failure: FormatError?
        for start in [0, MetaPage.count] {
            let part = span.slice(
                min(start, span.byteCount), max(0, min(MetaPage.count, span.byteCount - start)))
            do throws(FormatError) {
                let page = try MetaPage(reading: part)
                if page.generation >= newest?.generation ?? 0 {
                    newest = page
                    newestBytes = Array(bytes[start..<start + MetaPage.count])
                }
            } catch {
                // One page may be torn, or not written yet: then the other one counts.
                if error.code == .unknownVersion && self.isWhole(part) {
                    throw StorageError(
                        .notALog, "\(error.message): use the program that wrote it",
                        path: file.path,
                        position: start + error.position)
                }
                failure = failure ?? error
            }
        }
        guard var newest else {
            throw StorageError(
                .corrupt,
                "neither page of the log's meta file is valid (\(failure?.message ?? "both are empty")): "
                    + "restore it from a copy", path: file.path, position: failure?.position)
        }
        // Of a log that was never opened again after its creation the second page was never written.
        let isPageLost =
            failure != nil
            && (newest.generation > 0 || bytes.count < 2 * MetaPage.count
                || !bytes[MetaPage.count...].allSatisfy({ $0 == 0 }))
        if isPageLost { self.assumeTheWorst(of: &newest) }
        return MetaFile(file: file, page: newest, isPageLost: isPageLost, unsettled: newestBytes)
    }

    /// Makes a page say the worst of the log's last life, because the page that knew better is lost.
    private static func assumeTheWorst(of page: inout MetaPage) {
        page.isClosedCleanly = false
        page.isVisibleAheadOfDurable = true
        page.boot = self.unknownBoot
    }

    /// Notes that the log has records. They are not written before the second page is: if only the first one is
    /// there, the second was lost.
    mutating func noteRecords() {
        if self.page.generation == 0 { Self.assumeTheWorst(of: &self.page) }
    }

    /// Notes where the log begins, if the page that knew it may be lost: every page written from now on says it.
    mutating func noteFirst(_ base: Offset) {
        if self.isPageLost { self.page.retained = max(self.page.retained, base) }
    }

    /// Whether a page of whatever version ends in its own checksum.
    private static func isWhole(_ page: RawSpan) -> Bool {
        let end = MetaPage.count - 4
        return page.loadLittleEndian(end, as: UInt32.self)
            == Checksum.crc32c(page.slice(0, end))
    }

    /// Takes the lock of the file. It guards the log even if somebody removed `LOCK`, because without `meta`
    /// there is no log.
    func lock(_ directory: LogDirectory) throws(StorageError) {
        guard try self.file.tryLock() else {
            throw StorageError(
                .locked,
                "another Livelog server has this data directory open, although its file LOCK was removed: "
                    + "stop it, or choose another directory", path: directory.path)
        }
    }

    /// Writes a changed page over the older one and waits until it is on the disk.
    ///
    /// The first time it writes the current page once more before: after an earlier failure to sync the page
    /// cache can hold a page that the disk does not, and then the older page is the only one that there is.
    mutating func update(_ change: (inout MetaPage) -> Void) throws(StorageError) {
        if let unsettled {
            try self.file.write(unsettled.span.bytes, at: Self.position(of: self.page))
            try self.file.synchronize()
            self.unsettled = nil
        }
        var next = self.page
        change(&next)
        next.generation += 1
        try self.file.write(next.bytes.span.bytes, at: Self.position(of: next))
        try self.file.synchronize()
        self.page = next
    }

    private static func position(of page: MetaPage) -> Int {
        Int(page.generation % 2) * MetaPage.count
    }
}
