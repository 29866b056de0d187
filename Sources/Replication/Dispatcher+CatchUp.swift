import LogFormat
import LogModel
import LogStorage
import Logging
import Matching
import Sessions
import WireProtocol

/// How a lagging session reads the log: by its subscriptions' cursors and the index, a bounded step at a time,
/// one session after the other, until its socket is full or its cursors reach the loop's.
///
/// A step takes a window of offsets from the lowest cursor on. Within it the postings of all lagging
/// subscriptions are merged, so that a session's records come in the order of the log. A window begins and
/// ends between batches.
extension Dispatcher {
    /// A subscription that lags, as a step sees it.
    private struct Reader {
        let slot: Int
        let id: UInt64
        let predicate: Predicate
        let next: Offset
    }

    /// Lets sessions that lag take one step each, in turn, as many as a turn may.
    func catchUp() {
        let waiting = self.lagging
        self.lagging.removeAll(keepingCapacity: true)
        var byteCount = 0
        var steps = 0
        for (place, (index, ticket)) in waiting.enumerated() {
            if steps >= self.limits.stepsPerTurnMax || byteCount >= self.limits.byteCountPerTurnMax
            {
                // The others come before those that have had their step.
                self.lagging.insert(contentsOf: waiting[place...], at: 0)
                return
            }
            guard self.entries[index]?.ticket == ticket else { continue }
            self.entries[index]?.ticket = 0
            steps += 1
            do throws(StorageError) {
                byteCount += try self.takeStep(index)
            } catch {
                // What was removed while the step was taken is told by the next one.
                if error.code != .retained {
                    self.logger.error("a session is closed: \(error)")
                    self.fail(index)
                    continue
                }
            }
            self.queueIfBehind(index)
        }
    }

    /// Returns how many bytes were sent.
    private func takeStep(_ index: Int) throws(StorageError) -> Int {
        self.refuseWhatWasRemoved(index)
        var byteCount = self.send(try self.takeSummarySteps(index), to: index)
        if self.entries[index]?.session.isBlocked == false {
            byteCount += try self.readOn(index)
        }
        self.closeIfOver(index)
        self.joinLive(index)
        return byteCount
    }

    /// Reads on for the lagging subscriptions of a session until there is something to send, or nothing to read.
    private func readOn(_ index: Int) throws(StorageError) -> Int {
        for _ in 0..<self.limits.segmentsPerStepMax {
            guard let session = self.entries[index]?.session else { return 0 }
            let readers = session.subscriptions.enumerated().compactMap { slot, subscription in
                subscription.isLagging
                    ? subscription.predicate.map {
                        Reader(
                            slot: slot, id: subscription.id, predicate: $0,
                            next: subscription.next)
                    } : nil
            }
            guard let start = readers.map(\.next).min(), start < self.cursor,
                let extent = try self.log.extent(at: start)
            else { return 0 }
            var composer = FrameComposer(
                dialect: session.dialect, joinsBatches: session.subscriptions.count == 1,
                byteCountGoal: self.sessionLimits.frameByteCountGoal)
            let reached = try self.readWindow(of: readers, from: start, in: extent, to: &composer)
            // Again, for what was removed meanwhile: what was read may not be all.
            self.refuseWhatWasRemoved(index)
            guard readers.allSatisfy({ self.isLagging(index, $0.slot) }) else { return 0 }
            for reader in readers {
                self.entries[index]?.session.advance(reader.slot, to: reached)
            }
            guard !composer.isEmpty else { continue }
            let token = try self.log.token(at: reached).text
            composer.endBatch(isForced: true) { token }
            for reader in readers { self.entries[index]?.session.noteTold(reader.slot) }
            return self.send(composer.take(), to: index)
        }
        return 0
    }

    private func isLagging(_ index: Int, _ slot: Int) -> Bool {
        self.entries[index]?.session.subscriptions[slot].isLagging == true
    }

