import LogFormat
package import LogStorage
package import WireProtocol

extension NetChanges {
    /// Appends the `livelog.v1` forms of the records of `entries`, which are net changes, with `separator` between
    /// them.
    ///
    /// Throws `corrupt` if a record is damaged.
    package func append(
        _ entries: some Sequence<Entry>, separatedBy separator: UInt8,
        by renderer: inout RecordRenderer, to json: inout [UInt8]
    ) throws(StorageError) {
        var isFirst = true
        for entry in entries {
            _ = try self.withRecord(at: entry.offset) { record in
                if !isFirst { json.append(separator) }
                renderer.appendLivelog1(
                    record, entry.change, self.view(of: record, entry), to: &json)
            }
            isFirst = false
        }
    }
}
