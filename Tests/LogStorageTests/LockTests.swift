import Foundation
import Glibc
import LogModel
import LogStorage
import Testing

@Suite struct LockTests {
    @Test func aSecondOpeningInTheSameProcessIsRefused() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        try writer.commit([[TestChange()]])
        let error = try #require(directory.refusal())
        #expect(error.code == .locked)
        #expect(error.message.contains("process \(getpid())"))
        #expect(error.path == directory.path)
        try writer.commit([[TestChange()]])
        #expect(try writer.log.records().count == 2)
    }

    @Test func aSecondOpeningInAnotherProcessIsRefused() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        let process = try TortureProcess("open", directory.path)
        let lines = process.lines()
        try process.finish()
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("refused log-locked") == true)
        #expect(lines.first?.contains("process \(getpid())") == true)
        try writer.close()
    }

    @Test func theLockEndsWithItsProcess() throws {
        let directory = try ScratchDirectory()
        let process = try TortureProcess("open", directory.path)
        #expect(process.line() == "open 0")
        let error = try #require(directory.refusal())
        #expect(error.code == .locked)
        #expect(error.message.contains("process \(process.identifier)"))
        process.kill()
        #expect(directory.refusal() == nil)
    }

    @Test func removingTheLockFileDoesNotLetASecondWriterIn() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        try FileManager.default.removeItem(atPath: directory.file("LOCK"))
        #expect(try #require(directory.refusal()).code == .locked)
        try writer.commit([[TestChange()]])
    }

    @Test func aRefusedOpeningReleasesTheLock() throws {
        let log = try SmallLog()
        try log.directory.flip(log.segment, at: 0)
        #expect(log.directory.refusal()?.code == .corrupt)
        #expect(log.directory.refusal()?.code == .corrupt)
        try log.directory.flip(log.segment, at: 0)
        #expect(log.directory.refusal() == nil)
    }

    @Test func aLockFileThatAnEndedProcessLeftStopsNobody() throws {
        let directory = try ScratchDirectory()
        try directory.open().writer.commit([[TestChange()]])
        for text in ["process 1\n", "", "process \(getpid())\n", "\0\0"] {
            try directory.write(Array(text.utf8), to: "LOCK")
            #expect(try directory.open().report.end == Offset(1))
        }
    }

    @Test func aCopyOfAnOpenLogOpensBesideIt() throws {
        let directory = try ScratchDirectory()
        let writer = try directory.open().writer
        try writer.commit([[TestChange()], [TestChange()]])
        let copy = try ScratchDirectory()
        // The lock is not in the bytes of its file.
        try FileManager.default.copyItem(
            atPath: directory.file("LOCK"), toPath: copy.file("LOCK"))
        try copy.restore(try directory.snapshot())
        let other = try copy.open().writer
        #expect(try other.log.records() == writer.log.records())
        #expect(try #require(directory.refusal()).code == .locked)
        #expect(try #require(copy.refusal()).code == .locked)
    }
}
