import Foundation
import LogModel
import LogStorage
import TestSupport

/// A log whose last batch is damaged, and nothing in it says that the batch was durable; with leftovers of
/// interrupted creations. Copied as often as wanted.
struct TornLog {
    let mode: LogOptions.Acknowledgement
    let batchCount = 24
    /// The token after each batch.
    private(set) var tokens: [ResumeToken] = []
    private let scratch: Scratch

    /// What an opening found.
    struct Found {
        let log: ChangeLog
        let contents: TortureContents
        let cut: Int
        let hasNewEpoch: Bool
        /// The files in the directory.
        let names: [String]
    }

    init(_ mode: LogOptions.Acknowledgement) throws {
        self.mode = mode
        self.scratch = try Scratch()
        let log = self.scratch.file("log")
        try self.fill(log)
        let name = try Self.names(in: log).last { $0.hasSuffix(".segment") } ?? ""
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(log)/\(name)")))
        let end = bytes.lastIndex { $0 != 0 } ?? 0
        bytes[end] ^= 0x10
        try Data(bytes).write(to: URL(filePath: "\(log)/\(name)"))
        for leftover in ["99.segment.tmp", "meta.tmp"] {
            try Data([1, 2, 3]).write(to: URL(filePath: "\(log)/\(leftover)"))
        }
    }

    private mutating func fill(_ log: String) throws {
        let writer = try Recovery.open(LogDirectory(log), options: Torture.options(self.mode))
            .writer
        for number in 0..<UInt64(self.batchCount) {
            let placement = try writer.submit(number)
            try writer.write()
            if self.mode == .durable { try writer.synchronize() }
            writer.publish()
            self.tokens.append(try writer.log.token(at: placement.last.next))
        }
    }

    /// The log in a directory of its own, as `log`.
    func copy() throws -> Scratch {
        let copy = try Scratch()
        try FileManager.default.copyItem(
            atPath: self.scratch.file("log"), toPath: copy.file("log"))
        return copy
    }

    /// Opens the log in `directory`.
    func open(_ directory: String) throws -> Found {
        let (writer, report) = try Recovery.open(
            LogDirectory(directory), options: Torture.options(self.mode))
        return Found(
            log: writer.log, contents: try TortureContents(of: writer.log),
            cut: report.cutByteCount, hasNewEpoch: report.hasNewEpoch,
            names: try Self.names(in: directory))
    }

    /// Why a token of a place that was cut is refused. In durable mode the cut is taken for one of what was
    /// never shown, so that no new epoch begins.
    var refusalOfLost: ChangeLog.ResumeFailure { self.mode == .durable ? .unknownToken : .epoch }

    private static func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }
}
