import Debugging
import LogFormat
import LogModel
import LogStorage
import Synchronization

/// What `livelog log stat` says.
struct LogReport {
    let meta: MetaPage
    let segments: [SegmentSummary]
    let totals: HashTotals
    /// What the records say; nil if they were not read.
    let statistics: LogStatistics?
    let first: Offset
    let end: Offset

    /// Looks at the log; `progress` is told how many records were read.
    init(
        _ directory: LogDirectory, _ access: LogAccess, top: Int, readsRecords: Bool,
        progress: @escaping @Sendable (Int) -> Void
    ) throws(StorageError) {
        let inspector = LogInspector(directory)
        let log = access.log
        self.meta = try inspector.meta().newest
        self.segments = inspector.summaries(of: log)
        self.totals = try HashTotals(log, limit: top)
        self.first = log.first
        self.end = log.watermarks.visible
        guard readsRecords else {
            self.statistics = nil
            return
        }
        let hashes = self.totals.groups.map { log.hasher.groupHash($0.key) }
        self.statistics = Self.statistics(of: access, groups: hashes, progress: progress)
    }

    /// What the records say. Each processor reads segments of its own.
    private static func statistics(
        of access: LogAccess, groups hashes: [UInt64],
        progress: @Sendable (Int) -> Void
    ) -> LogStatistics {
        let extents = Array(access.log.extents)
        let recordCount = Atomic(0)
        let parts = Processors.map(extents.count) { place in
            var part = LogStatistics(groups: hashes)
            part.add(extents[place], damage: access.damage)
            progress(recordCount.add(part.recordCount, ordering: .relaxed).newValue)
            return part
        }
        return parts.reduce(into: LogStatistics(groups: hashes)) { $0.append($1) }
    }

    /// The log's name.
    var identity: String {
        self.meta.identity.low.hexadecimal + self.meta.identity.high.hexadecimal
    }
    /// How many records there are.
    var recordCount: Int { self.segments.reduce(0) { $0 + $1.recordCount } }
    /// The epochs of the records that are kept, in order.
    var epochs: [Epoch] {
        self.segments.reduce(into: []) { if $0.last != $1.epoch { $0.append($1.epoch) } }
    }
    /// When the first record was appended.
    var firstTime: Int64? { self.segments.lazy.compactMap(\.firstTime).first }
    /// When the last record was appended.
    var lastTime: Int64? { self.segments.lazy.reversed().compactMap(\.lastTime).first }
    /// From the first to the last record, in seconds.
    var seconds: Double? {
        guard let firstTime, let lastTime else { return nil }
        return (Double(lastTime) - Double(firstTime)) / 1e6
    }
    /// Records in a second, on the average; nil if all were appended at once.
    var rate: Double? { self.seconds.flatMap { $0 > 0 ? Double(self.recordCount) / $0 : nil } }
    /// Bytes of index files.
    var indexByteCount: Int { self.segments.reduce(0) { $0 + ($1.indexByteCount ?? 0) } }

    /// The segments of a state.
    func segments(_ state: SegmentSummary.State) -> [SegmentSummary] {
        self.segments.filter { $0.state == state }
    }

    /// How much smaller cold segments are; nil if there are none.
    var compressionRatio: Double? {
        let cold = self.segments(.cold)
        let bytes = cold.reduce(0) { $0 + $1.byteCount }
        return bytes > 0
            ? Double(cold.reduce(0) { $0 + $1.recordByteCount }) / Double(bytes) : nil
    }

    /// The models with what is known of each, the one with the most records first.
    var models: [(label: Text, count: Int, statistics: LogStatistics.Model?)] {
        if let statistics {
            return statistics.models.map { ($0.label, $0.recordCount, $0) }.sorted { $0.1 > $1.1 }
        }
        return self.totals.models.map { ($0.key.model, $0.recordCount, nil) }
    }
}
