import Foundation
import Glibc

/// A file system on a device that refuses to write or to read as long as it is told to.
final class FailingDisk {
    private let scratch: Scratch
    private let image: String
    private let export: String

    /// The device, as a file.
    var exportPath: String { self.export }
    private var server: Child?
    private(set) var disk: Disk?

    init() throws {
        self.scratch = try Scratch(inMemory: true)
        self.image = try self.scratch.image("image", megabytes: 64)
        self.export = self.scratch.file("export")
        try self.serve()
        self.disk = try Disk(self.scratch, image: self.export, format: .ext4)
    }

    deinit {
        self.failWrites(false)
        self.failReads(false)
        self.disk = nil
        try? self.endServing()
    }

    /// The log's directory on it.
    var log: String { self.scratch.file("disk") + "/log" }

    /// From now on every write of the device fails, or none.
    func failWrites(_ isFailing: Bool) { self.set("fail-writes", isFailing) }

    /// From now on every read of the device fails, or none.
    func failReads(_ isFailing: Bool) { self.set("fail-reads", isFailing) }

    /// Takes everything away that was in memory: the file system, the device and all their caches.
    func remount() throws {
        try self.disk?.unmount()
        try self.endServing()
        try self.serve()
        try self.disk?.mount()
    }

    private func set(_ name: String, _ isThere: Bool) {
        let file = self.scratch.file(name)
        if isThere {
            close(open(file, O_WRONLY | O_CREAT, 0o600))
        } else {
            unlink(file)
        }
    }

    private func serve() throws {
        close(open(self.export, O_WRONLY | O_CREAT, 0o600))
        let pidFile = self.scratch.file("pid")
        unlink(pidFile)
        mkfifo(pidFile, 0o600)
        self.server = try Child([
            "nbdfuse", "--pidfile", pidFile, self.export, "--command", "nbdkit", "-s",
            "--filter=error", "file", self.image, "error=EIO",
            "error-pwrite-rate=100%", "error-pwrite-file=\(self.scratch.file("fail-writes"))",
            "error-pread-rate=100%", "error-pread-file=\(self.scratch.file("fail-reads"))",
        ])
        // It writes its number when the file is there. A pipe, so that reading it is waiting for that.
        guard let number = try? run("timeout", "20", "cat", pidFile), !number.isEmpty
        else {
            throw Failure("nbdfuse did not start: \(self.server?.complaint ?? "")")
        }
    }

    private func endServing() throws {
        try run("umount", self.export)
        self.server?.wait()
        self.server = nil
    }
}
