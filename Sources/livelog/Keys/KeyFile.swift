import FoundationEssentials
import Glibc
import Identity

/// A file of API keys, which is replaced as a whole: a reader sees the keys before, or those after.
struct KeyFile {
    let path: String

    /// The keys; none if there is no file.
    func load() throws -> APIKeySet {
        guard FileManager.default.fileExists(atPath: self.path) else { return APIKeySet() }
        let data = try Data(contentsOf: URL(filePath: self.path))
        do {
            return try APIKeySet(String(decoding: data, as: UTF8.self))
        } catch {
            throw KeyFileError(description: "\(self.path): \(error)")
        }
    }

    /// Changes the keys by `body`, while nobody else does.
    func change<Result>(_ body: (inout APIKeySet) throws -> Result) throws -> Result {
        let lock = open(self.path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX) == 0 else { throw self.failure }
        defer { close(lock) }
        var keys = try self.load()
        let result = try body(&keys)
        try self.save(keys)
        return result
    }

    private func save(_ keys: APIKeySet) throws {
        let temporary = self.path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw self.failure }
        defer { close(descriptor) }
        let bytes = Array(keys.text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withContiguousStorageIfAvailable {
                write(descriptor, $0.baseAddress, $0.count)
            }
            guard let count, count > 0 else { throw self.failure }
            written += count
        }
        guard fsync(descriptor) == 0, rename(temporary, self.path) == 0 else { throw self.failure }
    }

    private var failure: KeyFileError {
        KeyFileError(
            description: "\(self.path) cannot be written: \(String(cString: strerror(errno)))")
    }
}

/// Why a file of keys cannot be used.
struct KeyFileError: Error, CustomStringConvertible {
    let description: String
}
