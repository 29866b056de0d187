import LogFormat
import LogModel
import Synchronization

/// What the writer and the maintenance of an open log have in common.
final class LogCore: Sendable {
    let directory: LogDirectory
    let options: LogOptions
    let log: ChangeLog
    /// Decompressed blocks of cold segments.
    let blocks: BlockCache
    /// The file of the next segment.
    let reserve: SegmentReserve
    private let lock: DirectoryLock
    private let meta: Mutex<MetaFile>
    private let hasFailed = Atomic(false)
    private let failure = Mutex<StorageError?>(nil)

    init(
        directory: LogDirectory, options: LogOptions, log: ChangeLog, blocks: BlockCache,
        lock: DirectoryLock, meta: consuming sending MetaFile
    ) {
        self.directory = directory
        self.options = options
        self.log = log
        self.blocks = blocks
        self.reserve = SegmentReserve(directory)
        self.lock = lock
        self.meta = Mutex(meta)
    }

    /// Changes the meta page, durably.
    func updateMeta(_ change: (inout MetaPage) -> Void) throws(StorageError) {
        let result = self.meta.withLock { meta -> Result<Void, StorageError> in
            do throws(StorageError) {
                try meta.update(change)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Whether no write or sync has failed.
    var isHealthy: Bool { !self.hasFailed.load(ordering: .acquiring) }

    /// Throws `poisoned` if a write or sync has failed before: then nobody knows what is on the disk, and
    /// nothing is acknowledged any more in this process.
    func checkHealth() throws(StorageError) {
        if self.isHealthy { return }
        if let failure = self.failure.withLock({ $0 }) { throw Self.poisoned(by: failure) }
    }

    /// Ends the log's life as one that is written to.
    func poison(_ error: StorageError) -> StorageError {
        let first = self.failure.withLock { failure in
            failure = failure ?? error
            return failure ?? error
        }
        self.hasFailed.store(true, ordering: .releasing)
        return Self.poisoned(by: first)
    }

    /// The same, and a failure ends the log's life as one that is written to.
    func updateMetaOrFail(_ change: (inout MetaPage) -> Void) throws(StorageError) {
        do throws(StorageError) {
            try self.updateMeta(change)
        } catch {
            throw self.poison(error)
        }
    }

    /// The index of the segment at `base`, in a file that is opened when it is needed.
    func index(of base: Offset, binding: SegmentDigest) -> SealedIndex {
        SealedIndex(base, binding: binding, hasher: self.log.hasher, in: self.directory)
    }

    /// Opens the cold segment at `base`.
    func openCold(base: Offset) throws(StorageError) -> ColdSegment {
        try ColdFile.open(base: base, in: self.directory, cache: self.blocks)
    }

    /// Removes all files of the segment at `base`.
    func removeFiles(base: Offset) throws(StorageError) {
        try SegmentFile.removeAll(base: base, in: self.directory)
    }

    /// Writes what `sources` have together as one run, durably, and opens it.
    func writeRun(
        _ name: String, kind: HashKind, first: Offset, end: Offset, _ sources: [RunSource]
    ) throws(StorageError) -> RunFile {
        try self.directory.write(name) { file throws(StorageError) in
            var writer = RunWriter(
                identity: self.log.identity, kind: kind, first: first, end: end,
                entryCountMax: sources.reduce(0) { $0 + $1.countMax })
            let sink = { (bytes: RawSpan, position: Int) throws(StorageError) in
                try file.write(bytes, at: position)
            }
            try mergeRuns(sources) { entry throws(StorageError) in
                try writer.add(entry, to: sink)
            }
            try writer.finish(to: sink)
        }
        guard
            let run = try RunFile.open(name, in: self.directory, identity: self.log.identity)
        else {
            throw StorageError(
                .io, "a run that was written just now cannot be read",
                path: self.directory.path(of: name))
        }
        return run
    }

    private static func poisoned(by error: StorageError) -> StorageError {
        StorageError(
            .poisoned,
            "the log takes no more appends since a write failed: \(error.message); what is on the disk is "
                + "only known after a restart", path: error.path)
    }
}
