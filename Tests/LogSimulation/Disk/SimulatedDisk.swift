package import LogFormat
package import LogStorage
import TestSupport

/// A disk in memory that can lose what a real one can lose: unsynced bytes and names, at the end of the
/// process or of the power, between any two operations and in the middle of one.
///
/// Every operation is one numbered step. At the step ``diesAt`` the process dies: that operation happens
/// wholly, in part or not at all, and every later one throws and changes nothing until ``endProcess()``.
///
/// All decisions come from the seed: the same calls give the same results.
///
/// `@unchecked Sendable` because a simulation uses one disk on one thread.
package final class SimulatedDisk: Disk, @unchecked Sendable {
    /// What the disk says was done and was not: planted bugs, of which each must be found out.
    package enum Lie: String, Sendable, CaseIterable {
        /// Syncing a file does nothing.
        case noSync
        /// Syncing a directory does nothing.
        case noDirectorySync
        /// A failed sync is reported as done.
        case syncErrorSwallowed
        /// A write that ended early is reported as whole.
        case shortWriteTakenForWhole
        /// Reserving gives a file its length and takes no space.
        case reservesNothing
    }

    enum Verdict {
        case normal
        case failing
        case dying
    }

    /// A change of names that a loss of power may undo.
    private enum NameChange {
        case link(String, FileImage)
        case rename(String, String)
        case unlink(String)
    }

    /// What happened.
    package let trace: Trace
    let lies: Set<Lie>
    var random: SeededGenerator
    private var secrets: SeededGenerator
    private let space: FreeSpace
    private var fileCount = 0
    private var directories: [String] = []
    private var names: [String: FileImage] = [:]
    private var durableNames: [String: FileImage] = [:]
    private var nameChanges: [NameChange] = []
    private var boot: LogIdentity

    /// How many processes have used the disk before this one.
    private(set) var process = 0
    /// How many operations there were.
    package private(set) var stepCount = 0
    /// The operation at which the process dies.
    package var diesAt: Int?
    /// Whether the process is dead.
    package private(set) var isDead = false
    /// How many of a thousand operations fail.
    package var faultsPerThousand = 0
    /// What fails the next time that it is asked for.
    package var armed: DiskStep.Kind?
    /// How many operations failed by plan.
    package private(set) var faultCount = 0
    /// The last operation that failed by plan or that the process died in.
    package private(set) var lastFault: DiskStep?

    /// Creates an empty disk with `freeByteCount` bytes.
    package init(
        seed: UInt64, freeByteCount: Int = 1 << 40, lies: Set<Lie> = [], trace: Trace = Trace()
    ) {
        self.random = SeededGenerator(seed: seed)
        self.secrets = SeededGenerator(seed: seed ^ 0x5ec2_e75e_ed00_0001)
        self.boot = LogIdentity(low: self.secrets.next(), high: self.secrets.next())
        self.space = FreeSpace(freeByteCount)
        self.lies = lies
        self.trace = trace
    }

    /// Bytes that can still be reserved.
    package var freeByteCount: Int {
        get { self.space.byteCount }
        set { self.space.byteCount = newValue }
    }

    // MARK: - Steps

    /// Begins an operation and decides how it goes. Throws if the process is dead.
    func begin(
        _ kind: DiskStep.Kind, _ path: String, _ position: Int = 0, _ count: Int = 0
    ) throws(StorageError) -> Verdict {
        guard !self.isDead else { throw self.death(kind, path) }
        self.stepCount += 1
        var verdict = Verdict.normal
        if self.stepCount == self.diesAt {
            verdict = .dying
            self.isDead = true
        } else if self.armed == kind {
            verdict = .failing
            self.armed = nil
        } else if self.faultsPerThousand > 0,
            self.random.chance(self.faultsPerThousand, in: 1000)
        {
            verdict = .failing
        }
        let outcome: DiskStep.Outcome =
            switch verdict {
            case .normal: .done
            case .failing: .failing
            case .dying: .dying
            }
        let step = DiskStep(
            number: self.stepCount, kind: kind, path: path, position: position, count: count,
            outcome: outcome)
        self.trace.note(step)
        if verdict != .normal { self.lastFault = step }
        if verdict == .failing { self.faultCount += 1 }
        return verdict
    }

    /// Throws what an operation with this verdict throws in the end.
    func end(_ verdict: Verdict, _ kind: DiskStep.Kind, _ path: String) throws(StorageError) {
        switch verdict {
        case .normal: return
        case .failing:
            throw StorageError(.io, "\(kind.rawValue): the medium has a fault", path: path)
        case .dying: throw self.death(kind, path)
        }
    }

    /// How much of `count` bytes is written.
    func part(of count: Int, _ verdict: Verdict) -> Int {
        switch verdict {
        case .normal: count
        case .failing: self.random.below(count + 1)
        case .dying: self.random.pick([0, count, self.random.below(count + 1)])
        }
    }

    func full(_ kind: DiskStep.Kind, _ path: String) -> StorageError {
        StorageError(.diskFull, "\(kind.rawValue): no space is left", path: path)
    }

    private func death(_ kind: DiskStep.Kind, _ path: String) -> StorageError {
        StorageError(.io, "\(kind.rawValue): the process is dead", path: path)
    }

    /// Whether a change of names that goes as `verdict` says happens.
    private func happens(_ verdict: Verdict) -> Bool {
        verdict == .normal || self.random.chance(1, in: 2)
    }

    // MARK: - Names

    package func open(_ path: String, _ mode: OpenMode) throws(StorageError) -> any DiskFile {
        if mode == .directory {
            try self.end(try self.begin(.open, path), .open, path)
            guard self.directories.contains(path) else { throw self.missing(path) }
            return SimulatedFile(path, nil, on: self)
        }
        if let image = self.names[path] {
            try self.end(try self.begin(.open, path), .open, path)
            guard mode != .create else {
                throw StorageError(.io, "open: the file exists", path: path)
            }
            return SimulatedFile(path, image, on: self)
        }
        guard mode == .create || mode == .createOrOpen else {
            try self.end(try self.begin(.open, path), .open, path)
            throw self.missing(path)
        }
        let verdict = try self.begin(.create, path)
        if verdict == .failing { try self.end(verdict, .create, path) }
        guard self.happens(verdict) else { throw self.death(.create, path) }
        self.fileCount += 1
        let image = FileImage(number: self.fileCount, space: self.space)
        self.change(.link(path, image))
        try self.end(verdict, .create, path)
        return SimulatedFile(path, image, on: self)
    }

    package func createDirectory(_ path: String) throws(StorageError) {
        try self.end(try self.begin(.createDirectory, path), .createDirectory, path)
        if !self.directories.contains(path) { self.directories.append(path) }
    }

    package func names(in path: String) throws(StorageError) -> [String] {
        try self.end(try self.begin(.names, path), .names, path)
        guard self.directories.contains(path) else { throw self.missing(path) }
        return self.names.keys.filter { Self.directory(of: $0) == path }
            .map { String($0.dropFirst(path.utf8.count + 1)) }.sorted()
    }

    package func rename(_ old: String, to new: String) throws(StorageError) {
        let verdict = try self.begin(.rename, old)
        guard self.names[old] != nil else { throw self.missing(old) }
        if self.happens(verdict) { self.change(.rename(old, new)) }
        try self.end(verdict, .rename, old)
    }

    /// Links are for mending, which is not simulated.
    package func link(_ path: String, as other: String) throws(StorageError) {
        throw StorageError(.io, "operation not supported", path: other)
    }

    package func remove(_ path: String) throws(StorageError) {
        let verdict = try self.begin(.remove, path)
        guard self.names[path] != nil else { throw self.missing(path) }
        if self.happens(verdict) { self.change(.unlink(path)) }
        try self.end(verdict, .remove, path)
    }

    package func exists(_ path: String) -> Bool {
        self.names[path] != nil || self.directories.contains(path)
    }

    package func bootIdentity() throws(StorageError) -> LogIdentity { self.boot }

    package func randomNumber() -> UInt64 { self.secrets.next() }

    private func missing(_ path: String) -> StorageError {
        StorageError(.io, "no such file or directory", path: path)
    }

    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    private func change(_ change: NameChange) {
        Self.apply(change, to: &self.names)
        self.nameChanges.append(change)
    }

    private static func apply(_ change: NameChange, to names: inout [String: FileImage]) {
        switch change {
        case .link(let path, let image): names[path] = image
        case .unlink(let path): names[path] = nil
        case .rename(let old, let new):
            guard let image = names.removeValue(forKey: old) else { return }
            names[new] = image
        }
    }

    /// Makes the names in a directory durable, as a journal does: in the order of the changes.
    func synchronizeNames(in path: String, _ verdict: Verdict) {
        guard !self.lies.contains(.noDirectorySync) else { return }
        self.keepNames(
            verdict == .normal
                ? self.nameChanges.count : self.random.below(self.nameChanges.count + 1))
    }

    private func keepNames(_ count: Int) {
        for change in self.nameChanges.prefix(count) {
            Self.apply(change, to: &self.durableNames)
        }
        self.nameChanges.removeFirst(count)
    }

    // MARK: - What can happen to it

    /// All files that have a name, or had one that a loss of power can bring back.
    private var images: [FileImage] {
        var images = Array(self.names.values) + Array(self.durableNames.values)
        for case .link(_, let image) in self.nameChanges { images.append(image) }
        images.sort { $0.number < $1.number }
        var last = 0
        return images.filter { image in
            defer { last = image.number }
            return image.number != last
        }
    }

    /// The kernel writes some dirty sectors, and perhaps some names, without having been asked to.
    package func writeBack() {
        for image in self.images { image.writeBack(&self.random) }
        if self.random.chance(1, in: 2), !self.lies.contains(.noDirectorySync) {
            self.keepNames(self.random.below(self.nameChanges.count + 1))
        }
    }

    /// The process is gone, and with it its locks. Nothing that was written is lost.
    package func endProcess() {
        self.process += 1
        self.isDead = false
        self.diesAt = nil
        self.armed = nil
        for image in self.images { image.lockOwner = nil }
    }

    /// The kernel drops clean pages from its cache: after a failed sync also such as the medium does not have.
    package func evict() {
        for image in self.images { image.evict(&self.random) }
    }

    /// The machine stops, and starts again.
    package func losePower() {
        let loss = self.random.pick(FileImage.Loss.allCases)
        for image in self.images {
            // Each file its own, so that one is newer than another.
            let own =
                self.random.chance(1, in: 4) ? self.random.pick(FileImage.Loss.allCases) : loss
            image.losePower(own, &self.random)
        }
        let count = self.nameChanges.count
        self.keepNames(self.random.pick([0, count, self.random.below(count + 1)]))
        self.nameChanges.removeAll()
        self.names = self.durableNames
        self.boot = LogIdentity(low: self.secrets.next(), high: self.secrets.next())
    }

    // MARK: - For tests

    /// The names in a directory, without a step.
    package func listing(of path: String) -> [String] {
        self.names.keys.filter { Self.directory(of: $0) == path }
            .map { String($0.dropFirst(path.utf8.count + 1)) }.sorted()
    }

    /// What the cache has of a file, without a step; nil if there is no such file.
    package func contents(of path: String) -> [UInt8]? {
        self.names[path].map { $0.read(0..<$0.count) }
    }

    /// Whether a loss of power now could change the file.
    package func hasUnsynchronizedBytes(_ path: String) -> Bool {
        self.names[path]?.hasUnsynchronizedBytes ?? false
    }

    /// Changes one bit of a file on the medium and in the cache. Doing it again undoes it.
    package func flip(bit: Int, ofByte position: Int, in path: String) {
        self.names[path]?.flip(bit: bit, ofByte: position)
    }

    /// Takes a file away, durably and without a step, as somebody does who tidies up.
    package func erase(_ path: String) {
        self.names[path] = nil
        self.durableNames[path] = nil
        self.nameChanges.removeAll { change in
            switch change {
            case .link(let name, _), .unlink(let name): name == path
            case .rename(_, let name): name == path
            }
        }
    }
}
