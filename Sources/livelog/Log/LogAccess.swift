import ArgumentParser
import Debugging
import LogModel
import LogStorage
import Synchronization

/// The directory that a command looks at, opened for reading, and what of it turned out to be damaged.
final class LogAccess: Sendable {
    /// The log.
    let log: ChangeLog
    private let notes: DamageNotes

    private init(_ log: ChangeLog, _ notes: DamageNotes) {
        self.log = log
        self.notes = notes
    }

    /// Opens the log in `directory`. What is damaged is said on standard error, and the rest is there.
    static func open(_ directory: LogDirectory) throws(StorageError) -> LogAccess {
        let notes = DamageNotes()
        let log = try LogInspector(directory).openLog(damage: { notes.add($0) })
        return LogAccess(log, notes)
    }

    /// Is told of records that are passed over.
    var damage: DamageHandler { { [notes] in notes.add($0) } }
    /// Whether anything was passed over.
    var isDamaged: Bool { !self.damages.isEmpty }
    /// What was passed over so far.
    var damages: [StorageError] { self.notes.all }

    /// The stretch of the log from one place to another, from the log's beginning and to its end by default.
    ///
    /// Throws `corrupt` if a record that says when it was appended is damaged.
    func range(from: LogPlace?, until: LogPlace?) throws(StorageError) -> Range<Offset> {
        let start = max(try from?.offset(in: self.log) ?? self.log.first, self.log.first)
        let end = try until?.offset(in: self.log) ?? self.log.watermarks.visible
        return start..<max(start, end)
    }
}

/// Says each damage once on standard error.
private final class DamageNotes: Sendable {
    private let said = Mutex<[StorageError]>([])
    private let seen = Mutex<Set<StorageError>>([])

    var all: [StorageError] { self.said.withLock { $0 } }

    func add(_ error: StorageError) {
        let isNew = self.seen.withLock { $0.insert(error).inserted }
        if isNew { self.said.withLock { $0.append(error) } }
        if isNew { Diagnostics.say("damaged: \(error)") }
    }
}

extension ParsableCommand {
    /// Runs `body` with the log in `argument` and with standard output.
    ///
    /// A reader that has closed the output ends it quietly. What is thrown is said on standard error. If anything was
    /// damaged the exit code is 1, whatever could be answered.
    func withLog(
        _ argument: LogDirectoryArgument, isPaged: Bool = true,
        _ body: (LogAccess, inout ResultOutput) throws -> Void
    ) throws {
        let access = try self.orFail { () throws(StorageError) in
            try LogAccess.open(argument.directory)
        }
        var output = ResultOutput(isPaged: isPaged)
        defer { output.finish() }
        do {
            try body(access, &output)
            try output.flush()
        } catch is ResultOutput.Closed {
            return
        } catch let code as ExitCode {
            try? output.flush()
            throw code
        } catch {
            // What was found before is still wanted.
            try? output.flush()
            Diagnostics.say("\(error)")
            throw ExitCode.failure
        }
        if access.isDamaged { throw ExitCode.failure }
    }
}

extension LogAccess {
    /// What `body` gives; when it meets damage, that is noted and it is called again, for what lies behind.
    func reading<Result>(
        _ body: () throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        while true {
            do throws(StorageError) {
                return try body()
            } catch {
                guard error.code == .corrupt else { throw error }
                self.damage(error)
            }
        }
    }
}
