package import LogFormat

/// What a log stands on: files, their names, and what it has to know of the machine. The log does nothing to
/// the world but through this, so that a simulation can take the machine's place and lose what a machine can
/// lose.
///
/// What every implementation promises is what Linux does with a local file system:
/// - what was written is seen by every later read, and through mappings, at once;
/// - it survives the end of the process at once, and the loss of power only after ``DiskFile/synchronize()``;
/// - a created, renamed or removed name survives the loss of power only after a `synchronizeAll` of its
///   directory.
///
/// Errors are `diskFull` when space is wanting and `io` otherwise.
package protocol Disk: Sendable {
    /// Opens the file at `path`.
    func open(_ path: String, _ mode: OpenMode) throws(StorageError) -> any DiskFile
    /// Creates the directory at `path` and those above it that are missing, durably.
    func createDirectory(_ path: String) throws(StorageError)
    /// The names of what is in the directory, sorted.
    func names(in path: String) throws(StorageError) -> [String]
    /// Gives the file at `old` the name `new`, which takes the place of what had it.
    func rename(_ old: String, to new: String) throws(StorageError)
    /// Gives the file at `path` another name, `other`, which nothing has yet; both are the same file from then on.
    func link(_ path: String, as other: String) throws(StorageError)
    /// Removes the name `path`. Who has the file open or mapped keeps it.
    func remove(_ path: String) throws(StorageError)
    /// Whether there is anything at `path`.
    func exists(_ path: String) -> Bool
    /// Names this boot of the machine; a process that starts after a crash of another sees the same one.
    func bootIdentity() throws(StorageError) -> LogIdentity
    /// A number that nobody can guess.
    func randomNumber() -> UInt64
}

extension Disk {
    /// Makes created, renamed and removed names in a directory durable.
    func synchronize(directory: String) throws(StorageError) {
        try self.open(directory, .directory).synchronizeAll()
    }

    /// Two numbers that nobody can guess.
    func randomIdentity() -> LogIdentity {
        LogIdentity(low: self.randomNumber(), high: self.randomNumber())
    }
}

/// How a file is opened.
package enum OpenMode: Sendable {
    case read
    case readWrite
    /// Fails if the file exists.
    case create
    case createOrOpen
    /// A directory, to sync it.
    case directory
}

/// An open file. Closed, and its lock released, when the last reference goes.
package protocol DiskFile: AnyObject, Sendable {
    /// Where it was opened.
    var path: String { get }
    /// Bytes of the file.
    func count() throws(StorageError) -> Int
    /// Reads up to `count` bytes from `position`; fewer only at the end of the file.
    func read(at position: Int, count: Int) throws(StorageError) -> [UInt8]
    /// The same in the place of what is in `bytes`. Who reads one large stretch after the other saves the time to
    /// get and clear memory for each, if all have the same length.
    func read(at position: Int, count: Int, into bytes: inout [UInt8]) throws(StorageError)
    /// Writes all of `bytes` at `position`. After an error any part of them may have been written.
    func write(_ bytes: RawSpan, at position: Int) throws(StorageError)
    /// Waits until all that was written is on the disk. After an error nothing is known of what is.
    func synchronize() throws(StorageError)
    /// Takes the file's bytes from `position` on out of the page cache, as far as they are clean and nobody has
    /// them mapped: what is read or written next meets the disk.
    func forgetCache(from position: Int)
    /// Waits until all of the file, or all names in the directory, are on the disk.
    func synchronizeAll() throws(StorageError)
    /// Reserves the file's first `count` bytes, zeros where nothing was written: later writes into them need
    /// no space.
    func reserve(_ count: Int) throws(StorageError)
    /// Takes the exclusive lock of the file, which is released when the process ends, however it ends.
    /// Returns false if somebody else has it.
    func tryLock() throws(StorageError) -> Bool
    /// Replaces what is in the file, which is for people to read.
    func replace(with text: String) throws(StorageError)
    /// Maps the file's first `count` bytes for reading.
    func map(count: Int) throws(StorageError) -> Mapping
}

extension DiskFile {
    package func read(at position: Int, count: Int, into bytes: inout [UInt8]) throws(StorageError)
    {
        bytes = try self.read(at: position, count: count)
    }
}
