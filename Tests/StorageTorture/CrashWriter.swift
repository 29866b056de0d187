import Glibc
import LogModel
import LogStorage
import TestSupport

/// Appends the batches of `TortureBatch`, several a commit, and says what it does to a pipe, so that whoever
/// reads it knows after any end of this process what was attempted and what was acknowledged:
///
///     try N                     before the batch N is appended
///     ack N FIRST LAST TOKEN    when it is visible, with the token after it
///     refuse N                  it was not appended, and may be later
///     full END                  the disk is full; everything up to END was read; waits for a line of input
///     failed CODE, again CODE   the log takes no more; then it is tried again
///     read END                  everything up to END was read
///     closed
struct CrashWriter {
    let writer: LogWriter
    /// What is visible when it is written, or when it is durable.
    let mode: LogOptions.Acknowledgement
    /// The number of the next batch.
    var number: UInt64
    /// The number after the last batch; nil for no end.
    let end: UInt64?

    /// Whether segments are sealed and compressed on the way.
    var maintains = true

    private var waiting: [(number: UInt64, placement: LogWriter.Placement)] = []

    init(_ writer: LogWriter, mode: LogOptions.Acknowledgement, first: UInt64, count: UInt64) {
        self.writer = writer
        self.mode = mode
        self.number = first
        self.end = count == 0 ? nil : first + count
    }

    /// Appends to the end.
    mutating func run() throws {
        do throws(StorageError) {
            while self.number < self.end ?? .max {
                guard try self.commitSome() else { return }
            }
            try self.writer.close()
            say("closed")
        } catch {
            say("failed", error.code.rawValue)
            try self.tryAgain()
        }
    }

    /// Appends up to three batches and commits them. Returns false if it is to end.
    private mutating func commitSome() throws(StorageError) -> Bool {
        var isFull = false
        for _ in 0...self.number % 3 where self.number < self.end ?? .max && !isFull {
            do throws(StorageError) {
                try self.append()
            } catch {
                guard error.code == .diskFull else { throw error }
                isFull = true
            }
            self.number += 1
        }
        try self.commit()
        if isFull { return self.waitForSpace() }
        if self.maintains { try self.maintain() }
        return true
    }

    /// Takes a step of what is done beside appending: sealing, compressing, and so on.
    private func maintain() throws(StorageError) {
        do throws(StorageError) {
            _ = try self.writer.maintenance.step(now: Machine.wallClock())
            if self.number % 16 == 0 { try self.writer.noteDurable() }
        } catch {
            // Without space the step is taken later.
            if error.code != .diskFull { throw error }
        }
    }

    private mutating func append() throws(StorageError) {
        let batch = TortureBatch(self.number)
        var changes = batch.changes
        say("try", "\(self.number)")
        do throws(StorageError) {
            let placement = try self.writer.append(
                0..<batch.count, of: &changes, producer: batch.producer, time: Machine.wallClock())
            self.waiting.append((self.number, placement))
        } catch {
            say("refuse", "\(self.number)")
            throw error
        }
    }

    private mutating func commit() throws(StorageError) {
        try self.writer.write()
        if self.mode == .durable { try self.writer.synchronize() }
        self.writer.publish()
        var lines: [String] = []
        for (number, placement) in self.waiting {
            let token = try self.writer.log.token(at: placement.last.next)
            lines.append("ack \(number) \(placement.first) \(placement.last) \(token.text)")
        }
        self.waiting = []
        if !lines.isEmpty { say(lines.joined(separator: "\n")) }
        // In `written` mode the disk follows behind.
        if self.mode == .written, self.number % 8 == 0 { try self.writer.synchronize() }
    }

    /// Reads everything, then waits until it is told that there is space. Returns false at the end of input.
    private func waitForSpace() -> Bool {
        guard let contents = try? TortureContents(of: self.writer.log) else {
            say("unreadable")
            return false
        }
        say("full", "\(contents.end)")
        return readLine() != nil
    }

    /// What a program that ignores errors would do: after a failure nothing may be acknowledged any more.
    private mutating func tryAgain() throws {
        for _ in 0..<5 {
            do throws(StorageError) {
                try self.commit()
                self.number += 1
                try self.append()
                try self.commit()
            } catch {
                say("again", error.code.rawValue)
            }
        }
        say("read", "\(try TortureContents(of: self.writer.log).end)")
    }
}
