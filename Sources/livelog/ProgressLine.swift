/// The line that shows a person how far long work is. Does nothing if nobody watches.
struct ProgressLine {
    private static let interval = Duration.milliseconds(100)

    private let isShown = Diagnostics.isTerminal
    private var shown: ContinuousClock.Instant?

    /// Shows the line, unless another one was shown a moment ago.
    mutating func show(_ text: () -> String) {
        guard self.isShown else { return }
        let now = ContinuousClock.now
        if let shown, now - shown < Self.interval { return }
        self.shown = now
        Diagnostics.write("\r\u{1B}[K\(text())")
    }

    /// Takes the line away, before anything else is written.
    mutating func clear() {
        if self.shown != nil { Diagnostics.write("\r\u{1B}[K") }
        self.shown = nil
    }
}
