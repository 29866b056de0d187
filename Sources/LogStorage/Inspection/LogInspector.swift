import LogFormat
import LogModel

/// Looks at a log's directory from outside: takes no lock, writes nothing and repairs nothing, so that it is
/// safe while another process appends, seals, compresses and removes.
///
/// What it can rely on then:
/// - bytes of records that were whole once never change, and neither does a sealed segment;
/// - a file that was opened stays readable, also if its name goes;
/// - a name that was there and is gone was taken away by maintenance: the segment has another form now, or is
///   below `meta`'s `retained`. Looking again shows which.
///
/// Files of segments are read and not mapped, because damage to the medium is then an error and not a signal.
package struct LogInspector: Sendable {
    /// Where the log is.
    package let directory: LogDirectory

    /// How often it looks again before it takes for a fact what could be a change in between.
    static let attempts = 10

    /// Looks at `directory`, and at nothing yet.
    package init(_ directory: LogDirectory) {
        self.directory = directory
    }

    /// The file `name`, or nil if there is none (any more).
    func open(_ name: String) throws(StorageError) -> (any DiskFile)? {
        do throws(StorageError) {
            return try self.directory.open(name, .read)
        } catch {
            if !self.directory.has(name) { return nil }
            throw error
        }
    }

    /// All bytes of the file `name`, or nil if there is none (any more).
    func bytes(_ name: String) throws(StorageError) -> [UInt8]? {
        var memory: [UInt8] = []
        return try self.bytes(name, reusing: &memory)
    }

    /// The same in the memory of `memory`, which is empty then.
    func bytes(_ name: String, reusing memory: inout [UInt8]) throws(StorageError) -> [UInt8]? {
        guard let file = try self.open(name) else { return nil }
        var bytes: [UInt8] = []
        swap(&bytes, &memory)
        try file.read(at: 0, count: try file.count(), into: &bytes)
        return bytes
    }

    /// What the file `meta` says. A page that is being written just now is read again.
    ///
    /// Throws `notALog` if there is no such file, `corrupt` if no page of it is valid.
    package func meta() throws(StorageError) -> MetaPages {
        var last: [UInt8]?
        while true {
            guard let bytes = try self.bytes(MetaFile.name) else {
                throw StorageError(
                    .notALog,
                    "the directory holds no file \(MetaFile.name) and so no log that can be read: name "
                        + "another directory, or restore the file from a copy",
                    path: self.directory.path)
            }
            do throws(FormatError) {
                let pages = try MetaPages(bytes)
                if pages.failures.isEmpty || bytes == last { return pages }
            } catch {
                if bytes == last {
                    throw StorageError(
                        .corrupt,
                        "neither page of the log's meta file is valid (\(error.message)): restore it "
                            + "from a copy", path: self.directory.path(of: MetaFile.name),
                        position: error.position)
                }
            }
            last = bytes
        }
    }

    /// What files there are, and `meta`, so that both are true of one moment as far as matters: what was below
    /// `retained` may be gone, and nothing else.
    package func listing() throws(StorageError) -> LogListing {
        var found = try self.list()
        for _ in 0..<Self.attempts {
            let again = try self.list()
            if again.hasSameSegments(as: found) { return again }
            found = again
        }
        return found
    }

    private func list() throws(StorageError) -> LogListing {
        let before = try self.meta()
        let names = try self.directory.names()
        let inventory = try Inventory(self.directory, retained: before.newest.retained)
        let after = try self.meta()
        return LogListing(inventory, names: names, before: before, after: after)
    }
}

/// What a log's directory held at one moment.
package struct LogListing: Sendable {
    /// One segment.
    struct Item: Hashable, Sendable {
        let base: Offset
        let isCold: Bool

        /// The name of the file that counts.
        var name: String {
            self.isCold ? ColdFile.name(base: self.base) : SegmentFile.name(base: self.base)
        }
    }

    /// What `meta` said before the directory was read. Everything that it calls durable was there.
    package let meta: MetaPages
    private let metaAfter: MetaPages
    /// The segments, ascending.
    let segments: [Item]
    /// The names of runs of keys.
    let keyRuns: [String]
    /// Whether there is a run of what was removed.
    let hasRemovedRun: Bool
    /// The names of files that nobody needs.
    package let leftovers: [String]
    /// The names of files that no log has.
    package let strangers: [String]
    let inventory: Inventory

    init(_ inventory: Inventory, names: [String], before: MetaPages, after: MetaPages) {
        self.inventory = inventory
        self.meta = before
        self.metaAfter = after
        self.segments = inventory.segments.map { Item(base: $0.base, isCold: $0.isCold) }
        self.keyRuns = inventory.keyRuns
        self.hasRemovedRun = inventory.hasRemovedRun
        self.leftovers = inventory.leftovers
        self.strangers = names.filter { name in
            name != MetaFile.name && name != "LOCK" && name != RunFile.Name.removed
                && name != AsideFolder.name
                && !RunFile.Name.isKeys(name) && !name.hasSuffix(LogDirectory.temporarySuffix)
                && SessionJournalName.number(inName: name) == nil
                && SegmentFile.base(inName: name) == nil && ColdFile.base(inName: name) == nil
                && IndexFile.base(inName: name) == nil
        }
    }

    func hasSameSegments(as other: LogListing) -> Bool {
        self.segments.map(\.base) == other.segments.map(\.base)
            && self.meta.newest.generation == other.metaAfter.newest.generation
            && self.meta.newest.generation == self.metaAfter.newest.generation
    }
}
