/// The line that shows a person how far `livelog publish` is. Does nothing if nobody watches.
struct PublishProgress {
    private static let interval = Duration.milliseconds(100)

    private let isShown: Bool
    private let size: Int?
    private let start = ContinuousClock.now
    private var shown: ContinuousClock.Instant?

    /// Creates a line for an input of `size` bytes, if that is known.
    init(size: Int?) {
        self.isShown = Diagnostics.isTerminal
        self.size = size
    }

    /// Shows the line again, unless that was done a moment ago.
    mutating func show(_ summary: PublishSummary) {
        let now = ContinuousClock.now
        if let shown, now - shown < Self.interval { return }
        guard self.isShown else { return }
        self.shown = now
        let seconds = max((now - self.start) / .seconds(1), 0.001)
        var line = "\(summary.count) changes, \(Int(Double(summary.count) / seconds))/s, "
        line += "\(Self.megabytes(summary.inputBytes)) MB"
        if let size, size > 0 { line += ", \(summary.inputBytes * 100 / size) %" }
        Diagnostics.write("\r\u{1B}[K\(line)")
    }

    /// Takes the line away, before anything else is written.
    mutating func clear() {
        if self.shown != nil { Diagnostics.write("\r\u{1B}[K") }
        self.shown = nil
    }

    private static func megabytes(_ bytes: Int) -> String {
        let tenths = bytes / 100_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
