import Glibc
import Synchronization

/// A process that a test started: its lines as they come, its end, and what it complained about.
///
/// Not `Foundation.Process`, because a test that unmounts a file system must know that no other child was
/// being started while a file on it was open: here that is one lock.
final class Child {
    /// How a process ended.
    enum Ending: Hashable {
        case exited(Int32)
        case killed(Int32)
    }

    let identifier: pid_t
    private let input: CInt
    private let output: CInt
    private let complaints: CInt
    private var isInputOpen = true
    private var rest: [UInt8] = []
    private var ending: Ending?

    private static let spawning = Mutex(())

    /// Starts the program that the first of `command` names, looked up in `PATH`.
    ///
    /// - Parameter environment: what is set beside what this process has.
    init(_ command: [String], environment: [String: String] = [:]) throws {
        let (inputEnds, outputEnds, complaints) = try Self.spawning.withLock { _ in
            // A file, so that a process that complains a lot never waits for a reader.
            (try Self.pipe(), try Self.pipe(), try Self.temporaryFile())
        }
        self.complaints = complaints
        self.input = inputEnds[1]
        self.output = outputEnds[0]

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, inputEnds[0], 0)
        posix_spawn_file_actions_adddup2(&actions, outputEnds[1], 1)
        posix_spawn_file_actions_adddup2(&actions, self.complaints, 2)
        var variables: [String] = []
        for (name, value) in Self.ownEnvironment.merging(environment, uniquingKeysWith: { $1 }) {
            variables.append("\(name)=\(value)")
        }
        var argv = command.map { strdup($0) } + [nil]
        var envp = variables.map { strdup($0) } + [nil]
        var number = pid_t()
        let result = Self.spawning.withLock { _ in
            posix_spawnp(&number, command[0], &actions, nil, &argv, &envp)
        }
        posix_spawn_file_actions_destroy(&actions)
        for text in argv + envp { free(text) }
        close(inputEnds[0])
        close(outputEnds[1])
        self.identifier = number
        guard result == 0 else {
            self.ending = .exited(127)
            throw Failure(
                "not run: cannot start \(command[0]): \(String(cString: strerror(result)))")
        }
    }

    deinit {
        if self.ending == nil {
            Glibc.kill(self.identifier, SIGKILL)
            _ = self.wait()
        }
        if self.isInputOpen { close(self.input) }
        close(self.output)
        close(self.complaints)
    }

    /// The next line, or nil at the end of the output.
    func line() -> String? {
        while true {
            if let end = self.rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: self.rest[..<end], as: UTF8.self)
                self.rest.removeSubrange(...end)
                return line
            }
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = read(self.output, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 {
                defer { self.rest = [] }
                return self.rest.isEmpty ? nil : String(decoding: self.rest, as: UTF8.self)
            }
            self.rest += buffer[..<count]
        }
    }

    /// The lines that it has written so far and that were not read, without waiting for more.
    func linesSoFar() -> [String] {
        var lines: [String] = []
        while true {
            var state = pollfd(fd: self.output, events: Int16(POLLIN), revents: 0)
            let isThere = poll(&state, 1, 0) > 0 && state.revents & Int16(POLLIN) != 0
            guard isThere || self.rest.contains(UInt8(ascii: "\n")), let line = self.line() else {
                return lines
            }
            lines.append(line)
        }
    }

    /// All lines to the end of the output.
    func lines() -> [String] {
        var lines: [String] = []
        while let line = self.line() { lines.append(line) }
        return lines
    }

    /// Sends a line of input.
    func send(_ text: String = "") {
        let bytes = Array((text + "\n").utf8)
        _ = write(self.input, bytes, bytes.count)
    }

    /// Ends the input.
    func endInput() {
        if self.isInputOpen { close(self.input) }
        self.isInputOpen = false
    }

    /// Lets it do nothing any more, from the next instruction of its own on, until `resume`.
    func stop() {
        Glibc.kill(self.identifier, SIGSTOP)
        var status: CInt = 0
        while waitpid(self.identifier, &status, WUNTRACED) < 0 && errno == EINTR {}
    }

    /// Lets it go on.
    func resume() {
        Glibc.kill(self.identifier, SIGCONT)
    }

    /// Ends it as it stands, and waits.
    func kill() {
        Glibc.kill(self.identifier, SIGKILL)
        _ = self.wait()
    }

    /// Waits until it has ended.
    @discardableResult
    func wait() -> Ending {
        if let ending { return ending }
        var status: CInt = 0
        while waitpid(self.identifier, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        let ending: Ending = signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal)
        self.ending = ending
        return ending
    }

    /// What it wrote to standard error.
    var complaint: String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = pread(self.complaints, &buffer, buffer.count, text.count)
            if count <= 0 { return String(decoding: text, as: UTF8.self) }
            text += buffer[..<count]
        }
    }

    private static func pipe() throws -> [CInt] {
        var ends: [CInt] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw Failure("no pipe: errno \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return ends
    }

    /// A file without a name.
    private static func temporaryFile() throws -> CInt {
        var name = Array("/tmp/livelog-complaints-XXXXXX".utf8CString)
        let file = mkstemp(&name)
        guard file >= 0 else { throw Failure("no temporary file: errno \(errno)") }
        unlink(name)
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        return file
    }

    private static let ownEnvironment: [String: String] = {
        var all: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let parts = String(cString: entry).split(separator: "=", maxSplits: 1)
            if let name = parts.first {
                all[String(name)] = parts.count > 1 ? String(parts[1]) : ""
            }
            next += 1
        }
        return all
    }()
}

/// A test that cannot go on, and why.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Runs a program to its end and returns its output; throws what it complained about if it fails.
@discardableResult
func run(_ command: String...) throws -> String {
    let child = try Child(command)
    child.endInput()
    let output = child.lines().joined(separator: "\n")
    let ending = child.wait()
    guard ending == .exited(0) else {
        throw Failure("\(command.joined(separator: " ")): \(ending): \(child.complaint)")
    }
    return output
}
