/// How a log is kept.
package struct LogOptions: Sendable {
    /// When a record is shown to readers and acknowledged to its producer.
    package enum Acknowledgement: String, Sendable, CaseIterable {
        /// After a sync: it survives the loss of power.
        case durable
        /// After it is in the file: it survives the end of the process, and a loss of power may take it.
        case written
    }

    /// When records are shown and acknowledged.
    package var acknowledgement: Acknowledgement
    /// Bytes of a segment file, reserved when it is created. Default 64 MiB; a multiple of 4 KiB from
    /// ``segmentByteCountMin`` to ``segmentByteCountMax``.
    package var segmentByteCount: Int
    /// How many idempotency keys and producers are remembered at least. Default 500,000: up to twice that
    /// many are, at about 100 bytes each.
    package var producersRememberedMin: Int

    /// The smallest segment, 64 KiB.
    package static let segmentByteCountMin = 64 << 10
    /// The largest segment, 1 GiB: positions in a segment are 32-bit numbers.
    package static let segmentByteCountMax = 1 << 30

    /// Creates options; without arguments the defaults.
    package init(
        acknowledgement: Acknowledgement = .durable, segmentByteCount: Int = 64 << 20,
        producersRememberedMin: Int = 500_000
    ) {
        self.acknowledgement = acknowledgement
        self.segmentByteCount = segmentByteCount
        self.producersRememberedMin = producersRememberedMin
    }
}
