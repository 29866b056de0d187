package import LogStorage

/// What the appender has done since the start. The appender's thread counts, and shows it after each commit.
package struct AppendCounters: Sendable {
    /// Records that were appended.
    package var records: UInt64 = 0
    /// Bytes that they have in the log.
    package var bytes: UInt64 = 0
    /// Batches that were appended.
    package var batches: UInt64 = 0
    /// Batches that were there already, and got their first receipt again.
    package var repeatedBatches: UInt64 = 0
    /// Submissions that were refused, by reason.
    package var refusals: [StorageError.Code: UInt64] = [:]
    /// How long each sync took, in seconds.
    package var syncSeconds = Histogram.seconds
    /// How many records each commit had.
    package var recordsPerCommit = Histogram.counting

    /// Creates counters of nothing.
    package init() {}
}
