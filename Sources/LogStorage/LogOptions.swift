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
    /// What is done to segments that are full.
    package var upkeep: Upkeep
    /// Segments that are full and not sealed yet, besides the one that is appended to. Default 2: if there are
    /// more, appending waits for the first to be sealed. Bounds the memory for indexes.
    package var unsealedSegmentsMax: Int
    /// Bytes of decompressed blocks of cold segments that are kept. Default 16 MiB.
    package var blockCacheByteCount: Int

    /// The smallest segment, 64 KiB.
    package static let segmentByteCountMin = 64 << 10
    /// The largest segment, 1 GiB: positions in a segment are 32-bit numbers.
    package static let segmentByteCountMax = 1 << 30

    /// Creates options; without arguments the defaults.
    package init(
        acknowledgement: Acknowledgement = .durable, segmentByteCount: Int = 64 << 20,
        upkeep: Upkeep = Upkeep(), unsealedSegmentsMax: Int = 2,
        blockCacheByteCount: Int = 16 << 20
    ) {
        self.acknowledgement = acknowledgement
        self.segmentByteCount = segmentByteCount
        self.upkeep = upkeep
        self.unsealedSegmentsMax = unsealedSegmentsMax
        self.blockCacheByteCount = blockCacheByteCount
    }
}

/// What is done to segments that are full, and when. Ages are counted from a segment's last record, by the
/// clock that gives records their times; nil means never.
package struct Upkeep: Hashable, Sendable {
    /// After how many microseconds a segment is compressed. Default one hour.
    package var coldAge: Int64?
    /// After how many microseconds a segment is removed. Default never.
    package var retainAge: Int64?
    /// How many bytes all files may have before the oldest segments are removed. Default no bound. The
    /// segment that is appended to and the ones that are not sealed stay.
    package var retainByteCount: Int?
    /// After how many microseconds only the latest record of each instance is kept. Default never.
    package var compactAge: Int64?
    /// For how many microseconds a deleted instance's last record is kept by compaction at least. Default a
    /// day.
    package var tombstoneAge: Int64

    /// Creates a policy; without arguments the default one.
    package init(
        coldAge: Int64? = 3_600_000_000, retainAge: Int64? = nil, retainByteCount: Int? = nil,
        compactAge: Int64? = nil, tombstoneAge: Int64 = 86_400_000_000
    ) {
        self.coldAge = coldAge
        self.retainAge = retainAge
        self.retainByteCount = retainByteCount
        self.compactAge = compactAge
        self.tombstoneAge = tombstoneAge
    }
}
