import LogFormat
import LogModel
package import LogStorage

/// How much of a log compaction could take away.
package struct CompactionEstimate {
    /// The records that there are.
    package private(set) var recordCount = 0
    /// Those of sealed segments that a later one in a sealed segment makes superfluous.
    package private(set) var removable = 0
    /// Their bytes, before compression.
    package private(set) var removableByteCount = 0

    /// Looks at every record of `log`. Memory: about 50 bytes for each instance.
    ///
    /// - Parameter bound: only segments whose last record is older than this time, in microseconds since 1970, lose
    ///   records.
    package init(of log: ChangeLog, olderThan bound: Int64, damage: DamageHandler) {
        /// Bytes of the last record of each key, 0 if it may not go.
        var last: [UInt64: Int] = [:]
        for extent in log.extents {
            let isSealed = extent.segment.facts != nil
            let isOld = extent.segment.facts.map { $0.lastTime < bound } ?? false
            extent.forEachReadableRecord(damage: damage) { record in
                self.recordCount += 1
                guard isSealed else { return }
                let bytes = last.updateValue(isOld ? record.count : 0, forKey: record.keyHash)
                if let bytes, bytes > 0 {
                    self.removable += 1
                    self.removableByteCount += bytes
                }
            }
        }
    }
}
