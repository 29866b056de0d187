import LogFormat
import LogModel
import LogStorage
import Logging
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
        do throws(StorageError) {
            try self.readNewRecords()
        } catch {
            // The loop was so far behind that records were removed before it came to them, or one is damaged.
            self.logger.error("live subscriptions read on by themselves: \(error)")
            self.leaveLive()
        }
    }

    private func readNewRecords() throws(StorageError) {
        var records = 0
        var byteCount = 0
        while records < self.limits.recordsPerTurnMax, byteCount < self.limits.byteCountPerTurnMax,
            let extent = try self.log.extent(at: self.cursor)
        {
            // A batch lies in one segment and becomes visible whole, so this ends with a batch.
            while self.cursor < extent.end {
                // Nil is one that compaction removed, and then the loop is hours behind.
                let end = try extent.segment.withOwnRecord(at: self.cursor) { record in
                    byteCount += self.giveOut(record)
                    return record.isLastOfBatch ? record.checksum : nil
                }
                self.cursor = self.cursor.next
                records += 1
                if let end, let checksum = end {
                    self.endBatch(in: extent.segment, checksum)
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
