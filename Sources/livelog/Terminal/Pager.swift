import Glibc

/// The program by which a person reads long output: what `PAGER` names, or `less`.
///
/// Output that fits on the screen is left there, and colours are shown.
struct Pager {
    /// Where the pager reads.
    let input: CInt
    private let process: pid_t

    /// Starts the pager with its output on the terminal. Nil if there is none, or nobody wants one (`PAGER` is empty or
    /// `cat`).
    init?() {
        let command = getenv("PAGER").map { String(cString: $0) } ?? "less"
        guard !command.isEmpty, command != "cat" else { return nil }
        // What `less` is told if nobody told it anything: quit if it fits, raw colours, leave the screen.
        if getenv("LESS") == nil { setenv("LESS", "FRX", 0) }
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        // The pager must not hold the end that it waits for.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO)
        let words = ["/bin/sh", "-c", "exec \(command)"]
        // Raw memory: the words as C wants them, for the call below.
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        let failure = posix_spawn(&process, "/bin/sh", &actions, nil, arguments, environ)
        close(ends[0])
        guard failure == 0 else {
            close(ends[1])
            return nil
        }
        self.input = ends[1]
        self.process = process
    }

    /// Ends the output, and waits until the reader has gone.
    func finish() {
        close(self.input)
        var status: CInt = 0
        while waitpid(self.process, &status, 0) < 0, errno == EINTR {}
    }
}
