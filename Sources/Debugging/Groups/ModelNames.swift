import LogFormat
package import LogModel
package import LogStorage

extension ChangeLog {
    /// The labels of all models that have a record in `start ..< end`, in the order of their first ones.
    ///
    /// Looks at every record. Throws `corrupt`.
    package func models(
        from start: Offset, to end: Offset
    ) throws(StorageError) -> [Text] {
        var seen: Set<UInt64> = []
        var models: [Text] = []
        for extent in self.extents where extent.end > start && extent.segment.base < end {
            try extent.prefix(upTo: end).forEachRecord(from: max(start, extent.segment.base)) {
                record throws(StorageError) in
                // Every record begins with the group of its model.
                if seen.insert(record.groupHash(0)).inserted {
                    models.append(Text(bytes: record.model.copy()))
                }
            }
        }
        return models
    }
}
