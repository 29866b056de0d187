import Foundation
import Glibc

/// A file system of its own on a loop device, whose power can be cut.
final class Disk {
    /// What it is formatted with.
    enum Format: String, CaseIterable, Sendable {
        case ext4
        case xfs
        /// ext4 without a journal, which a failed write does not end.
        case plain

        fileprivate func make(_ image: String) throws {
            switch self {
            case .ext4: try run("mkfs.ext4", "-q", "-F", image)
            case .xfs: try run("mkfs.xfs", "-q", "-f", image)
            case .plain: try run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", image)
            }
        }
    }

    private let scratch: Scratch
    private let image: String
    /// Where it is mounted.
    let path: String

    /// Makes and mounts a file system in a file.
    convenience init(_ format: Format) throws {
        let scratch = try Scratch()
        // The smallest that mkfs.xfs accepts. The file is sparse.
        let image = try scratch.image("image", megabytes: 300)
        try self.init(scratch, image: image, format: format)
    }

    /// Makes and mounts a file system in the file `image`.
    init(_ scratch: Scratch, image: String, format: Format) throws {
        self.scratch = scratch
        self.image = image
        self.path = try scratch.directory("disk")
        try format.make(image)
        try self.mount()
    }

    deinit {
        umount2(self.path, CInt(MNT_DETACH))
    }

    /// A directory on it.
    var log: String { self.path + "/log" }

    /// Mounts it again. The loop device goes when it is unmounted.
    func mount() throws {
        try run("mount", "-o", "loop", self.image, self.path)
    }

    /// Unmounts it. Nobody may have a file of it open.
    func unmount() throws {
        try run("umount", self.path)
        // The kernel lets go of the device a little later when a mount namespace ended just before.
        for _ in 0..<1000 where try !run("losetup", "--associated", self.image).isEmpty {}
    }

    /// Ends the file system as it stands: what is not on the device by now will never be.
    func cutPower() throws {
        try run("xfs_io", "-x", "-c", "shutdown", self.path)
    }
}
