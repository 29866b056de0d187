import LogFormat
import LogModel
import LogStorage
import Logging
import Sessions

/// How a lagging session reads the log: by its subscriptions' cursors and the index, a bounded step at a time,
/// one session after the other, until its socket is full or its cursors reach the loop's.
///
/// A step takes a window of offsets from the lowest cursor on. Within it the postings of all lagging
/// subscriptions are merged, so that a session's records come in the order of the log. A window begins and
/// ends between batches.
extension Dispatcher {
    /// Lets sessions that lag take one step each, in turn, as many as a turn may.
    func catchUp() {
        let indices = self.lagging
        self.lagging.removeAll(keepingCapacity: true)
        var byteCount = 0
        for (place, index) in indices.enumerated() {
            if place >= self.limits.stepsPerTurnMax || byteCount >= self.limits.byteCountPerTurnMax
            {
                // The others come before those that have had their step.
                let others = indices[place...].filter { self.entries[$0]?.isQueued == true }
                self.lagging.insert(contentsOf: others, at: 0)
                return
            }
            guard self.entries[index] != nil else { continue }
            self.entries[index]?.isQueued = false
            do throws(StorageError) {
                try self.takeStep(index)
            } catch {
                // What was removed while the step was taken is told by the next one.
                if error.code != .retained {
                    self.logger.error("a session is closed: \(error)")
                    self.fail(index)
                    continue
                }
            }
            byteCount += self.flush(index)
            self.queueIfLagging(index)
        }
    }

    /// Makes live the subscriptions of a session that have nothing to catch up with.
    func joinLiveAtOnce(_ index: Int) {
        guard let session = self.entries[index]?.session, !session.isBlocked else { return }
        let lagging = session.subscriptions.indices.filter { session.subscriptions[$0].isLagging }
        do throws(StorageError) {
            try self.joinLive(index, lagging)
        } catch {
            self.logger.error("a session is closed: \(error)")
            self.fail(index)
        }
    }

    private func takeStep(_ index: Int) throws(StorageError) {
        self.refuseWhatWasRemoved(index)
        guard let subscriptions = self.entries[index]?.session.subscriptions else { return }
        let lagging = subscriptions.indices.filter { subscriptions[$0].isLagging }
        guard let start = lagging.map({ subscriptions[$0].next }).min() else { return }
        if start < self.cursor, let extent = try self.log.extent(at: start) {
            let reached = try self.deliverWindow(
                of: lagging.map { ($0, subscriptions[$0]) }, from: start, in: extent, to: index)
            // Again, for what was removed meanwhile: what was read may not be all.
            self.refuseWhatWasRemoved(index)
            for slot in lagging { self.entries[index]?.session.advance(slot, to: reached) }
            let token = try self.log.token(at: reached).text
            self.entries[index]?.session.endBatch(next: reached, token: token, isForced: true)
        }
        try self.joinLive(index, lagging)
    }

    /// Ends the lagging subscriptions of whose groups something was removed that they have not had; the others
    /// go on from what is kept. A client of rest-live 1 is never told of the past and goes on too.
    private func refuseWhatWasRemoved(_ index: Int) {
        guard let session = self.entries[index]?.session else { return }
        for slot in session.subscriptions.indices where session.subscriptions[slot].isLagging {
            let subscription = session.subscriptions[slot]
            if session.dialect == .livelog1,
                subscription.next < self.log.firstAvailable(of: subscription.hash)
            {
                let failure = ChangeLog.ResumeFailure.retained
                self.entries[index]?.session.refuse(
                    slot, reason: failure.rawValue, message: failure.explanation)
            } else {
                self.entries[index]?.session.advance(slot, to: self.log.first)
            }
        }
    }

    /// Makes live the subscriptions that have reached the loop's cursor.
    ///
    /// A client of rest-live 1 cannot tell an older frame of one subscription from a newer one of another, so
    /// its subscriptions become live together.
    private func joinLive(_ index: Int, _ slots: [Int]) throws(StorageError) {
        guard let session = self.entries[index]?.session else { return }
        let slots = slots.filter { session.subscriptions[$0].isLagging }
        let reached = slots.filter { session.subscriptions[$0].next >= self.cursor }
        if session.dialect == .restLive1 && reached.count < slots.count { return }
        for slot in reached {
            let next = session.subscriptions[slot].next
            let token = try self.log.token(at: next).text
            self.entries[index]?.session.becomeLive(slot, token: token)
            self.joinMatcher(index, slot)
        }
    }

    /// Delivers what `subscriptions` want from `start` on, and returns the end of the window: the offset below
    /// which everything was delivered.
    private func deliverWindow(
        of subscriptions: [(slot: Int, subscription: Subscription)], from start: Offset,
        in extent: SegmentExtent, to index: Int
    ) throws(StorageError) -> Offset {
        var end = min(extent.end, self.cursor)
        var wanted: Set<Offset> = []
        for (_, subscription) in subscriptions where subscription.next < end {
            let postings = try self.postings.postings(
                of: subscription.hash, in: extent, from: max(subscription.next, start),
                limit: self.limits.postingsMax)
            wanted.formUnion(postings)
            if postings.count == self.limits.postingsMax, let last = postings.last {
                end = min(end, last.next)
            }
        }
        var offsets = wanted.filter { $0 < end }.sorted()
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
            _ = try segment.withRecord(at: offset) { record in
                self.deliver(record, to: subscriptions, of: index)
            }
            // A frame ends with a batch, also where the batch's other records are nobody's.
            if !batch.contains(offset) { batch = try extent.batch(of: offset) }
            let batchEnd = batch.upperBound
            guard (place + 1 < offsets.count ? offsets[place + 1] : end) >= batchEnd else {
                continue
            }
            let byteCount = self.entries[index]?.session.byteCount ?? 0
            if byteCount >= self.limits.catchUpByteCountMax { return batchEnd }
            if subscriptions.count > 1 {
                let token = try self.log.token(at: batchEnd).text
                self.entries[index]?.session.endBatch(next: batchEnd, token: token, isForced: false)
            }
        }
        return end
    }

    /// Gives `record` to those of `subscriptions` that want it, group by group in the record's order.
    private func deliver(
        _ record: borrowing RecordView,
        to subscriptions: [(slot: Int, subscription: Subscription)], of index: Int
    ) {
        for place in 0..<record.groupCount {
            let hash = record.groupHash(place)
            for (slot, subscription) in subscriptions where subscription.hash == hash {
                let entry = record.group(place)
                guard record.isGroup(entry, subscription.group) else { continue }
                self.entries[index]?.session.deliver(record, entry, to: slot, by: &self.renderer)
            }
        }
    }
}
