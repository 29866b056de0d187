import LogFormat
import LogModel

/// Does what a ``RepairPlan`` says. What it takes away goes to the folder `aside`.
package struct LogRepair {
    private let directory: LogDirectory
    /// What was taken away.
    package private(set) var aside: AsideFolder

    /// Prepares to mend the log in `directory`.
    package init(_ directory: LogDirectory) {
        self.directory = directory
        self.aside = AsideFolder(directory)
    }

    /// Makes a log that does not open one that does, with everything before the first damage; and opens it once, which
    /// does the rest of what the plan says. The plan is made under the log's lock, and returned.
    ///
    /// A crash leaves a log for which it can be done again. Throws `locked` while a server works on the log;
    /// `corrupt` if nothing can be kept, or `meta` is damaged as a whole; `io`.
    package mutating func run(options: LogOptions) throws(StorageError) -> RepairPlan {
        let plan = try self.makeOpenable()
        let writer = try Recovery.open(self.directory, options: options).writer
        try writer.close()
        return plan
    }

    /// Does what has to be done before the log opens, under its lock.
    private mutating func makeOpenable() throws(StorageError) -> RepairPlan {
        let lock = try DirectoryLock(self.directory)
        defer { withExtendedLifetime(lock) {} }
        let plan = try LogInspector(self.directory).repairPlan()
        guard plan.refusal != nil else { return plan }
        guard let end = plan.end else {
            throw StorageError(
                .corrupt, "nothing of the log can be kept: restore it from a copy",
                path: self.directory.path)
        }
        try self.salvage(plan, end)
        return plan
    }

    /// The steps for a log that does not open. `meta` comes first: what it says afterwards is true of what was there
    /// as well, so that a crash leaves nothing that looks whole and is not.
    private mutating func salvage(_ plan: RepairPlan, _ end: Offset) throws(StorageError) {
        var meta = try MetaFile.open(in: self.directory)
        let lastBase = try self.lastBase(plan, end)
        let epoch = Recovery.newEpoch(self.directory)
        try meta.update { page in
            page.epoch = epoch
            // The opening finds out by itself what there is.
            page.durable = .zero
            page.durableChecksum = 0
            page.retained = max(page.retained, plan.first)
            page.activeBase = min(page.activeBase, lastBase)
            page.isClosedCleanly = false
            page.isVisibleAheadOfDurable = true
            page.boot = MetaFile.unknownBoot
        }
        for step in plan.steps {
            switch step.kind {
            case .moveAside:
                try self.aside.move(step.file)
                if let base = step.offset { try self.aside.move(IndexFile.name(base: base)) }
            case .cutAfterDamage:
                try self.aside.copy(step.file)
                if let position = step.position { try self.cut(step.file, from: position) }
            default: break
            }
        }
        try self.beginSegment(at: end, meta.page)
    }

    /// The base of the last segment that is kept.
    private func lastBase(_ plan: RepairPlan, _ end: Offset) throws(StorageError) -> Offset {
        let gone = Set(plan.steps.filter { $0.kind == .moveAside }.map(\.file))
        let listing = try LogInspector(self.directory).listing()
        return listing.segments.last { !gone.contains($0.name) }?.base ?? end
    }

    /// Fills the file with zeros from `position` on, its last page included: then it is one that is not sealed.
    private func cut(_ name: String, from position: Int) throws(StorageError) {
        let file = try self.directory.open(name, .readWrite)
        let zeros = [UInt8](repeating: 0, count: max(try file.count() - position, 0))
        try file.write(zeros.span.bytes, at: position)
        try file.synchronize()
    }

    /// A log does not end with a sealed segment: puts an empty one behind it.
    private func beginSegment(at end: Offset, _ meta: MetaPage) throws(StorageError) {
        let listing = try LogInspector(self.directory).listing()
        guard let last = listing.segments.last else { return }
        let sealed = try Recovery.openSealed(
            Inventory.Item(base: last.base, isCold: last.isCold), in: self.directory,
            blocks: BlockCache(byteCountMax: 0), hasher: GroupHasher(key: meta.hashKey))
        guard let facts = sealed?.facts else { return }
        let header = SegmentHeader(
            identity: meta.identity, epoch: meta.epoch, base: facts.end,
            fileCount: facts.header.fileCount, previousEpoch: facts.header.epoch,
            previousChecksum: facts.lastChecksum)
        try SegmentFile.writeEmpty(header, in: self.directory)
    }
}

extension SegmentFile {
    /// Writes a segment without records, durably.
    static func writeEmpty(
        _ header: SegmentHeader, in directory: LogDirectory
    ) throws(StorageError) {
        try directory.write(self.name(base: header.base)) { file throws(StorageError) in
            try file.reserve(Int(header.fileCount))
            try file.write(header.bytes.span.bytes, at: 0)
        }
    }
}
