import Debugging
import Glibc

/// The file in which a replay keeps its place, so that the next run goes on there; see `ReplayState`.
struct ReplayStateFile: Sendable {
    /// More than a state can be.
    private static let byteCountMax = 1 << 20

    /// Where it is.
    let path: String
    /// Which replay it belongs to: one line.
    let identity: String

    /// Reads the state; nil if there is no file yet.
    ///
    /// - Throws: if it cannot be read, is something else, or belongs to another replay.
    func read() throws -> ReplayState? {
        let file = open(self.path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw SystemError(code: errno, subject: self.path)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= Self.byteCountMax {
            let count = Glibc.read(file, &piece, piece.count)
            guard count >= 0 else { throw SystemError(code: errno, subject: self.path) }
            if count == 0 { break }
            bytes += piece.prefix(count)
        }
        do throws(ReplayStateError) {
            return try ReplayState(text: String(decoding: bytes, as: UTF8.self), of: self.identity)
        } catch {
            throw ReplayStateFileError(path: self.path, reason: error)
        }
    }

    /// Replaces the state. Whoever reads the file, also after a loss of power, sees the old one or the new one. Blocks.
    func write(_ state: ReplayState) throws {
        let temporary = "\(self.path).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw SystemError(code: errno, subject: temporary) }
        var rest = Array(state.text(of: self.identity).utf8)[...]
        var failure: CInt?
        while !rest.isEmpty, failure == nil {
            let count = Glibc.write(file, Array(rest), rest.count)
            if count < 0 { failure = errno } else { rest = rest.dropFirst(count) }
        }
        if failure == nil, fdatasync(file) != 0 { failure = errno }
        close(file)
        if let failure { throw SystemError(code: failure, subject: temporary) }
        guard rename(temporary, self.path) == 0 else {
            throw SystemError(code: errno, subject: self.path)
        }
    }
}

/// A file that no replay can go on from.
struct ReplayStateFileError: Error, CustomStringConvertible {
    let path: String
    let reason: ReplayStateError

    var description: String {
        switch self.reason {
        case .unreadable:
            "\(self.path) holds no state of a replay: use another file"
        case .otherReplay(let kept, let asked):
            "the state in \(self.path) belongs to \(kept), not to \(asked): use another file, or remove it to "
                + "begin anew"
        case .otherHistory(let offset):
            "the log is not as it was when \(self.path) was written: what was sent before offset \(offset) is not "
                + "in it; use another file, or remove it to begin anew"
        case .targetLoss:
            "when \(self.path) was written, the target had lost what it had acknowledged: to send everything "
                + "again, use another file and another --run"
        }
    }
}
