import LogFormat
package import LogModel

/// How many records the groups, keys and producers of a log have, from the directories of its indexes: no
/// record is read but those that give the names.
package struct HashTotals: Sendable {
    /// One group and its records.
    package struct Group: Hashable, Sendable {
        /// Which group.
        package let key: GroupKey
        /// How many records carry it, those that say that an instance left it included.
        package let recordCount: Int
    }

    /// The groups with the most records, those of models left out.
    package private(set) var groups: [Group] = []
    /// The models by their records.
    package private(set) var models: [Group] = []
    /// How many groups there are.
    package private(set) var groupCount = 0
    /// How many instances there were ever, as far as they are kept.
    package private(set) var keyCount = 0
    /// How many producers and idempotency keys there were.
    package private(set) var producerCount = 0

    /// More hashes than are wanted are remembered, because some of them are those of models.
    private static let spare = 256

    /// Counts what `log` has, and names the `limit` largest groups. Takes time in proportion to the entries of
    /// all indexes, and memory for those of segments that are not sealed.
    ///
    /// The directories are sorted by hash. So one slice of all hashes after the other is added up, a stretch of each
    /// directory, and nothing is remembered of it but its largest groups.
    ///
    /// What is damaged of segments that are not sealed is not counted. Throws `corrupt` if an index is of no use and the
    /// records are damaged.
    package init(_ log: ChangeLog, limit: Int) throws(StorageError) {
        let extents = Array(log.extents)
        let directories = try Processors.map(extents.count) { place throws(StorageError) in
            try HashDirectory(extents[place], hasher: log.hasher)
        }
        let slices = HashSlices(entryCount: directories.reduce(0) { $0 + $1.entryCount })
        let count = limit + Self.spare
        let parts = try Processors.map(Processors.count) { part throws(StorageError) in
            try SliceTotals(
                directories, slices, slices.part(part, of: Processors.count), limit: count)
        }
        let totals = parts.reduce(into: SliceTotals(limit: count)) { $0.add($1) }
        self.keyCount = totals.keyCount
        self.producerCount = totals.producerCount
        self.groupCount = totals.groupCount
        for tally in totals.largest.sorted() {
            guard let key = Self.name(of: tally, directories[tally.directory], log) else {
                continue
            }
            let group = Group(key: key, recordCount: tally.recordCount)
            if key.property.bytes.isEmpty {
                self.models.append(group)
            } else if self.groups.count < limit {
                self.groups.append(group)
            }
        }
    }

    /// Nil if the record that gives the name cannot be read.
    private static func name(
        of tally: GroupTally, _ directory: HashDirectory, _ log: ChangeLog
    ) -> GroupKey? {
        guard let offset = try? directory.lastRecord(ofEntry: tally.entry) else { return nil }
        return log.group(tally.hash, at: offset)
    }
}
