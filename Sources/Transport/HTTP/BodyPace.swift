/// How slowly a request's body may come.
///
/// A body that drips holds a connection and memory that others need. One that comes at the least pace from its
/// beginning on is never refused, and the first seconds do not count.
package struct BodyPace: Sendable {
    /// Seconds for which nothing is asked. Default 10.
    package var graceSeconds: Int
    /// Bytes that must have come for each second after those. Default 1 KiB.
    package var bytesPerSecondMin: Int

    /// Creates a pace.
    package init(graceSeconds: Int = 10, bytesPerSecondMin: Int = 1 << 10) {
        self.graceSeconds = graceSeconds
        self.bytesPerSecondMin = bytesPerSecondMin
    }

    /// Whether a body of which `byteCount` bytes have come after `elapsed` is too slow.
    package func isTooSlow(_ byteCount: Int, after elapsed: Duration) -> Bool {
        let seconds = elapsed.components.seconds - Int64(self.graceSeconds)
        return seconds > 0 && Int64(byteCount) / Int64(self.bytesPerSecondMin) < seconds
    }
}
