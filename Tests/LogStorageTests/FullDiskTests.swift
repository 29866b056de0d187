import Foundation
import Glibc
import LogModel
import LogStorage
import Testing

/// A file system of its own in memory, as small as wanted. Needs the right to mount.
private final class SmallDisk {
    let directory: ScratchDirectory

    init(byteCount: Int) throws {
        self.directory = try ScratchDirectory()
        let result = mount(
            "tmpfs", self.directory.path, "tmpfs", 0, "size=\(byteCount)")
        try #require(result == 0, "mount: \(String(cString: strerror(errno)))")
    }

    deinit {
        // Mappings of the log may still be there for a moment.
        umount2(self.directory.path, CInt(MNT_DETACH))
    }

    /// Only where mounting is allowed, and always where tests must not be left out.
    static let isPossible =
        geteuid() == 0 || ProcessInfo.processInfo.environment["CI"] == "true"
}

@Suite(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
struct FullDiskTests {
    private let change = TestChange(instance: String(repeating: "x", count: 10_000))

    @Test func aFullDiskRefusesABatchAndNothingElse() throws {
        let disk = try SmallDisk(byteCount: 256 << 10)
        var writer: LogWriter? = try disk.directory.open().writer
        try Data(count: 100 << 10).write(to: URL(filePath: disk.directory.file("ballast")))
        var failure: StorageError?
        while failure == nil {
            do throws(StorageError) {
                try writer?.append([self.change, self.change])
                try writer?.commit()
            } catch {
                failure = error
            }
        }
        #expect(failure?.code == .diskFull)
        let before = try #require(try writer?.log.records())
        #expect(before.count >= 4 && before.count % 2 == 0)
        #expect(try disk.directory.segments().count == 2)
        let names = try FileManager.default.contentsOfDirectory(atPath: disk.directory.path)
        #expect(!names.contains { $0.hasSuffix(".tmp") })

        // A batch that fits into what is reserved goes in.
        let small = try writer?.append([TestChange()])
        #expect(small?.first == Offset(UInt64(before.count)))
        try writer?.commit()
        let again = #expect(throws: StorageError.self) {
            try writer?.append([self.change, self.change])
        }
        #expect(again?.code == .diskFull)

        try FileManager.default.removeItem(atPath: disk.directory.file("ballast"))
        let next = try writer?.append([self.change, self.change])
        #expect(next?.first == Offset(UInt64(before.count + 1)))
        try writer?.commit()
        let after = try #require(try writer?.log.records())
        #expect(Array(after[..<before.count]) == before)
        #expect(after.count == before.count + 3)
        writer = nil
        #expect(try disk.directory.open().writer.log.records() == after)
    }

    @Test func batchesThatWaitedWhenTheDiskFilledUpAreKept() throws {
        let disk = try SmallDisk(byteCount: 128 << 10)
        let writer = try disk.directory.open().writer
        try writer.append([TestChange()])
        // Five fill the segment; the sixth needs another.
        for _ in 0..<5 { try writer.append([self.change]) }
        let error = #expect(throws: StorageError.self) { try writer.append([self.change]) }
        #expect(error?.code == .diskFull)
        try writer.commit()
        #expect(try writer.log.records().count == 6)
    }

    @Test func aLogIsNotCreatedOnAFullDisk() throws {
        let disk = try SmallDisk(byteCount: 32 << 10)
        let error = try #require(disk.directory.refusal())
        #expect(error.code == .diskFull)
        #expect(try disk.directory.segments().isEmpty)
        // Nor is it broken for later.
        #expect(mount("tmpfs", disk.directory.path, "tmpfs", UInt(MS_REMOUNT), "size=1m") == 0)
        let (writer, report) = try disk.directory.open()
        #expect(report.end == .zero)
        #expect(try writer.append([TestChange()]).first == .zero)
    }
}
