import Glibc
package import LogFormat

/// The machine's own disk.
///
/// Every system call of the log goes through this file: interrupted calls are repeated, errors that a defect
/// of ours would cause end the process, all others are thrown with the call's name and the path.
package struct SystemDisk: Disk {
    /// The machine's disk.
    package init() {}

    package func open(_ path: String, _ mode: OpenMode) throws(StorageError) -> any DiskFile {
        try SystemFile(path, mode)
    }

    package func createDirectory(_ path: String) throws(StorageError) {
        var built = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            built += part
            if !self.exists(built) {
                try SystemCall.run("mkdir", built) { mkdir(built, 0o750) }
                // The entry of a new directory is in its parent.
                try self.synchronize(directory: Self.parent(of: built))
            }
            built += "/"
        }
    }

    package func names(in path: String) throws(StorageError) -> [String] {
        guard let stream = opendir(path) else { throw SystemCall.error("opendir", path, errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    package func rename(_ old: String, to new: String) throws(StorageError) {
        try SystemCall.run("rename", old) { Glibc.rename(old, new) }
    }

    package func link(_ path: String, as other: String) throws(StorageError) {
        try SystemCall.run("link", other) { Glibc.link(path, other) }
    }

    package func remove(_ path: String) throws(StorageError) {
        try SystemCall.run("unlink", path) { unlink(path) }
    }

    package func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    package func bootIdentity() throws(StorageError) -> LogIdentity {
        let file = try SystemFile("/proc/sys/kernel/random/boot_id", .read)
        let digits = try file.read(at: 0, count: 64).filter { $0 != UInt8(ascii: "-") }
        let text = String(decoding: digits, as: UTF8.self)
        guard
            let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.dropFirst(16).prefix(16), radix: 16)
        else {
            throw StorageError(.io, "the system's boot identity is not a UUID", path: file.path)
        }
        return LogIdentity(low: low, high: high)
    }

    package func randomNumber() -> UInt64 {
        UInt64.random(in: 0...UInt64.max)
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// An open file of the machine.
private final class SystemFile: DiskFile {
    let path: String
    private let descriptor: CInt

    init(_ path: String, _ mode: OpenMode) throws(StorageError) {
        let flags =
            switch mode {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .create: O_RDWR | O_CREAT | O_EXCL
            case .createOrOpen: O_RDWR | O_CREAT
            case .directory: O_RDONLY | O_DIRECTORY
            }
        self.path = path
        self.descriptor = try SystemCall.run("open", path) {
            open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o640)
        }
    }

    deinit {
        // A child process between fork and exec has a copy of the descriptor: a lock must not wait for it.
        flock(self.descriptor, LOCK_UN)
        close(self.descriptor)
    }

    func count() throws(StorageError) -> Int {
        var status = stat()
        try SystemCall.run("fstat", self.path) { fstat(self.descriptor, &status) }
        return Int(status.st_size)
    }

    func read(at position: Int, count: Int) throws(StorageError) -> [UInt8] {
        var result = Result<Int, StorageError>.success(0)
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            result = self.fill(UnsafeMutableRawBufferPointer(buffer), from: position)
            filled = (try? result.get()) ?? 0
        }
        _ = try result.get()
        return bytes
    }

    func read(at position: Int, count: Int, into bytes: inout [UInt8]) throws(StorageError) {
        guard bytes.count == count else {
            bytes = try self.read(at: position, count: count)
            return
        }
        let result = bytes.withUnsafeMutableBytes { self.fill($0, from: position) }
        bytes.removeLast(count - (try result.get()))
    }

    /// Reads until `memory` is full or the file at its end, and gives the number of bytes.
    private func fill(
        _ memory: UnsafeMutableRawBufferPointer, from position: Int
    ) -> Result<Int, StorageError> {
        var filled = 0
        do throws(StorageError) {
            while filled < memory.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
                let got = try SystemCall.run("pread", self.path) {
                    pread(self.descriptor, rest.baseAddress, rest.count, position + filled)
                }
                if got == 0 { break }
                filled += got
            }
            return .success(filled)
        } catch {
            return .failure(error)
        }
    }

    func write(_ bytes: RawSpan, at position: Int) throws(StorageError) {
        var done = 0
        while done < bytes.byteCount {
            let rest = bytes.extracting(droppingFirst: done)
            done += try SystemCall.run("pwrite", self.path) {
                rest.withUnsafeBytes {
                    pwrite(self.descriptor, $0.baseAddress, $0.count, position + done)
                }
            }
        }
    }

    func synchronize() throws(StorageError) {
        try SystemCall.run("fdatasync", self.path) { fdatasync(self.descriptor) }
    }

    func forgetCache(from position: Int) {
        // An advice: it has no failure that matters.
        posix_fadvise(self.descriptor, position, 0, POSIX_FADV_DONTNEED)
    }

    func synchronizeAll() throws(StorageError) {
        try SystemCall.run("fsync", self.path) { fsync(self.descriptor) }
    }

    func reserve(_ count: Int) throws(StorageError) {
        // It gives its error instead of setting `errno`. Where the file system knows fallocate(2) it is that.
        var number = EINTR
        while number == EINTR { number = posix_fallocate(self.descriptor, 0, count) }
        if number != 0 { throw SystemCall.error("posix_fallocate", self.path, number) }
    }

    func tryLock() throws(StorageError) -> Bool {
        while flock(self.descriptor, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            if number == EWOULDBLOCK { return false }
            if number != EINTR { throw SystemCall.error("flock", self.path, number) }
        }
        return true
    }

    func replace(with text: String) throws(StorageError) {
        try SystemCall.run("ftruncate", self.path) { ftruncate(self.descriptor, 0) }
        try self.write(Array(text.utf8).span.bytes, at: 0)
    }

    func map(count: Int) throws(StorageError) -> Mapping {
        guard
            let base = mmap(nil, count, PROT_READ, MAP_SHARED, self.descriptor, 0),
            base != MAP_FAILED
        else { throw SystemCall.error("mmap", self.path, errno) }
        let bytes = UnsafeRawBufferPointer(start: base, count: count)
        return Mapping(bytes) { munmap(base, count) }
    }
}

/// The one place that turns a system call's result into a value or an error.
enum SystemCall {
    /// Runs `call` until it is not interrupted; throws if it returns a negative number.
    @discardableResult
    static func run<Result: SignedInteger>(
        _ name: StaticString, _ path: String, _ call: () -> Result
    ) throws(StorageError) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            let number = errno
            if number == EINTR { continue }
            throw self.error(name, path, number)
        }
    }

    static func error(_ name: StaticString, _ path: String, _ number: CInt) -> StorageError {
        // A descriptor or an address that is not ours is a defect, and going on would harm the log.
        precondition(number != EBADF && number != EFAULT, "\(name) of \(path): errno \(number)")
        let reason = String(cString: strerror(number))
        switch number {
        case ENOSPC, EDQUOT, EFBIG:
            return StorageError(
                .diskFull, "\(name): \(reason); free some space, appends then work again",
                path: path)
        default:
            return StorageError(.io, "\(name): \(reason)", path: path)
        }
    }
}
