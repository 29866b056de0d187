/// The folder `aside` in a log's directory: what mending takes away goes there and not to nowhere. Nothing reads it.
package struct AsideFolder {
    /// Its name in the log's directory.
    static let name = "aside"

    private let directory: LogDirectory
    private let folder: LogDirectory
    /// The names of what was put there, as they are there.
    package private(set) var names: [String] = []

    init(_ directory: LogDirectory) {
        self.directory = directory
        self.folder = LogDirectory(directory.path(of: Self.name), on: directory.disk)
    }

    /// Moves the file `name` there, if there is one.
    mutating func move(_ name: String) throws(StorageError) {
        guard self.directory.has(name) else { return }
        let target = try self.target(name)
        try self.directory.disk.rename(
            self.directory.path(of: name), to: self.folder.path(of: target))
        try self.folder.synchronize()
        try self.directory.synchronize()
    }

    /// Puts a copy of the file `name` there.
    mutating func copy(_ name: String) throws(StorageError) {
        let target = try self.target(name)
        let file = try self.directory.open(name, .read)
        let bytes = try file.read(at: 0, count: try file.count())
        try self.folder.write(target) { copy throws(StorageError) in
            try copy.write(bytes.span.bytes, at: 0)
        }
    }

    /// Lets the file `name` stay there when it is removed or replaced where it is, if there is one.
    mutating func keep(_ name: String) throws(StorageError) {
        guard self.directory.has(name) else { return }
        let target = try self.target(name)
        try self.directory.disk.link(
            self.directory.path(of: name), as: self.folder.path(of: target))
    }

    /// A name that nothing there has yet.
    private mutating func target(_ name: String) throws(StorageError) -> String {
        try self.directory.disk.createDirectory(self.folder.path)
        var target = name
        var number = 1
        while self.folder.has(target) {
            number += 1
            target = "\(name).\(number)"
        }
        self.names.append(target)
        return target
    }
}
