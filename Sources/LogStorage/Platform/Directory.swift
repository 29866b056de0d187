import Glibc

/// What is done to a directory as a whole.
enum Directory {
    /// Creates the directory at `path` and those above it that are missing.
    static func create(_ path: String) throws(StorageError) {
        var built = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            built += part
            if !self.exists(built) {
                try SystemCall.run("mkdir", built) { mkdir(built, 0o750) }
                // The entry of a new directory is in its parent.
                try self.synchronize(self.parent(of: built))
            }
            built += "/"
        }
    }

    /// The names of what is in the directory, sorted.
    static func names(in path: String) throws(StorageError) -> [String] {
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

    /// Makes created, renamed and removed names durable.
    static func synchronize(_ path: String) throws(StorageError) {
        try File(path, .directory).synchronizeAll()
    }

    /// Gives the file at `old` the name `new`, which takes the place of what had it.
    static func rename(_ old: String, to new: String) throws(StorageError) {
        try SystemCall.run("rename", old) { Glibc.rename(old, new) }
    }

    /// Removes the file at `path`.
    static func remove(_ path: String) throws(StorageError) {
        try SystemCall.run("unlink", path) { unlink(path) }
    }

    /// Whether there is anything at `path`.
    static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
