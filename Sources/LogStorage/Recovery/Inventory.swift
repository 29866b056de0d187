import LogModel

/// What files a log's directory holds, and which of them are what crashes leave behind:
///
/// | found | because | |
/// | --- | --- | --- |
/// | a temporary file | it was being written | leftover |
/// | files below `retained` | retention was interrupted | leftover |
/// | a segment and its cold form | compression, or its undoing, was interrupted | the cold one counts |
/// | an index without a segment | retention was interrupted | leftover |
struct Inventory {
    /// One segment.
    struct Item {
        let base: Offset
        let isCold: Bool
    }

    /// The segments, ascending.
    private(set) var segments: [Item] = []
    /// The names of runs of keys.
    private(set) var keyRuns: [String] = []
    /// Whether there is a run of what was removed.
    private(set) var hasRemovedRun = false
    /// The names of files that nobody needs.
    private(set) var leftovers: [String] = []

    /// Looks through the directory and changes nothing.
    init(_ directory: LogDirectory, retained: Offset) throws(StorageError) {
        var hot: Set<Offset> = []
        var cold: Set<Offset> = []
        var indexes: [Offset] = []
        for name in try directory.names() {
            if name.hasSuffix(LogDirectory.temporarySuffix) {
                self.leftovers.append(name)
            } else if let base = SegmentFile.base(inName: name) {
                hot.insert(base)
            } else if let base = ColdFile.base(inName: name) {
                cold.insert(base)
            } else if let base = IndexFile.base(inName: name) {
                indexes.append(base)
            } else if RunFile.Name.isKeys(name) {
                self.keyRuns.append(name)
            } else if name == RunFile.Name.removed {
                self.hasRemovedRun = true
            }
        }
        for base in hot.union(cold).sorted() {
            let isCold = cold.contains(base)
            if base < retained {
                if isCold { self.leftovers.append(ColdFile.name(base: base)) }
                if hot.contains(base) { self.leftovers.append(SegmentFile.name(base: base)) }
                continue
            }
            if isCold && hot.contains(base) {
                self.leftovers.append(SegmentFile.name(base: base))
            }
            self.segments.append(Item(base: base, isCold: isCold))
        }
        for base in indexes
        where base < retained || !(hot.contains(base) || cold.contains(base)) {
            self.leftovers.append(IndexFile.name(base: base))
        }
    }
}
