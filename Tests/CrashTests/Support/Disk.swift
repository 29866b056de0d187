import Foundation
import Glibc

/// A file system of its own on a loop device, whose power can be cut.
final class Disk {
    /// What it is formatted with.
    enum Format: String, CaseIterable, Sendable {
        case ext4
        case xfs

        fileprivate func make(_ image: String) throws {
            switch self {
            case .ext4:
                // Nothing is left to be done later, so that no write comes but from the test.
                try run(
                    "mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
            case .xfs: try run("mkfs.xfs", "-q", "-f", image)
            }
        }

        /// Options with which it is mounted. A journal that is written only when somebody waits for it does not
        /// meet a device that fails for a moment; it would end the file system.
        fileprivate var options: String {
            switch self {
            case .ext4: "loop,commit=600"
            case .xfs: "loop"
            }
        }
    }

    private let scratch: Scratch
    private let image: String
    private let format: Format
    /// Where it is mounted.
    let path: String

    /// Makes and mounts a file system in a file.
    convenience init(_ format: Format) throws {
        let scratch = try Scratch(inMemory: true)
        // The smallest that mkfs.xfs accepts. The file is sparse.
        let image = try scratch.image("image", megabytes: 300)
        try self.init(scratch, image: image, format: format)
    }

    /// Makes and mounts a file system in the file `image`.
    init(_ scratch: Scratch, image: String, format: Format) throws {
        self.scratch = scratch
        self.image = image
        self.format = format
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
        try run("mount", "-o", self.format.options, self.image, self.path)
    }

    /// Unmounts it. Nobody may have a file of it open.
    func unmount() throws {
        try run("umount", self.path)
        // The kernel lets go of the device a little later when a mount namespace ended just before.
        for _ in 0..<1000 {
            if try run("losetup", "--associated", self.image).isEmpty { return }
        }
    }

    /// Ends the file system as it stands: what is not on the device by now will never be.
    func cutPower() throws {
        try run("xfs_io", "-x", "-c", "shutdown", self.path)
    }
}
