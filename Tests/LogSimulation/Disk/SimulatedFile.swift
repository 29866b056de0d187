import LogFormat
import LogStorage

/// An open file of a ``SimulatedDisk``, or an open directory.
final class SimulatedFile: DiskFile, @unchecked Sendable {
    // `@unchecked Sendable` for the reason that the disk gives.

    let path: String
    private let disk: SimulatedDisk
    /// Nil for a directory.
    private let image: FileImage?
    private let process: Int

    init(_ path: String, _ image: FileImage?, on disk: SimulatedDisk) {
        self.path = path
        self.image = image
        self.disk = disk
        self.process = disk.process
    }

    deinit {
        if let image, image.lockOwner == ObjectIdentifier(self) { image.lockOwner = nil }
    }

    private func begin(
        _ kind: DiskStep.Kind, _ position: Int = 0, _ count: Int = 0
    ) throws(StorageError) -> (image: FileImage, verdict: SimulatedDisk.Verdict) {
        guard let image else { throw StorageError(.io, "this is a directory", path: self.path) }
        return (image, try self.begin(file: kind, position, count))
    }

    private func begin(
        file kind: DiskStep.Kind, _ position: Int, _ count: Int
    ) throws(StorageError) -> SimulatedDisk.Verdict {
        guard self.process == self.disk.process else {
            throw StorageError(.io, "the process that opened the file is gone", path: self.path)
        }
        return try self.disk.begin(kind, self.path, position, count)
    }

    func count() throws(StorageError) -> Int {
        let (image, verdict) = try self.begin(.count)
        try self.disk.end(verdict, .count, self.path)
        return image.count
    }

    func read(at position: Int, count: Int) throws(StorageError) -> [UInt8] {
        let (image, verdict) = try self.begin(.read, position, count)
        try self.disk.end(verdict, .read, self.path)
        return image.read(position..<position + count)
    }

    func write(_ bytes: RawSpan, at position: Int) throws(StorageError) {
        let (image, verdict) = try self.begin(.write, position, bytes.byteCount)
        let part = self.disk.part(of: bytes.byteCount, verdict)
        guard image.reserve(position + part) else { throw self.disk.full(.write, self.path) }
        bytes.withUnsafeBytes {
            image.write(UnsafeRawBufferPointer(rebasing: $0[..<part]), at: position)
        }
        if verdict == .failing, self.disk.lies.contains(.shortWriteTakenForWhole) { return }
        try self.disk.end(verdict, .write, self.path)
    }

    func synchronize() throws(StorageError) {
        let (image, verdict) = try self.begin(.synchronize)
        try self.synchronize(image, verdict, .synchronize)
    }

    func synchronizeAll() throws(StorageError) {
        if let image {
            let verdict = try self.begin(file: .synchronize, 0, 0)
            return try self.synchronize(image, verdict, .synchronize)
        }
        let verdict = try self.begin(file: .synchronizeNames, 0, 0)
        self.disk.synchronizeNames(in: self.path, verdict)
        if verdict == .failing, self.disk.lies.contains(.syncErrorSwallowed) { return }
        try self.disk.end(verdict, .synchronizeNames, self.path)
    }

    private func synchronize(
        _ image: FileImage, _ verdict: SimulatedDisk.Verdict, _ kind: DiskStep.Kind
    ) throws(StorageError) {
        switch verdict {
        case .normal: if !self.disk.lies.contains(.noSync) { image.synchronize() }
        case .failing:
            image.failToSynchronize(&self.disk.random)
            if self.disk.lies.contains(.syncErrorSwallowed) { return }
        case .dying: image.writeBack(&self.disk.random)
        }
        try self.disk.end(verdict, kind, self.path)
    }

    func forgetCache(from position: Int) {
        guard let image, self.process == self.disk.process, !self.disk.isDead else { return }
        image.forget(from: position, &self.disk.random)
    }

    func reserve(_ count: Int) throws(StorageError) {
        let (image, verdict) = try self.begin(.reserve, 0, count)
        if verdict != .normal { try self.disk.end(verdict, .reserve, self.path) }
        if !self.disk.lies.contains(.reservesNothing) {
            guard image.reserve(count) else { throw self.disk.full(.reserve, self.path) }
        }
        image.grow(to: count)
    }

    func tryLock() throws(StorageError) -> Bool {
        let (image, verdict) = try self.begin(.lock)
        try self.disk.end(verdict, .lock, self.path)
        if let owner = image.lockOwner, owner != ObjectIdentifier(self) { return false }
        image.lockOwner = ObjectIdentifier(self)
        return true
    }

    func replace(with text: String) throws(StorageError) {
        // Its length is not a part of the trace: the text names the process.
        let (image, verdict) = try self.begin(.replace)
        if verdict == .normal {
            image.truncate()
            let bytes = Array(text.utf8)
            bytes.withUnsafeBytes { image.write($0, at: 0) }
        }
        try self.disk.end(verdict, .replace, self.path)
    }

    func map(count: Int) throws(StorageError) -> Mapping {
        let (image, verdict) = try self.begin(.map, 0, count)
        try self.disk.end(verdict, .map, self.path)
        guard count <= image.count else {
            throw StorageError(.io, "the mapping is longer than the file", path: self.path)
        }
        let memory = image.cache
        image.mappingCount += 1
        return Mapping(UnsafeRawBufferPointer(memory.base[..<count].rebased)) {
            image.mappingCount -= 1
            withExtendedLifetime(memory) {}
        }
    }
}

extension Slice where Base == UnsafeMutableRawBufferPointer {
    fileprivate var rebased: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: self)
    }
}
