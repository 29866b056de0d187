import Foundation
import Glibc

/// A program on a terminal of its own, whose keys and screen are the test's.
final class PseudoTerminal {
    private static let waitMilliseconds: Int32 = 20_000

    let process = Process()
    private let main: FileHandle
    private let terminal: FileHandle
    private let before: [UInt32]
    /// What was printed so far.
    private(set) var output = ""
    /// How many characters of it were waited for.
    private var seenCount = 0

    /// Runs `livelog log` with `arguments` on a terminal of 100 columns and 20 lines.
    init(_ arguments: String..., environment: [String: String] = [:]) throws {
        var ends: (main: Int32, terminal: Int32) = (-1, -1)
        var size = winsize(ws_row: 20, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&ends.main, &ends.terminal, nil, nil, &size) == 0 else {
            throw POSIXError(.EIO)
        }
        self.main = FileHandle(fileDescriptor: ends.main, closeOnDealloc: true)
        self.terminal = FileHandle(fileDescriptor: ends.terminal, closeOnDealloc: true)
        self.before = Self.modes(ends.terminal)
        self.process.executableURL = Command.program
        self.process.arguments = ["log"] + arguments
        self.process.environment = ["TERM": "xterm"].merging(environment) { $1 }
        self.process.standardInput = self.terminal
        self.process.standardOutput = self.terminal
        self.process.standardError = self.terminal
        try self.process.run()
    }

    /// What a program can change of how a terminal treats bytes.
    private static func modes(_ terminal: Int32) -> [UInt32] {
        var state = termios()
        tcgetattr(terminal, &state)
        return [state.c_iflag, state.c_oflag, state.c_lflag, state.c_cflag]
    }

    /// Whether the terminal is as it was before the program began.
    var isRestored: Bool { Self.modes(self.terminal.fileDescriptor) == self.before }

    /// Presses keys.
    func send(_ keys: String) throws {
        try self.main.write(contentsOf: Data(keys.utf8))
    }

    /// Makes the terminal another size, as a window does.
    func resize(columns: UInt16, rows: UInt16) throws {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard ioctl(self.main.fileDescriptor, UInt(TIOCSWINSZ), &size) == 0 else {
            throw POSIXError(.EIO)
        }
    }

    /// Waits until `text` was printed, behind what was waited for before. Returns false if it does not come.
    func wait(for text: String) -> Bool {
        while true {
            let rest = self.output.dropFirst(self.seenCount)
            if let range = rest.range(of: text) {
                self.seenCount += rest.distance(from: rest.startIndex, to: range.upperBound)
                return true
            }
            guard self.readMore(waiting: Self.waitMilliseconds) else { return false }
        }
    }

    /// Waits for the program's end, and reads what it printed last.
    func finish() {
        self.process.waitUntilExit()
        while self.readMore(waiting: 0) {}
    }

    private func readMore(waiting milliseconds: Int32) -> Bool {
        var poll = pollfd(fd: self.main.fileDescriptor, events: Int16(POLLIN), revents: 0)
        guard Glibc.poll(&poll, 1, milliseconds) > 0, poll.revents & Int16(POLLIN) != 0 else {
            return false
        }
        let data = self.main.availableData
        self.output += String(decoding: data, as: UTF8.self)
        return !data.isEmpty
    }
}
