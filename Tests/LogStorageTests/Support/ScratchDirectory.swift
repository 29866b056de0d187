import Foundation
import Glibc
import LogFormat
import LogModel
import LogStorage
import Testing

/// A directory of its own, removed with the object.
///
/// In memory where the machine has such a place, because the tests of recovery open a log some thousand
/// times; what has to meet a disk asks for one.
final class ScratchDirectory: Sendable {
    let path: String

    /// Creates an empty directory.
    init(onDisk: Bool = false) throws {
        let memory = "/dev/shm"
        let parent =
            !onDisk && access(memory, W_OK) == 0
            ? memory : FileManager.default.temporaryDirectory.path
        self.path = "\(parent)/livelog-storage-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: self.path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.path)
    }

    /// Opens the log in the directory.
    func open(
        _ acknowledgement: LogOptions.Acknowledgement = .durable,
        segmentByteCount: Int = LogOptions.segmentByteCountMin, upkeep: Upkeep = Upkeep()
    ) throws(StorageError) -> (writer: LogWriter, report: RecoveryReport) {
        try Recovery.open(
            LogDirectory(self.path),
            options: LogOptions(
                acknowledgement: acknowledgement, segmentByteCount: segmentByteCount,
                upkeep: upkeep))
    }

    /// What opening throws, or nil if it succeeds.
    func refusal(_ acknowledgement: LogOptions.Acknowledgement = .durable) -> StorageError? {
        do throws(StorageError) {
            _ = try self.open(acknowledgement)
            return nil
        } catch {
            return error
        }
    }

    /// The path of the file `name`.
    func file(_ name: String) -> String { self.path + "/" + name }

    /// The names of the cold segments' files, in order.
    func coldSegments() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: self.path)
            .filter { $0.hasSuffix(".cold") }.sorted()
    }

    /// The names of the segment files, in order.
    func segments() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: self.path)
            .filter { $0.hasSuffix(".segment") }.sorted()
    }

    /// The bytes of the file `name`.
    func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: self.file(name))))
    }

    /// Removes the file `name`.
    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: self.file(name))
    }

    /// Makes `bytes` the content of the file `name`, in place.
    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(filePath: self.file(name)))
    }

    /// Changes the bytes of the file `name`.
    func edit(_ name: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = try self.bytes(name)
        change(&bytes)
        try self.write(bytes, to: name)
    }

    /// Flips a bit of the byte `position` of the file `name`: another bit for each byte.
    func flip(_ name: String, at position: Int) throws {
        try self.edit(name) { $0[position] ^= 1 << UInt8(position % 8) }
    }

    /// Everything in the directory but the lock.
    func snapshot() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: self.path)
        where name != "LOCK" {
            files[name] = try self.bytes(name)
        }
        return files
    }

    /// Puts the directory back to `snapshot`.
    func restore(_ snapshot: [String: [UInt8]]) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: self.path)
        where snapshot[name] == nil {
            try FileManager.default.removeItem(atPath: self.file(name))
        }
        for (name, bytes) in snapshot { try self.write(bytes, to: name) }
    }

    /// The page of the meta file that counts, with its place in the file.
    func metaPage() throws -> (page: MetaPage, position: Int) {
        let bytes = try self.bytes("meta")
        var newest: (page: MetaPage, position: Int)?
        for position in [0, MetaPage.count] {
            let page = try? MetaPage(reading: bytes.span.bytes.slice(position, MetaPage.count))
            if let page, page.generation >= newest?.page.generation ?? 0 {
                newest = (page, position)
            }
        }
        return try #require(newest)
    }

    /// Changes the page of the meta file that counts.
    func editMeta(_ change: (inout MetaPage) -> Void) throws {
        var (page, position) = try self.metaPage()
        change(&page)
        try self.edit("meta") {
            $0.replaceSubrange(position..<position + MetaPage.count, with: page.bytes)
        }
    }

    /// Makes the log look as if it had been opened last before the machine was started anew.
    func pretendOtherBoot() throws {
        try self.editMeta { $0.boot = LogIdentity(low: 1, high: 2) }
    }
}
