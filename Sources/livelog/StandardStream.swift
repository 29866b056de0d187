import Glibc

/// A stream that the process was started with, written to at once and without buffering.
enum StandardStream: CInt {
    case output = 1
    case error = 2

    /// Whether a person watches it.
    var isTerminal: Bool { isatty(self.rawValue) == 1 }

    /// Writes text as it is. What cannot be written is lost: whoever would have read it has gone.
    func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            // Raw memory: lent to the system for the length of the call.
            let count = bytes.withUnsafeBytes {
                Glibc.write(self.rawValue, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
