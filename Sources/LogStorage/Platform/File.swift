import Glibc

/// An open file. Closed when it goes out of scope.
///
/// Every system call of the log goes through this file and `Directory.swift`: interrupted calls are
/// repeated, errors that a defect of ours would cause end the process, all others are thrown with the
/// call's name and the path.
struct File: ~Copyable {
    let path: String
    private let descriptor: CInt

    /// How to open.
    enum Mode {
        case read
        case readWrite
        /// Fails if the file exists.
        case create
        case createOrOpen
        /// A directory, to sync it.
        case directory

        var flags: CInt {
            switch self {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .create: O_RDWR | O_CREAT | O_EXCL
            case .createOrOpen: O_RDWR | O_CREAT
            case .directory: O_RDONLY | O_DIRECTORY
            }
        }
    }

    init(_ path: String, _ mode: Mode) throws(StorageError) {
        self.path = path
        self.descriptor = try SystemCall.run("open", path) {
            open(path, mode.flags | O_CLOEXEC | O_NOFOLLOW, 0o640)
        }
    }

    deinit {
        // A child process between fork and exec has a copy of the descriptor: a lock must not wait for it.
        flock(self.descriptor, LOCK_UN)
        close(self.descriptor)
    }

    /// Bytes of the file.
    func count() throws(StorageError) -> Int {
        var status = stat()
        try SystemCall.run("fstat", self.path) { fstat(self.descriptor, &status) }
        return Int(status.st_size)
    }

    /// Reads up to `count` bytes from `position`; fewer only at the end of the file.
    func read(at position: Int, count: Int) throws(StorageError) -> [UInt8] {
        var failure: StorageError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(StorageError) {
                while filled < count {
                    let rest = UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                    let got = try SystemCall.run("pread", self.path) {
                        pread(self.descriptor, rest.baseAddress, rest.count, position + filled)
                    }
                    if got == 0 { break }
                    filled += got
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all of `bytes` at `position`.
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

    /// Waits until all that was written is on the disk. After an error nothing is known of what is.
    func synchronize() throws(StorageError) {
        try SystemCall.run("fdatasync", self.path) { fdatasync(self.descriptor) }
    }

    /// Takes the file's bytes out of the page cache, as far as they are clean and nobody has them mapped: what
    /// is read or written next meets the disk.
    func forgetCache() {
        // An advice: it has no failure that matters.
        posix_fadvise(self.descriptor, 0, 0, POSIX_FADV_DONTNEED)
    }

    /// Waits until all of the file, or all names in the directory, are on the disk.
    func synchronizeAll() throws(StorageError) {
        try SystemCall.run("fsync", self.path) { fsync(self.descriptor) }
    }

    /// Reserves the file's first `count` bytes: later writes into them need no space.
    func reserve(_ count: Int) throws(StorageError) {
        // It gives its error instead of setting `errno`. Where the file system knows fallocate(2) it is that.
        var number = EINTR
        while number == EINTR { number = posix_fallocate(self.descriptor, 0, count) }
        if number != 0 { throw SystemCall.error("posix_fallocate", self.path, number) }
    }

    /// Takes the exclusive lock of the file, which the kernel releases when the process ends, however it
    /// ends. Returns false if somebody else has it.
    func tryLock() throws(StorageError) -> Bool {
        while flock(self.descriptor, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            if number == EWOULDBLOCK { return false }
            if number != EINTR { throw SystemCall.error("flock", self.path, number) }
        }
        return true
    }

    /// Replaces what is in the file, which is for people to read.
    func replace(with text: String) throws(StorageError) {
        try SystemCall.run("ftruncate", self.path) { ftruncate(self.descriptor, 0) }
        try self.write(Array(text.utf8).span.bytes, at: 0)
    }

    /// Maps the file's first `count` bytes for reading.
    func map(count: Int) throws(StorageError) -> Mapping {
        guard
            let base = mmap(nil, count, PROT_READ, MAP_SHARED, self.descriptor, 0),
            base != MAP_FAILED
        else { throw SystemCall.error("mmap", self.path, errno) }
        return Mapping(UnsafeRawBufferPointer(start: base, count: count))
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
