import LogModel

/// The folder of a log, on the disk that it is on.
package struct LogDirectory: Sendable {
    /// Where it is.
    package let path: String
    let disk: any Disk

    /// Names a folder, which need not exist.
    package init(_ path: String, on disk: any Disk = SystemDisk()) {
        self.path = path
        self.disk = disk
    }

    /// The path of the file `name` in the folder.
    func path(of name: String) -> String { self.path + "/" + name }

    /// Throws `notALog` if there is something in it; it need not be there.
    package func requireEmpty() throws(StorageError) {
        guard self.disk.exists(self.path), try !self.names().isEmpty else { return }
        throw StorageError(
            .notALog, "the directory is not empty: name one that is, or that is not there",
            path: self.path)
    }

    /// Opens the file `name` in the folder.
    func open(_ name: String, _ mode: OpenMode) throws(StorageError) -> any DiskFile {
        try self.disk.open(self.path(of: name), mode)
    }

    /// The names of all files in the folder, sorted.
    func names() throws(StorageError) -> [String] { try self.disk.names(in: self.path) }

    /// Whether the folder has a file `name`.
    func has(_ name: String) -> Bool { self.disk.exists(self.path(of: name)) }

    /// Removes the file `name`.
    func remove(_ name: String) throws(StorageError) {
        try self.disk.remove(self.path(of: name))
    }

    /// Gives the file `old` the name `new`, which takes the place of what had it.
    func rename(_ old: String, to new: String) throws(StorageError) {
        try self.disk.rename(self.path(of: old), to: self.path(of: new))
    }

    /// Makes created, renamed and removed names durable.
    func synchronize() throws(StorageError) { try self.disk.synchronize(directory: self.path) }

    /// Gives the file `name` the contents that `body` writes, durably, or leaves what was there: the file is
    /// written under another name first. A crash leaves that other file, which the next opening removes.
    ///
    /// Throws `poisoned` if a sync fails: then the disk is not to be trusted with anything any more.
    func write(
        _ name: String, _ body: (any DiskFile) throws(StorageError) -> Void
    ) throws(StorageError) {
        let temporary = name + Self.temporarySuffix
        if self.has(temporary) { try self.remove(temporary) }
        do throws(StorageError) {
            let file = try self.open(temporary, .create)
            try body(file)
            try self.poisoning { () throws(StorageError) in try file.synchronize() }
        } catch {
            // The reason for which it failed is what matters; a leftover is removed at the next opening.
            try? self.remove(temporary)
            throw error
        }
        try self.rename(temporary, to: name)
        try self.poisoning { () throws(StorageError) in try self.synchronize() }
    }

    /// Makes a failure of `sync` one after which nothing is acknowledged any more.
    func poisoning(_ sync: () throws(StorageError) -> Void) throws(StorageError) {
        do throws(StorageError) {
            try sync()
        } catch {
            throw StorageError(.poisoned, error.message, path: error.path)
        }
    }

    /// What names end in that a crash can leave behind and nobody looks for.
    static let temporarySuffix = ".tmp"
}
