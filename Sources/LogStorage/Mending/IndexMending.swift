import LogFormat
package import LogModel

/// Makes index files of a log again that are missing or damaged, or all of them.
package struct IndexMending {
    private let directory: LogDirectory
    /// What was taken away.
    package private(set) var aside: AsideFolder

    /// Prepares to mend the indexes of the log in `directory`.
    package init(_ directory: LogDirectory) {
        self.directory = directory
        self.aside = AsideFolder(directory)
    }

    /// The indexes that have to be made again, or all, by the base of their segments. Changes nothing.
    ///
    /// Throws why the log does not open: then it has to be repaired first.
    package func wanted(all: Bool) throws(StorageError) -> [Offset] {
        let inspector = LogInspector(self.directory)
        let plan = try inspector.repairPlan()
        if let refusal = plan.refusal { throw refusal }
        if all {
            return try inspector.openLog().segments.all.filter { $0.facts != nil }.map(\.base)
        }
        return plan.steps.filter { $0.kind == .rebuildIndex }.compactMap(\.offset)
    }

    /// Makes the indexes of the segments at `bases` again. `progress` is told of each.
    ///
    /// Throws `locked` while a server works on the log, `corrupt` if a record is damaged, or `io`.
    package mutating func rebuild(
        _ bases: [Offset], options: LogOptions, progress: (Offset) -> Void
    ) throws(StorageError) {
        let writer = try Recovery.open(self.directory, options: options).writer
        let log = writer.log
        for base in bases {
            guard let segment = log.segments.segment(of: base)?.segment, segment.base == base,
                let facts = segment.facts, let index = segment.sealed
            else { continue }
            progress(base)
            let bytes = try IndexFile.build(
                of: segment, facts: facts, binding: index.binding, hasher: log.hasher)
            try self.aside.move(IndexFile.name(base: base))
            try IndexFile.write(bytes, base: base, in: self.directory)
        }
        try writer.close()
    }
}
