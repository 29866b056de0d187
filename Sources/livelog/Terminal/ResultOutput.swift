import Glibc

/// Standard output for many lines: collected, and written in one piece now and then. A person at a terminal is given a
/// pager.
struct ResultOutput {
    /// Somebody who read the output has closed it, as `| head` does: there is no more to be done.
    struct Closed: Error {}

    private static let pieceByteCount = 64 << 10
    private var pending: [UInt8] = []
    private let pager: Pager?

    /// Makes a closed pipe an error of the call instead of the end of the process.
    ///
    /// - Parameter isPaged: whether a person may read it page by page; false for output that is not to wait.
    init(isPaged: Bool = false) {
        signal(SIGPIPE, SIG_IGN)
        self.pager = isPaged && StandardStream.output.isTerminal ? Pager() : nil
    }

    /// Adds bytes, and writes when there are enough.
    mutating func write(_ bytes: some Sequence<UInt8>) throws {
        self.pending.append(contentsOf: bytes)
        if self.pending.count >= Self.pieceByteCount { try self.flush() }
    }

    /// Adds a line of text.
    mutating func write(line: String) throws {
        try self.write((line + "\n").utf8)
    }

    /// Writes what was collected.
    mutating func flush() throws {
        var rest = self.pending[...]
        while !rest.isEmpty {
            // Raw memory: lent to the system for the length of the call.
            let count = rest.withUnsafeBytes {
                Glibc.write(self.pager?.input ?? STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                if errno == EPIPE { throw Closed() }
                throw OutputError(code: errno)
            }
            rest = rest.dropFirst(count)
        }
        self.pending.removeAll(keepingCapacity: true)
    }

    /// Lets the reader read on to the end, if there is a pager.
    func finish() {
        self.pager?.finish()
    }
}

/// Standard output could not be written to.
struct OutputError: Error, CustomStringConvertible {
    /// The value of `errno`.
    let code: CInt

    var description: String { "standard output: \(String(cString: strerror(self.code)))" }
}
