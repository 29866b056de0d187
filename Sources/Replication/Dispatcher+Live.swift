import LogFormat
import LogModel
import LogStorage
import Matching
import Sessions

/// How new records get to the live subscriptions: the loop's cursor passes each once, the matcher finds who
/// wants it, and what a session is given in a turn leaves in one write.
extension Dispatcher {
    /// Gives new records, up to what a turn may, to the live subscriptions that want them.
    func giveOutNewRecords() {
        if self.matcher.isEmpty {
            self.cursor = self.log.watermarks.visible
            return
        }
        var records = 0
        var byteCount = 0
        while records < self.limits.recordsPerTurnMax, byteCount < self.limits.byteCountPerTurnMax,
            let extent = self.log.extent(at: self.cursor)
        {
            // A batch lies in one segment and becomes visible whole, so this ends with a batch.
            while self.cursor < extent.end {
                let record = extent.segment.record(at: self.cursor)
                byteCount += self.giveOut(record)
                self.cursor = self.cursor.next
                records += 1
                if record.isLastOfBatch {
                    self.endBatch(in: extent.segment, record.checksum)
                    if records >= self.limits.recordsPerTurnMax
                        || byteCount >= self.limits.byteCountPerTurnMax
                    {
                        break
                    }
                }
            }
        }
    }

    /// Gives `record` to the live subscriptions that want it. Returns how many bytes that were, about.
    private func giveOut(_ record: borrowing RecordView) -> Int {
        var copies = 0
        self.matcher.match(record) { entry, subscribers in
            copies += subscribers.count
            for subscriber in subscribers {
                let index = Int(subscriber.session)
                self.entries[index]?.session.deliver(
                    record, entry, to: Int(subscriber.slot), by: &self.renderer)
                self.touch(index)
            }
        }
        return copies * record.count
    }

    private func endBatch(in segment: Segment, _ checksum: UInt32) {
        guard !self.touchedByBatch.isEmpty else { return }
        let token = ResumeToken(epoch: segment.epoch, next: self.cursor, checksum: checksum).text
        for index in self.touchedByBatch {
            self.entries[index]?.isTouchedByBatch = false
            self.entries[index]?.session.endBatch(next: self.cursor, token: token, isForced: false)
        }
        self.touchedByBatch.removeAll(keepingCapacity: true)
    }

    /// Ends the frames of all sessions that were given something, and writes them.
    func flushTouched() {
        guard !self.touched.isEmpty else { return }
        let indices = self.touched
        self.touched.removeAll(keepingCapacity: true)
        guard let token = self.token(at: self.cursor) else {
            for index in indices { self.fail(index) }
            return
        }
        for index in indices {
            self.entries[index]?.isTouched = false
            self.entries[index]?.session.endBatch(next: self.cursor, token: token, isForced: true)
            self.flush(index)
        }
    }

    private func touch(_ index: Int) {
        guard self.entries[index]?.isTouchedByBatch == false else { return }
        self.entries[index]?.isTouchedByBatch = true
        self.touchedByBatch.append(index)
        guard self.entries[index]?.isTouched == false else { return }
        self.entries[index]?.isTouched = true
        self.touched.append(index)
    }
}
