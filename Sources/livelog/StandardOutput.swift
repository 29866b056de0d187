import Glibc

/// Standard output for the few lines that programs wait for: each leaves at once, also into a pipe.
enum StandardOutput {
    /// Writes one line. What cannot be written is lost: whoever waited for it has gone.
    static func line(_ text: String) {
        var bytes = Array("\(text)\n".utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
