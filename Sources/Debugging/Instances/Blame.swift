package import LogModel
package import LogStorage

/// Which record set each property of an instance to the value that it has.
///
/// Goes back from the last record only as far as it has to: to the oldest change that still shows.
package struct Blame: Hashable, Sendable {
    /// One property.
    package struct Line: Hashable, Sendable {
        /// Its name.
        package let property: Text
        /// Its value, as JSON text.
        package let value: [UInt8]
        /// The value that it had before that record; nil if it had none.
        package fileprivate(set) var before: [UInt8]?
        /// The record that set it.
        package fileprivate(set) var record: RecordFacts
        /// Whether it is certain that it was this record; otherwise one before it, which is no longer kept, may have been it.
        package fileprivate(set) var isExact = false
    }

    /// The instance's last record, which may be a deletion; then the lines are those of the instance before it.
    package let last: RecordFacts
    /// The properties, in the order in which the instance has them.
    package let lines: [Line]
    /// How many records were read.
    package let readCount: Int

    /// Finds out who set what of the instance `key` of `model`, as it was before the record at `end`, or is now. Nil if the
    /// log has no record of it there.
    ///
    /// Throws `retained` if too much was removed to know; `corrupt`.
    package init?(
        _ key: Text, of model: Text, in log: ChangeLog, before end: Offset? = nil
    ) throws(StorageError) {
        guard let offset = try log.latestRecord(model: model, key: key, before: end),
            let last = try RecordFacts(at: offset, in: log)
        else { return nil }
        var readCount = 1
        func earlier(_ record: RecordFacts) throws(StorageError) -> RecordFacts? {
            guard let previous = try log.previousRecord(of: record.offset) else { return nil }
            readCount += 1
            return try RecordFacts(at: previous, in: log)
        }
        self.last = last
        var record = last
        if last.action == .deleted {
            guard let before = try earlier(last), before.action != .deleted else {
                self.lines = []
                self.readCount = readCount
                return
            }
            record = before
        }
        let now = record.properties
        var lines: [Line] = []
        for name in now.names {
            if let value = now[name] {
                lines.append(Line(property: name, value: value, record: record))
            }
        }
        // Of each line it is not decided yet whether an earlier record had the value already.
        var open = Array(lines.indices)
        while !open.isEmpty {
            guard let before = try earlier(record) else {
                for place in open { lines[place].isExact = record.previous == nil }
                break
            }
            let properties = before.properties
            let isNext = before.offset == record.previous
            open.removeAll { place in
                let value = properties[lines[place].property]
                guard value != lines[place].value else {
                    lines[place].record = before
                    return false
                }
                lines[place].before = value
                lines[place].isExact = isNext
                return true
            }
            record = before
        }
        self.lines = lines
        self.readCount = readCount
    }
}
