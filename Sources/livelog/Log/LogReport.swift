import LogFormat
import LogModel
import LogStorage

/// What `livelog log stat` says.
struct LogReport {
    /// The records of one model by what was done.
    struct Actions {
        var created = 0
        var updated = 0
        var deleted = 0
        var total: Int { self.created + self.updated + self.deleted }
    }

    let meta: MetaPage
    let segments: [SegmentSummary]
    let totals: HashTotals
    /// By model; nil if the records were not read.
    private(set) var actions: [Text: Actions]?
    let first: Offset
    let end: Offset

    /// Looks at the log in `directory`; `progress` is told how many records were read.
    init(
        _ directory: LogDirectory, top: Int, countsActions: Bool, progress: (Int) -> Void
    ) throws(StorageError) {
        let inspector = LogInspector(directory)
        let log = try inspector.openLog()
        self.meta = try inspector.meta().newest
        self.segments = inspector.summaries(of: log)
        self.totals = try HashTotals(log, limit: top)
        self.first = log.first
        self.end = log.watermarks.visible
        self.actions = countsActions ? try Self.count(log, progress) : nil
    }

    private static func count(
        _ log: ChangeLog, _ progress: (Int) -> Void
    ) throws(StorageError) -> [Text: Actions] {
        // By the hash of the model's group, which every record begins with.
        var counts: [UInt64: Actions] = [:]
        var names: [UInt64: Text] = [:]
        var done = 0
        for extent in log.extents {
            try extent.forEachRecord(from: extent.segment.base) { record throws(StorageError) in
                let hash = record.groupHash(0)
                if names[hash] == nil { names[hash] = Text(bytes: record.model.copy()) }
                switch record.action {
                case .created: counts[hash, default: Actions()].created += 1
                case .updated: counts[hash, default: Actions()].updated += 1
                case .deleted: counts[hash, default: Actions()].deleted += 1
                }
                done += 1
                if done % 4096 == 0 { progress(done) }
            }
        }
        var actions: [Text: Actions] = [:]
        for (hash, name) in names { actions[name] = counts[hash] }
        return actions
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
    var models: [(name: Text, count: Int, actions: Actions?)] {
        if let actions {
            return actions.map { ($0.key, $0.value.total, $0.value) }.sorted { $0.1 > $1.1 }
        }
        return self.totals.models.map { ($0.key.model, $0.recordCount, nil) }
    }
}
