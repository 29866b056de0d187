import Debugging
import Glibc
import LogStorage
import Synchronization

/// The terminal that the process was started on, as a program of the whole screen has it: each key at once, nothing of it
/// shown, and a screen of its own.
///
/// It is as it was before when ``close()`` was called, and also when a signal ends or stops the process.
final class RawTerminal: Sendable {
    /// What happened.
    enum Event {
        case keys([BrowserKey])
        /// The screen has another size, or has to be drawn anew.
        case resized
        /// There is no terminal any more.
        case gone
    }

    /// How long after Esc something must come to be part of the same key, in milliseconds.
    private static let sequenceMilliseconds: CInt = 50
    /// Its own screen, without a cursor, and lines that end where the screen does.
    private static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
    private static let leave = "\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    private struct State {
        let saved: termios
        var isRaw = false
    }

    private let state: Mutex<State>
    private let reader = Mutex(BrowserKeyReader())
    /// Written to when the screen has to be drawn anew.
    private let redraw: SignalPipe

    /// Whether standard input and output are terminals that a screen can be drawn on.
    static var isThere: Bool {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { return false }
        return getenv("TERM").map { String(cString: $0) } != "dumb"
    }

    /// Takes the terminal. Nil if there is none.
    init?() {
        var saved = termios()
        guard tcgetattr(STDIN_FILENO, &saved) == 0, let redraw = SignalPipe(),
            SignalPipe.ofProcess != nil
        else { return nil }
        self.state = Mutex(State(saved: saved))
        self.redraw = redraw
        guard (try? DedicatedThread { [self] in self.handleSignals() }) != nil else { return nil }
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH] {
            signal(number) { SignalPipe.ofProcess?.write(UInt8(truncatingIfNeeded: $0)) }
        }
        self.open()
    }

    private func open() {
        self.state.withLock { state in
            guard !state.isRaw else { return }
            var raw = state.saved
            cfmakeraw(&raw)
            // Ctrl-C and Ctrl-Z are signals as ever, so that they help at any time.
            raw.c_lflag |= tcflag_t(ISIG)
            raw.c_oflag = state.saved.c_oflag
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw)
            StandardStream.output.write(Self.enter)
            state.isRaw = true
        }
    }

    /// Gives the terminal back as it was.
    func close() {
        self.state.withLock { state in
            guard state.isRaw else { return }
            StandardStream.output.write(Self.leave)
            var saved = state.saved
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved)
            state.isRaw = false
        }
    }

    /// Writes to the screen, unless the terminal was given back.
    func write(_ text: String) {
        self.state.withLock { state in
            if state.isRaw { StandardStream.output.write(text) }
        }
    }

    /// Columns and rows.
    var size: (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
        else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Waits for what happens next.
    func next() -> Event {
        while true {
            let isWaiting = self.reader.withLock { $0.isWaiting }
            var polls = [
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
                pollfd(fd: self.redraw.input, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&polls, 2, isWaiting ? Self.sequenceMilliseconds : -1)
            if count < 0 {
                if errno == EINTR { continue }
                return .gone
            }
            if polls[1].revents != 0 {
                _ = self.redraw.read()
                return .resized
            }
            if count == 0 {
                let keys = self.reader.withLock { $0.flush() }
                if !keys.isEmpty { return .keys(keys) }
            } else if polls[0].revents != 0 {
                var bytes = [UInt8](repeating: 0, count: 4096)
                // Raw memory: filled by the system within the call.
                let count = bytes.withUnsafeMutableBytes {
                    Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count)
                }
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                guard count > 0 else { return .gone }
                let keys = self.reader.withLock { $0.add(bytes.prefix(count)) }
                if !keys.isEmpty { return .keys(keys) }
            }
        }
    }

    /// On a thread of its own, so that a signal helps also while the log is read.
    private func handleSignals() {
        while let byte = SignalPipe.ofProcess?.read() {
            let number = CInt(byte)
            switch number {
            case SIGWINCH:
                self.redraw.write(0)
            case SIGTSTP:
                self.close()
                // Returns when somebody has let the process go on; a signal to the process may do so before.
                raise(SIGSTOP)
                self.open()
                self.redraw.write(0)
            default:
                self.close()
                signal(number, SIG_DFL)
                // To the process: this thread may have the signal blocked.
                kill(getpid(), number)
            }
        }
    }
}

/// A pipe that a signal handler can write to.
struct SignalPipe {
    /// That of the process's signals, by their numbers.
    static let ofProcess = SignalPipe()

    let input: CInt
    private let output: CInt

    init?() {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (self.input, self.output) = (ends[0], ends[1])
    }

    /// Writes a byte. Calls nothing but the system, as a signal handler must.
    func write(_ byte: UInt8) {
        var byte = byte
        let saved = errno
        _ = Glibc.write(self.output, &byte, 1)
        errno = saved
    }

    /// The next byte, once there is one; nil if the pipe is broken.
    func read() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = Glibc.read(self.input, &byte, 1)
            if count == 1 { return byte }
            guard count < 0, errno == EINTR else { return nil }
        }
    }
}
