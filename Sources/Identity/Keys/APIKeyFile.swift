import Glibc

/// The file of API keys: a JSON object a line. It holds digests, and no secret.
///
/// Who changes it does so under a lock, and replaces it whole: who reads it sees the old file or the new one.
package struct APIKeyFile: Sendable {
    /// The most bytes of the file.
    package static let bytesMax = 16 << 20

    /// Where it is.
    package let path: String

    /// Names a file.
    package init(_ path: String) {
        self.path = path
    }

    /// The keys in the order of the file.
    package func keys() throws(IdentityOptionsError) -> [APIKey] { try self.read().keys }

    /// Adds a key; a file that is not there is made. Blocks.
    package func add(_ key: APIKey) throws(IdentityOptionsError) {
        try self.change { (keys) throws(IdentityOptionsError) in
            guard !keys.contains(where: { $0.id == key.id }) else {
                throw IdentityOptionsError("\(self.path) has a key \(key.id) already")
            }
            keys.append(key)
        }
    }

    /// Revokes a key from `now` on, in seconds since 1970. Blocks. False if it had been revoked before.
    package func revoke(_ id: String, now: Int64) throws(IdentityOptionsError) -> Bool {
        var isNew = false
        try self.change { (keys) throws(IdentityOptionsError) in
            guard let index = keys.firstIndex(where: { $0.id == id }) else {
                throw IdentityOptionsError(
                    "\(self.path) has no key with this id; `livelog keys list` shows them")
            }
            isNew = keys[index].revoked == nil
            if isNew { keys[index].revoked = now }
        }
        return isNew
    }

    /// The keys, and the stamp of the file.
    func read() throws(IdentityOptionsError) -> (keys: [APIKey], stamp: WatchedFile.Stamp) {
        let file: (bytes: [UInt8], stamp: WatchedFile.Stamp)
        do {
            file = try self.watched.read()
        } catch {
            throw IdentityOptionsError("the API keys cannot be read: \(error)")
        }
        var keys: [APIKey] = []
        var ids: Set<String> = []
        let lines = file.bytes.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() where !line.isEmpty {
            guard let key = APIKey(line: Array(line)) else {
                throw IdentityOptionsError("\(self.path), line \(number + 1): this is no API key")
            }
            guard ids.insert(key.id).inserted else {
                throw IdentityOptionsError(
                    "\(self.path), line \(number + 1): the id \(key.id) is there twice")
            }
            keys.append(key)
        }
        return (keys, file.stamp)
    }

    /// The file, to be asked whether it has changed.
    var watched: WatchedFile { WatchedFile(path: self.path, bytesMax: Self.bytesMax) }

    private func change(
        _ body: (inout [APIKey]) throws(IdentityOptionsError) -> Void
    ) throws(IdentityOptionsError) {
        let lockPath = "\(self.path).lock"
        let lock = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Self.failure(lockPath) }
        // Closing gives the lock back.
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0 {
            guard errno == EINTR else { throw Self.failure(lockPath) }
        }
        var keys = access(self.path, F_OK) != 0 && errno == ENOENT ? [] : try self.keys()
        try body(&keys)
        try self.replace(keys.flatMap { $0.line + [UInt8(ascii: "\n")] })
    }

    private func replace(_ bytes: [UInt8]) throws(IdentityOptionsError) {
        let temporary = "\(self.path).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.failure(temporary) }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = write(file, Array(rest), rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(temporary) }
            rest = rest.dropFirst(count)
        }
        // One from an earlier, broken attempt may have other rights.
        guard fchmod(file, 0o600) == 0, fsync(file) == 0 else { throw Self.failure(temporary) }
        guard rename(temporary, self.path) == 0 else { throw Self.failure(self.path) }
        try self.syncDirectory()
    }

    private func syncDirectory() throws(IdentityOptionsError) {
        let end = self.path.lastIndex(of: "/")
        let path = end.map { $0 == self.path.startIndex ? "/" : String(self.path[..<$0]) } ?? "."
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Self.failure(path) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Self.failure(path) }
    }

    private static func failure(_ path: String) -> IdentityOptionsError {
        IdentityOptionsError("\(path): \(String(cString: strerror(errno)))")
    }
}
