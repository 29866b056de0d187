/// Standard error: what is said to people while standard output carries the result.
enum Diagnostics {
    /// Whether a person watches it.
    static var isTerminal: Bool { StandardStream.error.isTerminal }

    /// Writes one line that begins with the program's name.
    static func say(_ message: String) {
        Self.write("livelog: \(message)\n")
    }

    /// Writes text as it is.
    static func write(_ text: String) {
        StandardStream.error.write(text)
    }

    /// Seconds with one decimal.
    static func seconds(_ duration: Duration) -> String {
        let tenths = Int((duration / .milliseconds(100)).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
