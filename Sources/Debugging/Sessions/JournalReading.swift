package import LogStorage
import Replication

/// Something in a journal that cannot be read.
package struct JournalFinding: Hashable, Sendable {
    /// The file.
    package let file: String
    /// The line in it, counted from 1.
    package let line: Int
    /// What is wrong.
    package let reason: String
}

extension RecordedSessions {
    private static let readByteCount = 1 << 20

    /// The files of the journal at `path`: one that is named, or all of a directory in their order.
    package static func files(at path: String) -> [String] {
        guard let names = try? SystemDisk().names(in: path) else { return [path] }
        let numbers = names.compactMap { SessionJournalName.number(inName: $0) }.sorted()
        return numbers.map { "\(path)/\(SessionJournalName.name(of: $0))" }
    }

    /// Takes all lines of the file at `path`, and calls `finding` for each that cannot be read: the sessions that are open
    /// there have a gap. The end of a line that is not whole is no finding: it may be being written.
    ///
    /// Throws `io`.
    package mutating func add(
        file path: String, finding: (JournalFinding) -> Void
    ) throws(StorageError) {
        let file = try SystemDisk().open(path, .read)
        let lineMax = SessionRecorder.Limits().lineByteCountMax
        var pending: [UInt8] = []
        var number = 0
        var position = 0
        var isTooLong = false
        while true {
            let bytes = try file.read(at: position, count: Self.readByteCount)
            guard !bytes.isEmpty else { return }
            position += bytes.count
            var rest = bytes[...]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                number += 1
                let line = pending + rest[..<end]
                pending.removeAll(keepingCapacity: true)
                rest = rest[(end + 1)...]
                do throws(JournalError) {
                    guard !isTooLong else { throw JournalError("the line is too long") }
                    try self.add(try JournalLine(reading: line))
                } catch {
                    self.noteDamage()
                    finding(JournalFinding(file: path, line: number, reason: error.message))
                }
                isTooLong = false
            }
            pending += rest
            if pending.count > lineMax {
                isTooLong = true
                pending.removeAll()
            }
        }
    }
}
