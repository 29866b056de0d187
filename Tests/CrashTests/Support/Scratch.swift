import Foundation
import Glibc

/// A directory of its own, removed with the object, with all that is mounted in it.
///
/// Its name carries the process, so that the first one of a later run removes what an aborted run left.
final class Scratch {
    let path: String

    private static let memory = "/dev/shm"
    private static let disk = FileManager.default.temporaryDirectory.path
    private static let prefix = "livelog-crash-"

    /// Creates an empty directory.
    ///
    /// - Parameter inMemory: where a sync costs nothing, if there is such a place: for images of disks, whose
    ///   file systems lose with their own caches and not with those of this machine.
    init(inMemory: Bool = false) throws {
        _ = Self.leftovers
        let parent = inMemory && access(Self.memory, W_OK) == 0 ? Self.memory : Self.disk
        self.path = "\(parent)/\(Self.prefix)\(getpid())-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: self.path, withIntermediateDirectories: true)
    }

    deinit {
        Self.remove(self.path)
    }

    /// The path of `name` in the directory.
    func file(_ name: String) -> String { "\(self.path)/\(name)" }

    /// Creates the directory `name`.
    func directory(_ name: String) throws -> String {
        try FileManager.default.createDirectory(
            atPath: self.file(name), withIntermediateDirectories: true)
        return self.file(name)
    }

    /// Makes a sparse file of `count` bytes.
    func image(_ name: String, megabytes: Int) throws -> String {
        try run("truncate", "--size=\(megabytes)M", self.file(name))
        return self.file(name)
    }

    /// Unmounts what is mounted under `path`, the last one first, and removes the directory.
    private static func remove(_ path: String) {
        let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        let places = mounts.split(separator: "\n").compactMap { line -> String? in
            let place = line.split(separator: " ").dropFirst().first.map { String($0) }
            return place.flatMap { $0.hasPrefix(path + "/") ? $0 : nil }
        }
        for place in places.reversed() { umount2(place, CInt(MNT_DETACH)) }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Removes the directories of processes that are gone. Once in a run.
    private static let leftovers: Void = {
        for parent in [memory, disk] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            for name in names where name.hasPrefix(prefix) {
                let number = name.dropFirst(prefix.count).prefix { $0 != "-" }
                guard let owner = pid_t(number), kill(owner, 0) != 0, errno == ESRCH else {
                    continue
                }
                remove("\(parent)/\(name)")
            }
        }
    }()
}