    /// Ends the lagging subscriptions of whose groups something was removed that they have not had; the others
    /// go on from what is kept. A client of rest-live 1 is never told of the past and goes on too.
    private func refuseWhatWasRemoved(_ index: Int) {
        guard let session = self.entries[index]?.session else { return }
        let first = self.log.first
        for slot in session.subscriptions.indices where session.subscriptions[slot].isLagging {
            let subscription = session.subscriptions[slot]
            let hashes = subscription.predicate?.driver ?? []
            if session.dialect != .restLive1,
                hashes.contains(where: { subscription.next < self.log.firstAvailable(of: $0) })
            {
                let failure = ChangeLog.ResumeFailure.retained
                var output: [UInt8] = []
                self.reset(index, slot, .retained, failure.explanation, output: &output)
                self.send(OutboundBytes(output), to: index)
            } else if subscription.next < first {
                self.entries[index]?.session.advance(slot, to: first)
            }
        }
    }

    /// Puts what `readers` want from `start` on into frames, and returns the end of the window: the offset below
    /// which everything was.
    private func readWindow(
        of readers: [Reader], from start: Offset, in extent: SegmentExtent,
        to composer: inout FrameComposer
    ) throws(StorageError) -> Offset {
        var end = min(extent.end, self.cursor)
        var wanted: [Offset] = []
        for reader in readers where reader.next < end {
            for hash in reader.predicate.driver {
                let postings = try self.postings.postings(
                    of: hash, in: extent, from: max(reader.next, start),
                    limit: self.limits.postingsMax)
                wanted.append(contentsOf: postings)
                if postings.count == self.limits.postingsMax, let last = postings.last {
                    end = min(end, last.next)
                }
            }
        }
        var offsets = Self.distinct(wanted, below: end)
        if end < min(extent.end, self.cursor), let last = end.previous {
            // The limit ended the window; a batch that it cuts is left to the next step, unless there is no
            // other: then all of it is looked through.
            let batch = try extent.batch(of: last)
            if batch.upperBound != end && batch.lowerBound > start {
                end = batch.lowerBound
                offsets.removeAll { $0 >= end }
            } else if batch.upperBound != end {
                end = batch.upperBound
                offsets = (start.rawValue..<end.rawValue).map { Offset($0) }
            }
        }
        let segment = extent.segment
        var batch = start..<start
        for (place, offset) in offsets.enumerated() {
            self.counted.catchUpRecords += 1
            _ = try segment.withRecord(at: offset) { record in
                self.add(record, for: readers, to: &composer)
            }
            // A frame ends with a batch, also where the batch's other records are nobody's.
            if !batch.contains(offset) { batch = try extent.batch(of: offset) }
            let batchEnd = batch.upperBound
            guard (place + 1 < offsets.count ? offsets[place + 1] : end) >= batchEnd else {
                continue
            }
            if composer.byteCount >= self.limits.catchUpByteCountMax { return batchEnd }
            if readers.count > 1 {
                let token = try self.log.token(at: batchEnd).text
                composer.endBatch { token }
            }
        }
        return end
    }

    /// The offsets below `end`, each once, ascending.
    private static func distinct(_ offsets: [Offset], below end: Offset) -> [Offset] {
        var result: [Offset] = []
        result.reserveCapacity(offsets.count)
        for offset in offsets.sorted() where offset < end && offset != result.last {
            result.append(offset)
        }
        return result
    }

    /// Adds `record` for those of `readers` that want it and have not had it, group by group in the record's order.
    private func add(
        _ record: borrowing RecordView, for readers: [Reader], to composer: inout FrameComposer
    ) {
        let offset = record.offset
        if readers.count == 1, let reader = readers.first {
            guard offset >= reader.next, let change = reader.predicate.change(by: record),
                let place = Self.place(in: record, of: reader.predicate)
            else { return }
            composer.add(record, change, record.group(place), to: reader.id, by: &self.renderer)
            return
        }
        var found: [(place: Int, reader: Reader)] = []
        for reader in readers where offset >= reader.next {
            if let place = Self.place(in: record, of: reader.predicate) {
                found.append((place, reader))
            }
        }
        // In the order of the record's groups, as the matcher has them.
        found.sort { ($0.place, $0.reader.slot) < ($1.place, $1.reader.slot) }
        for (place, reader) in found {
            guard let change = reader.predicate.change(by: record) else { continue }
            composer.add(record, change, record.group(place), to: reader.id, by: &self.renderer)
        }
    }

    /// The place of the first group of `record` by which `predicate` finds it.
    private static func place(in record: borrowing RecordView, of predicate: Predicate) -> Int? {
        for place in 0..<record.groupCount where predicate.driver.contains(record.groupHash(place))
        {
            return place
        }
        return nil
    }
}
