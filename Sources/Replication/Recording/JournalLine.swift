package import LogFormat
package import LogModel

/// A line of a journal of sessions.
package enum JournalLine: Hashable, Sendable {
    /// The first of a file.
    case header(JournalHeader)
    /// What a session did.
    case entry(SessionEntry)
    /// Entries were lost here: how many, and of which sessions whose opening was not.
    case lost(count: UInt64, sessions: [UInt64])
}

/// What the first line of a journal's file says.
package struct JournalHeader: Hashable, Sendable {
    /// What a file of this kind calls itself.
    package static let name = "livelog.sessions"
    /// The version of the format that is written, and the only one that is read.
    package static let version: UInt64 = 1

    /// The log that the sessions read, as 32 hexadecimal digits.
    package let log: String
    /// Drawn at random when the server started: sessions are counted anew from there.
    package let run: UInt64
    /// The file's number.
    package let file: UInt64
    /// When it was begun, in microseconds since 1970.
    package let time: Int64
    /// The end of what readers could see then.
    package let end: Offset

    /// Creates a header.
    package init(log: String, run: UInt64, file: UInt64, time: Int64, end: Offset) {
        self.log = log
        self.run = run
        self.file = file
        self.time = time
        self.end = end
    }
}

extension LogIdentity {
    /// 32 lower-case hexadecimal digits.
    package var text: String { self.low.hexadecimal + self.high.hexadecimal }
}

/// Why a line of a journal cannot be read.
package struct JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with it.
    package let message: String

    /// Creates an error.
    package init(_ message: String) { self.message = message }

    /// The message.
    package var description: String { self.message }
}
