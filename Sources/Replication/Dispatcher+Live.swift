import LogFormat
import LogModel
import LogStorage
import Logging
import Matching
import Sessions

/// How new records get to the live subscriptions: the loop's cursor passes each once, the matcher finds which
/// audiences want it, and what an audience was given in a turn is its next chunk.
extension Dispatcher {
    /// Gives new records, up to what a turn may, to the audiences that want them.
    func readNewRecords() {
        if self.matcher.isEmpty {
            self.cursor = self.log.watermarks.visible
            return
        }
        // What is new waits in the log until what was read is on its way.
        guard self.chunkHoldings.byteCount <= self.limits.allChunksByteCountMax else { return }
        let start = self.cursor
        do throws(StorageError) {
            if try self.readOn() {
                try self.finishChunks(from: start)
                self.wakeFollowers(from: start)
                self.takeGrants()
            } else {
                self.leaveLive(from: start)
                self.takeAllGrants()
            }
        } catch {
            // The loop was so far behind that records were removed before it came to them, or one is damaged.
            self.logger.error("live subscriptions read on by themselves: \(error)")
            self.leaveLive(from: start)
            self.takeAllGrants()
        }
    }

    /// Returns false if each subscription has to read on by itself: because a batch is too much for all who want it
    /// together, or because compaction came before the loop and took what some of them must be told of.
    ///
    /// Stops after a batch that changes what somebody is granted: what comes next is judged by that.
    private func readOn() throws(StorageError) -> Bool {
        var records = 0
        var byteCount = 0
        while records < self.limits.recordsPerTurnMax, !self.grants.hasChanged,
            byteCount < self.limits.framedByteCountPerTurnMax,
            let extent = try self.log.extent(at: self.cursor)
        {
            // A batch lies in one segment and becomes visible whole, so this ends with a batch.
            var ofBatch = 0
            while self.cursor < extent.end {
                try self.prepareMatch(in: extent)
                let end = try extent.segment.withOwnRecord(at: self.cursor) { record in
                    ofBatch += self.giveOut(record)
                    return record.isLastOfBatch ? record.checksum : nil
                }
                guard let end, ofBatch <= self.limits.framedByteCountPerBatchMax else {
                    return false
                }
                self.cursor = self.cursor.next
                records += 1
                if let checksum = end {
                    self.endBatch(in: extent.segment, checksum)
                    byteCount += ofBatch
                    ofBatch = 0
                    if records >= self.limits.recordsPerTurnMax
                        || byteCount >= self.limits.framedByteCountPerTurnMax
                        || self.grants.hasChanged
                    {
                        break
                    }
                }
            }
        }
        return true
    }

    /// Lets the matcher fetch what it needs for a record that comes soon.
    private func prepareMatch(in extent: SegmentExtent) throws(StorageError) {
        let next = self.cursor.advanced(by: Matcher.recordsAhead)
        guard next < extent.end else { return }
        _ = try extent.segment.withOwnRecord(at: next) { self.matcher.prepare($0) }
    }

    /// Gives `record` to the audiences that want it. Returns how many bytes that were, about.
    private func giveOut(_ record: borrowing RecordView) -> Int {
        var copies = 0
        self.matcher.match(record) { subscriber, change, entry in
            guard subscriber.owner < Followers.owner else {
                if subscriber.owner == GrantWatches.owner {
                    self.grants.noteChange(subscriber)
                } else {
                    self.followers.noteRecord(subscriber)
                }
                return
            }
            let number = Int(subscriber.owner)
            guard
                let id = self.audiences[number]?.slots[Int(subscriber.slot)]?.id,
                let form = self.audiences[number]?.slots[Int(subscriber.slot)]?.form,
                let view = self.audiences[number]?.slots[Int(subscriber.slot)]?.predicate
                    .view(of: record, change)
            else { return }
            copies += 1
            self.audiences[number]?.quietTicks[Int(subscriber.slot)] = 0
            self.audiences[number]?.audience.composer.add(
                record, change, entry, to: id, as: form, seen: view, by: &self.renderer)
            self.touch(number)
        }
        return copies * record.count
    }

    private func endBatch(in segment: Segment, _ checksum: UInt32) {
        guard !self.touchedByBatch.isEmpty else { return }
        let token = ResumeToken(epoch: segment.epoch, next: self.cursor, checksum: checksum)
        var text: String?
        for number in self.touchedByBatch {
            self.audiences[number]?.isTouchedByBatch = false
            self.audiences[number]?.audience.composer.endBatch {
                if let text { return text }
                let made = token.text
                text = made
                return made
            }
        }
        self.touchedByBatch.removeAll(keepingCapacity: true)
    }

    /// Ends the frames of all audiences that were given something.
    private func finishChunks(from start: Offset) throws(StorageError) {
        guard !self.touched.isEmpty else { return }
        let text = try self.log.token(at: self.cursor).text
        for number in self.touched {
            self.audiences[number]?.isTouched = false
            self.audiences[number]?.audience.composer.endBatch(isForced: true) { text }
            self.finishChunk(number, from: start)
        }
        self.touched.removeAll(keepingCapacity: true)
    }

    private func touch(_ number: Int) {
        guard self.audiences[number]?.isTouchedByBatch == false else { return }
        self.audiences[number]?.isTouchedByBatch = true
        self.touchedByBatch.append(number)
        guard self.audiences[number]?.isTouched == false else { return }
        self.audiences[number]?.isTouched = true
        self.touched.append(number)
    }
}
