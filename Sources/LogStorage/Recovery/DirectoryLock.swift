import Glibc

/// The right to write to a log's directory, held for the life of the process.
///
/// The kernel releases it when the process ends, however it ends. It is never stolen, and the file's text
/// is for people only.
final class DirectoryLock: Sendable {
    private let file: any DiskFile

    /// Takes the lock, or throws `locked` with who has it.
    init(_ directory: LogDirectory) throws(StorageError) {
        let file = try directory.open("LOCK", .createOrOpen)
        guard try file.tryLock() else {
            let holder = try file.read(at: 0, count: 64)
            let text = String(decoding: holder.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            throw StorageError(
                .locked,
                "another Livelog server (\(text)) has this data directory open: stop it, or choose another "
                    + "directory", path: directory.path)
        }
        try file.replace(with: "process \(getpid())\n")
        self.file = file
    }
}
