package import LogModel
package import LogStorage

extension BisectQuestion {
    /// When the question became true of the instance `key` of `model`, from `start` to `end`.
    ///
    /// Reads every record of the instance in between, so that the answer is the first time also if it turned several
    /// times. Nil if the log has no record of the instance. Throws `corrupt`.
    package func turns(
        of key: Text, in model: Text, _ log: ChangeLog, from start: Offset, to end: Offset
    ) throws(StorageError) -> Turns? {
        var turns = Turns()
        var history = try InstanceHistory(of: key, in: model, log, from: start, to: end)
        var batches = BatchBounds(log)
        var last: RecordFacts?
        while let step = try history.next() {
            if last == nil {
                // What was before the stretch.
                let previous = try log.previousRecord(of: step.record.offset)
                    .flatMap { offset throws(StorageError) in
                        try RecordFacts(at: offset, in: log)
                    }
                let value = self.value(in: previous)
                turns.begin(self.holds(of: value), value: value.map(Self.json))
            }
            if try batches.isBeyond(step.record.offset), let last { self.note(last, in: &turns) }
            last = step.record
        }
        guard let last else { return nil }
        self.note(last, in: &turns)
        return turns
    }

    private func note(_ record: RecordFacts, in turns: inout Turns) {
        let value = self.value(in: record)
        turns.note(self.holds(of: value), value: value.map(Self.json), by: record)
    }

    private func value(in record: RecordFacts?) -> Scalar? {
        record?.properties.scalar(self.condition.property)
    }
}
